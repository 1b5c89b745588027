"""The SQL of the last try at paying an order."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from emask.database.pool import Transaction
from emask.rules.price import Method


class LastTry(NamedTuple):
    """The attempt that was opened last; `outcome` of the last it was told, None before."""

    method: Method
    opened_at: datetime
    outcome: str | None


async def last_try(tx: Transaction, person_id: UUID, round_id: str) -> LastTry | None:
    """A person's last try, or None. What only looks paid tells nothing.

    Of what a trade was told money counts most, and an account least, whenever it came.
    """
    cursor = await tx.execute(
        "SELECT a.method, a.opened_at, (SELECT e.outcome FROM payment_event e"
        "  WHERE e.person_id = a.person_id AND e.attempt_id = a.attempt_id"
        "  AND e.outcome <> 'simulated' ORDER BY e.kind DESC, e.known_at DESC, e.event_id LIMIT 1)"
        " FROM payment_attempt a WHERE a.person_id = %s AND a.round_id = %s"
        " ORDER BY a.number DESC LIMIT 1",
        (person_id, round_id),
    )
    row = await cursor.fetchone()
    return None if row is None else LastTry(Method(row[0]), row[1], row[2])
