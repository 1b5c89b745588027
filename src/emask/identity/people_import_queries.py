"""SQL of registry files: how far each was entered."""

from dataclasses import dataclass
from datetime import datetime

from emask.database.pool import Transaction

ADVANCE = (
    "UPDATE people_import SET rows_done = rows_done + %(entered)s + %(refused)s,"
    " entered = entered + %(entered)s, refused = refused + %(refused)s, updated_at = %(now)s"
    " WHERE file_digest = %(file_digest)s AND rows_done = %(first)s"
)
"""Counts a block of which nothing is counted yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Rows of a file that were dealt with, and how many of these were entered and refused."""

    rows_done: int
    entered: int
    refused: int


async def begin(tx: Transaction, digest: bytes, now: datetime) -> Progress:
    """How far a file was entered; one that is new begins at its first row."""
    await tx.execute(
        "INSERT INTO people_import (file_digest, rows_done, entered, refused, updated_at)"
        " VALUES (%s, 0, 0, 0, %s) ON CONFLICT (file_digest) DO NOTHING",
        (digest, now),
    )
    return await _progress(tx, digest)


async def advance(
    tx: Transaction, digest: bytes, *, first: int, entered: int, refused: int, now: datetime
) -> bool:
    """Count a block that begins after `first` rows; False if another import counted it."""
    cursor = await tx.execute(
        ADVANCE,
        {
            "file_digest": digest,
            "first": first,
            "entered": entered,
            "refused": refused,
            "now": now,
        },
    )
    return cursor.rowcount == 1


async def finish(tx: Transaction, digest: bytes, now: datetime) -> Progress:
    """The file was read to its end; the first time that it was stays on record."""
    await tx.execute(
        "UPDATE people_import SET finished_at = %s, updated_at = %s"
        " WHERE file_digest = %s AND finished_at IS NULL",
        (now, now, digest),
    )
    return await _progress(tx, digest)


async def forget(tx: Transaction, digest: bytes) -> None:
    """The file is entered from its first row the next time."""
    await tx.execute("DELETE FROM people_import WHERE file_digest = %s", (digest,))


async def _progress(tx: Transaction, digest: bytes) -> Progress:
    cursor = await tx.execute(
        "SELECT rows_done, entered, refused FROM people_import WHERE file_digest = %s", (digest,)
    )
    (row,) = await cursor.fetchall()
    return Progress(rows_done=row[0], entered=row[1], refused=row[2])
