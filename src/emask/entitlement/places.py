"""Where a person bought, or is to collect, what refuses a counter sale."""

from datetime import date
from uuid import UUID

from emask.database.pool import Transaction
from emask.rules.refusals import AlreadyBought, IntervalNotOver, WouldVoidPreorder

IntervalRefusal = AlreadyBought | IntervalNotOver | WouldVoidPreorder


async def add_place(tx: Transaction, person_id: UUID, refusal: IntervalRefusal) -> None:
    """Tell the place of the fact, which the rules do not know. Only who is refused pays for it."""
    if isinstance(refusal, IntervalNotOver):
        if refusal.bought_on is not None:
            refusal.site_name = await _site_of_sale(tx, person_id, refusal.bought_on)
    elif refusal.round_id is not None:
        refusal.store_name = await _store_of_order(tx, person_id, refusal.round_id)


async def _site_of_sale(tx: Transaction, person_id: UUID, bought_on: date) -> str | None:
    cursor = await tx.execute(
        "SELECT site.name FROM claim JOIN counter_sale USING (person_id, sale_id)"
        " JOIN counter_site site USING (site_code)"
        " WHERE person_id = %s AND lower(during) = %s",
        (person_id, bought_on),
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def _store_of_order(tx: Transaction, person_id: UUID, round_id: str) -> str | None:
    """Where the pack is, or will be: a store that was chosen anew stands with the parcel."""
    cursor = await tx.execute(
        "SELECT store.name FROM orders LEFT JOIN parcel USING (person_id, round_id)"
        " JOIN store ON store.chain = coalesce(parcel.chain, orders.chain)"
        "  AND store.store_code = coalesce(parcel.store_code, orders.store_code)"
        " WHERE person_id = %s AND round_id = %s",
        (person_id, round_id),
    )
    row = await cursor.fetchone()
    return row[0] if row else None
