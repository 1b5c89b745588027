"""The SQL of labels: the bags of one store and whose they are, under seal."""

from typing import NamedTuple
from uuid import UUID

from emask.database.pool import Transaction
from emask.rounds.model import Chain


class Shipment(NamedTuple):
    """What a store is sent: its name and the number that its labels say in bars."""

    number: str
    store_name: str


class Bag(NamedTuple):
    """A bag that is packed; `name` is sealed, None of somebody who is not in the registry."""

    number: int
    person_id: UUID
    name: bytes | None


async def shipment(
    tx: Transaction, round_id: str, chain: Chain, store_code: str
) -> Shipment | None:
    """The shipment of a store, if it has one."""
    cursor = await tx.execute(
        "SELECT number, name FROM shipment JOIN store USING (chain, store_code)"
        " WHERE round_id = %s AND chain = %s AND store_code = %s",
        (round_id, chain, store_code),
    )
    row = await cursor.fetchone()
    return Shipment(*row) if row else None


async def bags(tx: Transaction, round_id: str, chain: Chain, store_code: str) -> list[Bag]:
    """The bags of a store by their numbers; not those that the centre does not have."""
    cursor = await tx.execute(
        "SELECT bag_number, person_id, name FROM parcel LEFT JOIN person USING (person_id)"
        " WHERE round_id = %s AND chain = %s AND store_code = %s"
        " AND hold IS DISTINCT FROM 'short' ORDER BY bag_number",
        (round_id, chain, store_code),
    )
    return [Bag(*row) for row in await cursor.fetchall()]
