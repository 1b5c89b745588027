"""The SQL of packing, shipping and arrival: one statement for all packs of a round."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.rows import dict_row

from emask.database.pool import Transaction
from emask.delivery.model import PackingLine, ShipmentState
from emask.rounds.model import Chain


async def hold_parcels(tx: Transaction) -> None:
    """Keep parcels and the stores of paid orders as they are until this transaction ends."""
    await tx.execute("LOCK TABLE parcel IN SHARE ROW EXCLUSIVE MODE")


async def insert_parcels(tx: Transaction, round_id: str) -> int:
    """Make a parcel of every paid order that has none; bags are numbered on within each store.

    The order of bags is that of person ids, which are keyed digests: it tells nothing about
    when or how somebody ordered, and is the same however often the numbers are worked out.
    Written in that order too, parcels find their orders, and the key its pages, one after the
    other.
    """
    cursor = await tx.execute(
        "INSERT INTO parcel (person_id, round_id, chain, store_code, bag_number, pickup_number)"
        " SELECT person_id, round_id, chain, store_code, bag, digits || pickup_check_digit(digits)"
        " FROM (SELECT o.person_id, o.round_id, o.chain, o.store_code,"
        "  coalesce(s.last_bag, 0) + row_number() OVER of_store AS bag,"
        "  random_pickup_digits() AS digits"
        "  FROM orders o LEFT JOIN shipment s ON s.round_id = o.round_id AND s.chain = o.chain"
        "   AND s.store_code = o.store_code"
        "  WHERE o.round_id = %(round)s AND o.state = 'paid' AND NOT EXISTS ("
        "   SELECT FROM parcel p WHERE p.person_id = o.person_id AND p.round_id = o.round_id)"
        "  WINDOW of_store AS (PARTITION BY o.chain, o.store_code ORDER BY o.person_id)) bags"
        " ORDER BY person_id",
        {"round": round_id},
    )
    return cursor.rowcount


async def count_into_shipments(tx: Transaction, round_id: str, at: datetime) -> None:
    """Bring every store's shipment in line with its parcels; it keeps the last number given."""
    await tx.execute(
        "INSERT INTO shipment AS s (round_id, chain, store_code, packs, last_bag, packed_at)"
        " SELECT round_id, chain, store_code, count(*), max(bag_number), %s FROM parcel"
        " WHERE round_id = %s GROUP BY round_id, chain, store_code"
        " ON CONFLICT (round_id, chain, store_code) DO UPDATE SET packs = excluded.packs,"
        " last_bag = greatest(s.last_bag, excluded.last_bag) WHERE s.packs <> excluded.packs"
        " OR s.last_bag < excluded.last_bag",
        (at, round_id),
    )


async def size_up(tx: Transaction) -> None:
    """Let the planner know how many parcels there are now: it would take them for a handful."""
    await tx.execute("ANALYZE parcel, shipment")


async def packs_by_chain(tx: Transaction, round_id: str) -> dict[Chain, int]:
    """The packs of a round that each chain's logistics centre sends."""
    cursor = await tx.execute(
        "SELECT chain, sum(packs) FROM shipment WHERE round_id = %s GROUP BY chain ORDER BY chain",
        (round_id,),
    )
    return {Chain(chain): int(packs) for chain, packs in await cursor.fetchall()}


async def packing_lines(tx: Transaction, round_id: str, chain: Chain) -> list[PackingLine]:
    """What a chain's logistics centre sends to each store, by store code.

    What it never had and whose money was given back is not among the packs.
    """
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "SELECT store_code, name AS store_name, open,"
            " packs - coalesce(given_back, 0)::integer AS packs, state, late,"
            " coalesce(to_come, 0) AS to_come, coalesce(short, 0) AS short,"
            " coalesce(later, 0) AS later, packed.step IS NOT NULL AS confirmed"
            " FROM shipment JOIN store USING (chain, store_code)"
            " LEFT JOIN (SELECT chain, store_code, count(*) AS to_come FROM orders"
            "  WHERE round_id = %(round)s AND chain = %(chain)s AND state = 'paid'"
            "  GROUP BY chain, store_code) travelling USING (chain, store_code)"
            " LEFT JOIN (SELECT p.chain, p.store_code,"
            "  count(*) FILTER (WHERE hold = 'short' AND o.state = 'paid') AS short,"
            "  count(*) FILTER (WHERE hold = 'later' AND o.state = 'paid') AS later,"
            "  count(*) FILTER (WHERE hold = 'short' AND o.state = 'cancelled') AS given_back"
            "  FROM parcel p JOIN orders o USING (person_id, round_id)"
            "  WHERE round_id = %(round)s AND p.chain = %(chain)s AND hold IS NOT NULL"
            "  GROUP BY p.chain, p.store_code) held"
            " USING (chain, store_code)"
            " LEFT JOIN (SELECT * FROM shipment_confirmation WHERE step = 'packed') packed"
            "  USING (round_id, chain, store_code)"
            " WHERE round_id = %(round)s AND chain = %(chain)s AND"
            " packs > coalesce(given_back, 0) ORDER BY store_code",
            {"round": round_id, "chain": chain},
        )
        rows = await cursor.fetchall()
    return [PackingLine(**row | {"state": ShipmentState(row["state"])}) for row in rows]


OPEN = (
    " AND EXISTS (SELECT FROM store WHERE open"
    "  AND store.chain = s.chain AND store.store_code = s.store_code)"
)
"""Whether a shipment goes to a store where somebody can collect."""


async def packed_rounds(tx: Transaction, chain: Chain) -> set[str]:
    """The rounds of which a chain's centre has anything to send."""
    cursor = await tx.execute("SELECT DISTINCT round_id FROM shipment WHERE chain = %s", (chain,))
    return {round_id for (round_id,) in await cursor.fetchall()}


async def ship_packed(tx: Transaction, round_id: str, at: datetime) -> None:
    """Every packed shipment leaves its logistics centre, where no scan tells which have left.

    One to a closed store stays, and one of which every pack is missing.
    """
    await tx.execute(
        "UPDATE shipment s SET state = 'shipped', shipped_at = %s"
        " WHERE round_id = %s AND state = 'packed' AND NOT EXISTS ("
        "  SELECT FROM shipment_confirmation c"
        "  WHERE c.round_id = s.round_id AND c.chain = s.chain AND c.step = 'shipped')"
        " AND EXISTS (SELECT FROM parcel p WHERE p.round_id = s.round_id AND p.chain = s.chain"
        "  AND p.store_code = s.store_code AND hold IS NULL)" + OPEN,
        (at, round_id),
    )


# What goes after its shipment comes with the second word of the store: the first is of the others.
_ARRIVE = (
    " UPDATE orders o SET state = 'arrived', changed_at = %(at)s"
    " FROM come JOIN parcel p ON p.chain = come.chain AND p.store_code = come.store_code"
    " WHERE p.round_id = %(round)s AND o.person_id = p.person_id AND o.round_id = p.round_id"
    " AND o.state = 'paid' AND o.chain = come.chain AND o.store_code = come.store_code"
    " AND (p.hold IS NULL OR (p.hold = 'later' AND come.was = 'arrived'))"
)


async def arrive_shipped(tx: Transaction, round_id: str, at: datetime) -> int:
    """Every shipment on its way is at its store, and so are its orders; returns how many."""
    cursor = await tx.execute(
        "WITH come AS (UPDATE shipment s SET state = 'arrived', arrived_at = %(at)s"
        " WHERE round_id = %(round)s AND state = 'shipped' AND NOT late"
        + OPEN
        + " RETURNING chain, store_code, old.state AS was)"
        + _ARRIVE,
        {"at": at, "round": round_id},
    )
    return cursor.rowcount


async def arrive_at_stores(
    tx: Transaction, *, round_id: str, chain: Chain, stores: Sequence[str], at: datetime
) -> dict[str, int]:
    """All that was sent to some stores is there, later parcels too; how many orders at which.

    At a store that closed nothing arrives.
    """
    cursor = await tx.execute(
        "WITH come AS (UPDATE shipment s SET state = 'arrived', late = false,"
        " shipped_at = coalesce(shipped_at, %(at)s), arrived_at = coalesce(arrived_at, %(at)s)"
        " WHERE round_id = %(round)s AND chain = %(chain)s AND store_code = ANY(%(stores)s)"
        + OPEN
        + " RETURNING chain, store_code, old.state AS was),"
        " there AS (" + _ARRIVE + " RETURNING o.store_code)"
        " SELECT store_code, count(*) FROM there GROUP BY store_code",
        {"at": at, "round": round_id, "chain": chain, "stores": list(stores)},
    )
    return dict(await cursor.fetchall())


async def arrive_one(tx: Transaction, person_id: UUID, round_id: str, *, at: datetime) -> bool:
    """One parcel is at the store that its order is to be collected at; False if it is not due.

    A pack that is missing in the centre is at no store.
    """
    cursor = await tx.execute(
        "UPDATE orders o SET state = 'arrived', changed_at = %s FROM parcel p"
        " WHERE o.person_id = %s AND o.round_id = %s AND o.state = 'paid'"
        " AND p.person_id = o.person_id AND p.round_id = o.round_id"
        " AND p.chain = o.chain AND p.store_code = o.store_code"
        " AND p.hold IS DISTINCT FROM 'short'",
        (at, person_id, round_id),
    )
    return cursor.rowcount == 1


async def mark_late(tx: Transaction, *, round_id: str, chain: Chain, store_code: str) -> bool:
    """Keep a shipment from arriving with the others; False if there is none, or it is there."""
    cursor = await tx.execute(
        "UPDATE shipment SET late = true WHERE round_id = %s AND chain = %s AND store_code = %s"
        " AND state <> 'arrived'",
        (round_id, chain, store_code),
    )
    return cursor.rowcount == 1
