"""The SQL of hand-overs that are taken back."""

from datetime import datetime
from typing import Any
from uuid import UUID

from emask.database.pool import Transaction
from emask.delivery.model import HandOver, Till
from emask.rounds.model import Chain
from emask.rules.people import Document

_HAND_OVER = (
    "SELECT c.person_id, c.round_id, c.nth, p.bag_number, c.collected_at, c.chain, c.store_code,"
    " s.name, c.document, c.by_proxy, c.clerk, u.nth IS NOT NULL"
    " FROM collection c JOIN parcel p USING (person_id, round_id)"
    " JOIN store s ON s.chain = c.chain AND s.store_code = c.store_code"
    " LEFT JOIN collection_undone u USING (person_id, round_id, nth)"
)


async def hold_undoing(tx: Transaction) -> None:
    """Keep :func:`wait_for_undoing` waiting until this transaction ends."""
    await tx.execute("LOCK TABLE collection_undone IN ROW EXCLUSIVE MODE")


async def wait_for_undoing(tx: Transaction) -> None:
    """Wait until nothing is being taken back, and keep it so until this transaction ends."""
    await tx.execute("LOCK TABLE collection_undone IN SHARE MODE")


async def hold_order(tx: Transaction, person_id: UUID, round_id: str) -> None:
    """Wait for whoever changes an order, and keep others waiting; what follows sees it as it is."""
    await tx.execute(
        "SELECT FROM orders WHERE person_id = %s AND round_id = %s FOR UPDATE",
        (person_id, round_id),
    )


async def hand_over(tx: Transaction, person_id: UUID, round_id: str, nth: int) -> HandOver | None:
    """One hand-over, taken back or not."""
    cursor = await tx.execute(
        f"{_HAND_OVER} WHERE c.person_id = %s AND c.round_id = %s AND c.nth = %s",
        (person_id, round_id, nth),
    )
    row = await cursor.fetchone()
    return _hand_over(row) if row else None


async def hand_overs_since(tx: Transaction, till: Till, since: datetime) -> list[HandOver]:
    """What a store handed over since an instant and has not taken back, the last one first."""
    cursor = await tx.execute(
        f"{_HAND_OVER} WHERE c.chain = %s AND c.store_code = %s AND c.collected_at >= %s"
        " AND u.nth IS NULL ORDER BY c.collected_at DESC, p.bag_number",
        (till.chain, till.store_code, since),
    )
    return [_hand_over(row) for row in await cursor.fetchall()]


TAKE_BACK = (
    "WITH back AS (UPDATE orders SET state = 'arrived', changed_at = %(at)s"
    " WHERE person_id = %(person)s AND round_id = %(round)s AND state = 'collected'"
    " RETURNING person_id, round_id)"
    " INSERT INTO collection_undone (person_id, round_id, nth, undone_at, reason, clerk)"
    " SELECT person_id, round_id, %(nth)s, %(at)s, %(reason)s, %(clerk)s FROM back"
)


async def take_back(
    tx: Transaction, done: HandOver, *, reason: str, clerk: str, at: datetime
) -> bool:
    """Put a pack back to its store; False if it is not handed over."""
    cursor = await tx.execute(
        TAKE_BACK,
        {
            "person": done.person_id,
            "round": done.round_id,
            "nth": done.nth,
            "reason": reason,
            "clerk": clerk,
            "at": at,
        },
    )
    return cursor.rowcount == 1


def _hand_over(row: tuple[Any, ...]) -> HandOver:
    person_id, round_id, nth, bag, at, chain, code, name, document, by_proxy, clerk, undone = row
    return HandOver(
        person_id=person_id,
        round_id=round_id,
        nth=nth,
        bag_number=bag,
        collected_at=at,
        chain=Chain(chain),
        store_code=code,
        store_name=name,
        document=Document(document),
        by_proxy=by_proxy,
        clerk=clerk,
        undone=undone,
    )
