"""Packs that a centre does not have: decided before anything is sent, who waits for theirs.

The rule is the draw's own: whoever it ranked last waits, among all orders of the centre that have
yet to leave, or among those of one store if the packs are missing there. The rank was drawn by
nobody, is known to its owner and public to check, and has nothing to do with when or how somebody
registered or paid. What comes in later goes to whoever was ranked first among those who wait.
"""

from datetime import datetime, timedelta
from uuid import UUID

from emask.database import audit_log
from emask.database.pool import Transaction
from emask.delivery import packing_queries
from emask.delivery import shortages_queries as queries
from emask.delivery.model import NotSoMany, Shortage
from emask.rounds.model import Chain
from emask.rules.calendar import Round, day_in_taipei

_ON_THE_WAY = timedelta(days=1)


async def report_shortage(
    tx: Transaction,
    *,
    round: Round,
    chain: Chain,
    store_code: str | None,
    packs: int,
    at: datetime,
    by: str,
) -> UUID:
    """A centre does not have so many packs, for one store or without saying for which.

    Args:
        tx: the caller's transaction.
        round: which round's.
        chain: whose centre.
        store_code: the store for which they are missing; None lets the whole chain share it.
        packs: how many are missing.
        at: when it was reported.
        by: the staff account.

    Raises:
        NotSoMany: fewer have yet to leave the centre.
    """
    await packing_queries.hold_parcels(tx)
    there = await queries.sendable(tx, round_id=round.id, chain=chain, store_code=store_code)
    if not 0 < packs <= there:
        raise NotSoMany(there)
    shortage_id = await queries.keep(
        tx, round_id=round.id, chain=chain, store_code=store_code, packs=packs, at=at, by=by
    )
    await queries.hold_last(
        tx, shortage_id, round_id=round.id, chain=chain, store_code=store_code, packs=packs
    )
    detail = {"round_id": round.id, "store_code": store_code, "packs": packs}
    await audit_log.record(
        tx, at=at, actor=by, act="report_shortage", subject=chain.value, detail=detail
    )
    return shortage_id


async def packs_came(
    tx: Transaction,
    *,
    round: Round,
    chain: Chain,
    shortage_id: UUID,
    packs: int,
    at: datetime,
    by: str,
) -> int:
    """So many of the missing packs are there; how many people still wait.

    Where the shipment has not left, they go with it. Otherwise they go after it, and their
    orderers have as many days to collect as everybody had.

    Raises:
        NotSoMany: fewer people wait for this shortage, or it is not this centre's.
    """
    await packing_queries.hold_parcels(tx)
    found = await queries.shortages(tx, round.id, chain)
    waiting = next((each.waiting for each in found if each.shortage_id == shortage_id), 0)
    if not 0 < packs <= waiting:
        raise NotSoMany(waiting)
    last_day = day_in_taipei(at) + _ON_THE_WAY + (round.pickup_until - round.pickup_from)
    await queries.release_first(tx, shortage_id, packs=packs, round_id=round.id, last_day=last_day)
    if packs == waiting:
        await queries.end(tx, shortage_id, at=at, by=by)
    detail = {"round_id": round.id, "shortage_id": str(shortage_id), "packs": packs}
    await audit_log.record(
        tx, at=at, actor=by, act="packs_came", subject=chain.value, detail=detail
    )
    return waiting - packs


async def shortages_of(
    tx: Transaction, *, round_id: str, chain: Chain | None = None
) -> list[Shortage]:
    """The shortages of a round, of one centre or all, the newest first, with who still waits."""
    return await queries.shortages(tx, round_id, chain)
