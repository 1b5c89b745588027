"""The SQL of lists that came in: of stores, and of the counter's sites."""

from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from emask.database.clock import NOW
from emask.database.pool import Transaction
from emask.rounds.model import ImportReport

GRAVEST_FIRST: Final = "array_position('{closed,moved,reopened,changed,added}', kind)"
"""By what to order differences: what a list takes away is read first."""


class Directory(StrEnum):
    """What a list is of."""

    STORES = "stores"
    COUNTER_SITES = "counter_sites"


class ListImport(NamedTuple):
    """A list that came in: who brought it, when, the digest of its file, and what it did."""

    id: int
    at: datetime
    actor: str
    digest: bytes
    report: ImportReport


async def keep_list(
    tx: Transaction, directory: Directory, report: ImportReport, *, actor: str, digest: bytes
) -> int:
    """Keep that a list came in; its number among those of its directory.

    Whoever imports holds the directory, so that no other list gets the number.
    """
    cursor = await tx.execute(
        "INSERT INTO list_import"
        " (directory, import_id, at, actor, digest,"
        "  added, changed, moved, closed, reopened, unchanged)"
        " SELECT %(directory)s, coalesce(max(import_id), 0) + 1,"
        f" {NOW}, %(actor)s, %(digest)s,"
        " %(added)s, %(changed)s, %(moved)s, %(closed)s, %(reopened)s, %(unchanged)s"
        " FROM list_import WHERE directory = %(directory)s RETURNING import_id",
        {
            "directory": directory,
            "actor": actor,
            "digest": digest,
            "added": report.added,
            "changed": report.changed,
            "moved": report.moved,
            "closed": report.closed,
            "reopened": report.reopened,
            "unchanged": report.unchanged,
        },
    )
    ((number,),) = await cursor.fetchall()
    return int(number)


async def lists_kept(tx: Transaction, directory: Directory, *, limit: int) -> list[ListImport]:
    """The last lists that came in, the latest first."""
    cursor = await tx.execute(
        "SELECT import_id, at, actor, digest, added, changed, moved, closed, reopened, unchanged"
        " FROM list_import WHERE directory = %s ORDER BY import_id DESC LIMIT %s",
        (directory, limit),
    )
    return [
        ListImport(
            id=number,
            at=at,
            actor=actor,
            digest=bytes(digest),
            report=ImportReport(
                added=added,
                changed=changed,
                moved=moved,
                closed=closed,
                reopened=reopened,
                unchanged=unchanged,
            ),
        )
        for number, at, actor, digest, added, changed, moved, closed, reopened, unchanged in (
            await cursor.fetchall()
        )
    ]
