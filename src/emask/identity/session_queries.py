"""SQL of sessions that ended before their time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from emask.database.pool import Transaction

_ENDS: Final[tuple[LiteralString, ...]] = (
    "SELECT person_id, generation FROM session_generation WHERE noted_by >= %s::xid8",
    "SELECT session_id FROM ended_session WHERE noted_by >= %s::xid8",
    "SELECT username, generation FROM staff WHERE generation > 0 AND noted_by >= %s::xid8",
)
_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """What ended, and up to where it was read."""

    people: dict[bytes, int]
    sessions: set[str]
    staff: dict[str, int]
    seen: str


async def ends_since(tx: Transaction, seen: str) -> Ends:
    """Every end noted by transactions that may not have been seen up to ``seen``.

    Args:
        tx: READ COMMITTED, as all are.
        seen: of an earlier reading; ``"0"`` for everything.
    """
    # Asked first: what commits after this is read again the next time, if need be.
    cursor = await tx.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
    row = await cursor.fetchone()
    people, sessions, staff = (_noted(tx, statement, seen) for statement in _ENDS)
    return Ends(
        people={person_id.bytes: generation async for person_id, generation in people},
        sessions={session_id async for (session_id,) in sessions},
        staff={username: generation async for username, generation in staff},
        seen=row[0] if row else seen,
    )


async def _noted(
    tx: Transaction, statement: LiteralString, seen: str
) -> AsyncIterator[tuple[Any, ...]]:
    cursor = await tx.execute(statement, (seen,))
    while batch := await cursor.fetchmany(_AT_ONCE):
        for row in batch:
            yield row
        await asyncio.sleep(0)  # however many there are, requests go on in between


async def last_generation(tx: Transaction) -> int:
    """The highest generation that was ever given out; 0 before the first."""
    cursor = await tx.execute(
        "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM session_generation_number"
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def generation_of(tx: Transaction, person_id: UUID) -> int:
    """The generation of a person; 0 for who never ended all sessions, or long ago."""
    cursor = await tx.execute(
        "SELECT generation FROM session_generation WHERE person_id = %s", (person_id,)
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def next_generation(tx: Transaction, person_id: UUID, *, over_at: datetime) -> int:
    """Begin a new generation of a person's sessions and return it.

    Of two at once the second waits for the first; its number is taken after that.
    """
    cursor = await tx.execute(
        "INSERT INTO session_generation AS kept (person_id, over_at) VALUES (%s, %s)"
        " ON CONFLICT (person_id) DO UPDATE"
        " SET generation = nextval('session_generation_number'),"
        " over_at = greatest(kept.over_at, excluded.over_at), noted_by = pg_current_xact_id()"
        " RETURNING generation",
        (person_id, over_at),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def end_session(tx: Transaction, session_id: str, *, over_at: datetime) -> bool:
    """Note one session as ended; False if it was."""
    cursor = await tx.execute(
        "INSERT INTO ended_session (session_id, over_at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (session_id, over_at),
    )
    return cursor.rowcount == 1
