"""Notices that a paid pre-order is collected from another day on (B10)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.types.json import Jsonb

from emask.database.pool import Transaction
from emask.rules.calendar import DayRange
from emask.rules.interval import Move

DEFERRED: Final = "deferred"


async def announce_moves(
    tx: Transaction, *, person_id: UUID, moves: Iterable[Move], at: datetime
) -> None:
    """Tell the owner of moved pre-orders their new first days, also if told once before."""
    for move in moves:
        await _announce(tx, person_id, move.reference, move.after, at)


async def announce_return(
    tx: Transaction, *, person_id: UUID, moves: Iterable[Move], at: datetime
) -> None:
    """What was moved is back in its place: take the notice back, or tell so if it was sent."""
    for move in moves:
        if not await _withdraw(tx, person_id, move.reference, move.before):
            await _announce(tx, person_id, move.reference, move.after, at)


async def _announce(
    tx: Transaction, person_id: UUID, round_id: str, days: DayRange, at: datetime
) -> None:
    await tx.execute(
        "INSERT INTO outbox AS o (person_id, kind, reference, payload, created_at, next_at)"
        " VALUES (%(person)s, %(kind)s, %(reference)s, %(payload)s, %(at)s, %(at)s)"
        " ON CONFLICT (person_id, kind, reference) DO UPDATE SET state = 'waiting',"
        " provider = NULL, handed_at = NULL, sent_at = NULL, provider_id = NULL, delivery = NULL,"
        " told_at = NULL, attempts = 0,"
        " created_at = excluded.created_at, next_at = excluded.next_at",
        {
            "person": person_id,
            "kind": DEFERRED,
            "reference": _reference(round_id, days),
            "payload": Jsonb({"round_id": round_id, "collect_from": days.start.isoformat()}),
            "at": at,
        },
    )


async def _withdraw(tx: Transaction, person_id: UUID, round_id: str, days: DayRange) -> bool:
    """Take a notice back before it is sent; False if it is too late."""
    cursor = await tx.execute(
        "DELETE FROM outbox WHERE person_id = %s AND kind = %s AND reference = %s"
        " AND state = 'waiting' AND handed_at IS NULL",
        (person_id, DEFERRED, _reference(round_id, days)),
    )
    return cursor.rowcount == 1


def _reference(round_id: str, days: DayRange) -> str:
    return f"{round_id}:{days.start}"
