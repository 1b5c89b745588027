"""From paid orders to packs at the stores (B16): packing, shipping, arrival.

Everything works on a whole round at once and inside the database, whatever the number of packs.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from emask.database.pool import Transaction
from emask.delivery import packing_queries as queries
from emask.delivery import returns_queries
from emask.delivery.model import NotReleasedYet, PackingLine, PackingTotals, ShipmentState
from emask.rounds.model import Chain
from emask.rounds.stores import find_store
from emask.rules.calendar import Round
from emask.rules.refusals import StoreClosed


async def pack(tx: Transaction, *, round: Round, at: datetime) -> dict[Chain, int]:
    """Give every paid order its bag and pick-up number, and every store its shipment.

    Doing it again adds nothing to what is packed.

    Returns:
        The packs of each chain; together they are the round's paid orders.

    Raises:
        NotReleasedYet: `at` is before release_at, and what is unpaid may still be paid.
    """
    if at < round.release_at:
        raise NotReleasedYet(round.id)
    await queries.hold_parcels(tx)
    await queries.insert_parcels(tx, round.id)
    await queries.count_into_shipments(tx, round.id, at)
    await queries.size_up(tx)
    await returns_queries.use_stock(tx, round.id)
    return await queries.packs_by_chain(tx, round.id)


async def packing_list(tx: Transaction, *, round_id: str, chain: Chain) -> list[PackingLine]:
    """What a chain's logistics centre sends to each of its stores, by store code."""
    return await queries.packing_lines(tx, round_id, chain)


async def packed_rounds(tx: Transaction, chain: Chain) -> set[str]:
    """The rounds of which a chain's logistics centre has anything to send."""
    return await queries.packed_rounds(tx, chain)


def totals_of(lines: Sequence[PackingLine]) -> PackingTotals:
    """The sums of a packing list."""
    states = Counter(line.state for line in lines)
    return PackingTotals(
        stores=len(lines),
        packs=sum(line.packs for line in lines),
        packed=states[ShipmentState.PACKED],
        shipped=states[ShipmentState.SHIPPED],
        arrived=states[ShipmentState.ARRIVED],
        confirmed=sum(line.confirmed for line in lines),
        to_come=sum(line.to_come for line in lines),
        short=sum(line.short for line in lines),
        exceptions=sum(line.exceptional for line in lines),
    )


async def ship(tx: Transaction, *, round: Round, at: datetime) -> None:
    """Send every packed shipment on its way: it is the day, and its centre confirms nothing.

    Of a centre that has confirmed any shipment of the round as shipped, the others stay until it
    confirms them; what closed stores were to get stays too.
    """
    await queries.ship_packed(tx, round.id, at)


async def arrive(tx: Transaction, *, round: Round, at: datetime) -> int:
    """Put every shipment on its way at its store: packs are there when pick-up begins.

    Returns:
        How many orders arrived; those of a shipment that is still in the centre, or that the
        chain reported as late, are not among them.
    """
    return await queries.arrive_shipped(tx, round.id, at)


async def arrive_store(
    tx: Transaction, *, round: Round, chain: Chain, store_code: str, at: datetime
) -> int:
    """A chain reports that what it sent to one store is there: early, late or a second time.

    The second time puts parcels at the store that were sent after it had been chosen anew.

    Returns:
        How many orders arrived; none if nothing was packed for the store.

    Raises:
        StoreClosed: nobody can collect anything there; its orderers have been asked to choose
            another store, and what lies there or in the centre goes on to the one they choose.
    """
    store = await find_store(tx, chain=chain, code=store_code)
    if store and not store.open:
        raise StoreClosed(name=store.name)
    arrived = await queries.arrive_at_stores(
        tx, round_id=round.id, chain=chain, stores=[store_code], at=at
    )
    return sum(arrived.values())


async def arrive_parcel(tx: Transaction, *, person_id: UUID, round_id: str, at: datetime) -> bool:
    """A chain reports that one packed order is at its store; the order arrives once.

    Its store's shipment stays as it is: the chain tells of the others one by one as well.

    Returns:
        False if it was there already, or is not on its way: not packed, missing in the centre,
        collected, given up.
    """
    return await queries.arrive_one(tx, person_id, round_id, at=at)


async def report_late(tx: Transaction, *, round: Round, chain: Chain, store_code: str) -> bool:
    """A chain reports that what it sends to one store will not be there when pick-up begins.

    It arrives when the chain says so (:func:`arrive_store`).

    Returns:
        False if nothing is on its way there: not packed yet, or arrived.
    """
    return await queries.mark_late(tx, round_id=round.id, chain=chain, store_code=store_code)
