"""The SQL of orders and of the ledger of money."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from emask.database.pool import Transaction
from emask.payment.model import Order
from emask.rules.calendar import Channel, Round
from emask.rules.states import OrderState


class Standing(NamedTuple):
    """Where a pre-order stands for paying."""

    state: OrderState
    channel: Channel


async def open_orders(tx: Transaction, round: Round, at: datetime) -> int:
    """An order for each selected pre-order that has none; how many."""
    cursor = await tx.execute(
        "INSERT INTO orders (person_id, round_id, chain, store_code, channel, amount, changed_at)"
        " SELECT p.person_id, p.round_id, p.chain, p.store_code, p.channel, %s, %s"
        " FROM draw_result d JOIN preorder p USING (person_id, round_id)"
        " WHERE d.round_id = %s AND d.selected ON CONFLICT DO NOTHING",
        (round.amount_due, at, round.id),
    )
    return cursor.rowcount


async def lapse(tx: Transaction, round_id: str, at: datetime) -> int:
    """Let every unpaid order of a round lapse and tell its people; how many."""
    cursor = await tx.execute(
        "WITH lapsed AS (UPDATE orders SET state = 'lapsed', changed_at = %(at)s"
        "  WHERE round_id = %(round)s AND state = 'awaiting_payment' RETURNING person_id),"
        " told AS (INSERT INTO outbox (person_id, kind, reference, created_at, next_at)"
        "  SELECT person_id, 'lapsed', %(round)s, %(at)s, %(at)s FROM lapsed"
        "  ORDER BY person_id ON CONFLICT DO NOTHING)"  # in the sequence of the index
        " SELECT count(*) FROM lapsed",
        {"round": round_id, "at": at},
    )
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])


async def order(tx: Transaction, person_id: UUID, round_id: str) -> Order | None:
    """One order, or None."""
    cursor = await tx.execute(
        "SELECT chain, store_code, channel, amount, state, paid_at, changed_at FROM orders"
        " WHERE person_id = %s AND round_id = %s",
        (person_id, round_id),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    return Order(
        person_id=person_id,
        round_id=round_id,
        chain=row[0],
        store_code=row[1],
        channel=Channel(row[2]),
        amount=row[3],
        state=OrderState(row[4]),
        paid_at=row[5],
        changed_at=row[6],
    )


async def hold(tx: Transaction, people: Collection[UUID], round_id: str) -> None:
    """Hold these people's orders until the transaction ends, always in the same sequence."""
    await tx.execute(
        "SELECT FROM orders WHERE person_id = ANY(%s) AND round_id = %s"
        " ORDER BY person_id FOR UPDATE",
        (list(people), round_id),
    )


async def standing(tx: Transaction, person_id: UUID, round_id: str) -> Standing | None:
    """Where a person's pre-order stands, or None without one; unpublished results stay secret."""
    cursor = await tx.execute(
        "SELECT coalesce(o.state, CASE"
        " WHEN p.state = 'cancelled' THEN 'cancelled'"
        " WHEN EXISTS (SELECT FROM draw_result r JOIN draw d USING (round_id)"
        "  WHERE r.person_id = p.person_id AND r.round_id = p.round_id AND NOT r.selected"
        "  AND d.published_at IS NOT NULL) THEN 'not_selected'"
        " ELSE 'registered' END), p.channel"
        " FROM preorder p LEFT JOIN orders o USING (person_id, round_id)"
        " WHERE p.person_id = %s AND p.round_id = %s",
        (person_id, round_id),
    )
    row = await cursor.fetchone()
    return None if row is None else Standing(OrderState(row[0]), Channel(row[1]))
