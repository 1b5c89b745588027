"""The log of what staff and operators did: append-only, each row chained to the one before."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

from psycopg.types.json import Jsonb

from emask.database.pool import Transaction

_LOCK = 0x656D61736B  # one writer at a time: a chain has one end
_GENESIS = sha256(b"emask audit log").digest()


def _hash(
    previous: bytes, at: datetime, words: tuple[str, str, str], detail: Mapping[str, object]
) -> bytes:
    record = [at.astimezone(UTC).isoformat(), *words, json.dumps(detail, sort_keys=True)]
    return sha256(previous + json.dumps(record).encode()).digest()


async def record(
    tx: Transaction,
    *,
    at: datetime,
    actor: str,
    act: str,
    subject: str,
    detail: Mapping[str, object],
) -> None:
    """Append one act.

    Args:
        tx: the transaction of the act itself.
        at: when it was done.
        actor: the staff account or operator.
        act: a verb of the trade, such as ``sell`` or ``reopen``.
        subject: whom or what it concerns: a person id, round, store or site; never personal data.
        detail: JSON-able facts; never personal data.
    """
    await tx.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    cursor = await tx.execute("SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1")
    last = await cursor.fetchone()
    seq, previous = (last[0] + 1, last[1]) if last else (1, _GENESIS)
    await tx.execute(
        "INSERT INTO audit_log (seq, at, actor, act, subject, detail, previous, hash)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            *(seq, at, actor, act, subject, Jsonb(detail)),
            *(previous, _hash(previous, at, (actor, act, subject), detail)),
        ),
    )


async def first_broken_link(tx: Transaction) -> int | None:
    """The ``seq`` of the first row that does not follow from the one before, or None."""
    expected, number = _GENESIS, 0
    async with tx.cursor(name="audit_log") as cursor:
        await cursor.execute(
            "SELECT seq, at, actor, act, subject, detail, previous, hash"
            " FROM audit_log ORDER BY seq"
        )
        async for seq, at, actor, act, subject, detail, previous, kept in cursor:
            number += 1
            computed = _hash(previous, at, (actor, act, subject), detail)
            if seq != number or previous != expected or kept != computed:
                return int(seq)
            expected = kept
    return None
