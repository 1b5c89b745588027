"""Bags that nobody collected come back to the logistics centres, into the next rounds' stock (B6).

A bag counts as back when its centre says so: it scans the label of each, or gives a number for a
store; or its chain's own messages tell of it. What was given up and did not come back is listed.

A number does not tell which bags came. A bag of that store that is scanned afterwards is taken to
be one of them until as many were scanned, so that none counts twice.
"""

from datetime import datetime

from emask.database import audit_log
from emask.database.pool import Transaction
from emask.delivery import confirmation_queries, packing_queries
from emask.delivery import returns_queries as queries
from emask.delivery.confirmation import Outcome, Scan
from emask.delivery.model import NotSoMany
from emask.delivery.returns_queries import Gap, Supply
from emask.rounds.model import Chain
from emask.rules.labels import read_label

__all__ = [
    "Gap",
    "Supply",
    "bags_back",
    "correct_count",
    "gaps",
    "returned_packs",
    "scan_back",
    "supplies",
    "supply_of",
    "take_back_told",
]


async def scan_back(tx: Transaction, *, text: str, chain: Chain, at: datetime) -> Scan:
    """The label of a bag was scanned, or its number keyed, when it came back to its centre.

    Only what was given up comes back: of any other bag the answer is :attr:`Outcome.BAG_MOVED`,
    and :attr:`Outcome.COUNTED` of one that a number entered for its store has counted.
    """
    label = read_label(text)
    shipment = label and await confirmation_queries.labelled(tx, label.shipment)
    if label is None or shipment is None or not label.bag:
        return Scan(outcome=Outcome.NO_LABEL)
    if shipment.chain is not chain:
        return Scan(outcome=Outcome.WRONG_CHAIN, shipment=shipment)
    which = queries.Bags(shipment.round_id, chain, shipment.store_code, label.bag)
    await queries.hold_store(tx, which)
    named = await queries.bring_back(tx, which, at=at)
    if named.told:
        outcome = Outcome.NOTED if named.new else Outcome.COUNTED
    else:
        back = await queries.is_back(tx, which)
        outcome = Outcome.ALREADY if back else Outcome.BAG_MOVED
    return Scan(outcome=outcome, shipment=shipment, bag=label.bag)


async def bags_back(
    tx: Transaction,
    *,
    round_id: str,
    chain: Chain,
    store_code: str,
    packs: int,
    at: datetime,
    by: str,
) -> None:
    """So many bags of a store came back; which of them, nobody has to tell.

    Args:
        tx: the caller's transaction.
        round_id: which round's bags.
        chain: whose centre.
        store_code: where they had been.
        packs: how many came, beside those that were noted before.
        at: when.
        by: the staff account.

    Raises:
        NotSoMany: fewer were given up there and are not back.
    """
    await packing_queries.hold_parcels(tx)
    missing = {gap.store_code: gap.missing for gap in await queries.gaps(tx, round_id, chain)}
    there = missing.get(store_code, 0)
    if not 0 < packs <= there:
        raise NotSoMany(there)
    await queries.count_back(tx, queries.Bags(round_id, chain, store_code), packs=packs, at=at)
    detail = {"round_id": round_id, "store_code": store_code, "packs": packs}
    await audit_log.record(tx, at=at, actor=by, act="bags_back", subject=chain.value, detail=detail)


async def correct_count(
    tx: Transaction,
    *,
    round_id: str,
    chain: Chain,
    store_code: str,
    packs: int,
    reason: str,
    at: datetime,
    by: str,
) -> None:
    """So many of the bags that were counted for a store did not come; what was scanned stays.

    Args:
        tx: the caller's transaction.
        round_id: which round's bags.
        chain: whose centre.
        store_code: for which store they were counted.
        packs: how many too many.
        reason: what went wrong, for the audit log; it names nobody.
        at: when.
        by: the staff account.

    Raises:
        ValueError: no reason is given.
        NotSoMany: fewer were counted there.
    """
    if not reason.strip():
        raise ValueError("reason: say why the number was wrong")
    await packing_queries.hold_parcels(tx)
    which = queries.Bags(round_id, chain, store_code)
    there = await queries.counted(tx, which)
    if not 0 < packs <= there:
        raise NotSoMany(there)
    await queries.count_off(tx, which, packs=packs)
    detail = {
        "round_id": round_id,
        "store_code": store_code,
        "packs": packs,
        "reason": reason.strip(),
    }
    await audit_log.record(
        tx, at=at, actor=by, act="correct_bags_back", subject=chain.value, detail=detail
    )


async def take_back_told(tx: Transaction, *, at: datetime) -> int:
    """Count what the chains' messages say is on its way back or there; how many bags are new."""
    if not await queries.hold_told(tx):
        return 0
    return await queries.bring_back_told(tx, at)


async def gaps(tx: Transaction, *, round_id: str, chain: Chain | None = None) -> list[Gap]:
    """The stores of which more was given up than has come back, of one centre or all."""
    return await queries.gaps(tx, round_id, chain)


async def returned_packs(tx: Transaction, *, round_id: str, chain: Chain) -> int:
    """The packs of a round that came back to a chain's centre and lie there, for later rounds."""
    return await queries.returned(tx, round_id, chain)


async def supplies(tx: Transaction, *, round_id: str) -> list[Supply]:
    """What each centre needs for a round, and how much of it lies there from earlier ones."""
    return await queries.supplies(tx, round_id)


async def supply_of(tx: Transaction, *, round_id: str, chain: Chain) -> Supply:
    """Likewise of one centre, for a round that is packed."""
    return await queries.supply_of(tx, round_id, chain)
