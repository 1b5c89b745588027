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

FORGOTTEN: Final = UUID(int=0)
"""Under this id is kept the highest generation whose row was forgotten.

Who has no row begins there: above what a process may still remember of the row, and below every
end that is under way.
"""


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


async def generation_of(tx: Transaction, person_id: UUID) -> int:
    """The generation of a person; for who ended nothing lately the last that was forgotten."""
    cursor = await tx.execute(
        "SELECT coalesce(max(generation), 0) FROM session_generation WHERE person_id IN (%s, %s)",
        (person_id, FORGOTTEN),
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


async def forget_generations(tx: Transaction, instant: datetime) -> int:
    """Forget the generations that no session is left of, and how far they went."""
    cursor = await tx.execute(
        "WITH gone AS (DELETE FROM session_generation WHERE over_at < %(instant)s"
        " RETURNING generation), kept AS ("
        "INSERT INTO session_generation AS kept (person_id, generation, over_at)"
        " SELECT %(forgotten)s, max(generation), 'infinity' FROM gone HAVING count(*) > 0"
        " ON CONFLICT (person_id) DO UPDATE"
        " SET generation = greatest(kept.generation, excluded.generation),"
        " noted_by = pg_current_xact_id())"
        " SELECT count(*) FROM gone",
        {"instant": instant, "forgotten": FORGOTTEN},
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
