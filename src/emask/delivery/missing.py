"""Packs that never come: lost by a chain, or never there in a centre (B6).

Nothing is given back by itself: an operator decides, for a reason, on what nobody here knows. The
order ends, its money goes back as it came, and its claim is taken back, for its owner never got
any masks. Should the pack turn up after that, nobody can collect it; should it arrive or be handed
over first, the decision is refused. All of it is one transaction.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from emask.database import audit_log
from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.delivery import forfeits_queries, packing_queries, shortages_queries
from emask.delivery import missing_queries as queries
from emask.delivery.consignment_figures import MOST, NothingToDecide
from emask.delivery.missing_queries import LostParcel
from emask.delivery.model import NotSoMany, Shortage
from emask.entitlement.service import give_back_claims
from emask.payment.refunds import owe_for_missing

__all__ = ["LostParcel", "give_back_lost", "give_back_short", "lost_parcels", "shortages_waiting"]


async def lost_parcels(tx: Transaction, round_id: str) -> list[LostParcel]:
    """The parcels of a round that their chains have lost and nobody has decided on.

    The oldest first, :data:`~emask.delivery.consignment_figures.MOST` at most.
    """
    return await queries.lost_parcels(tx, round_id, most=MOST)


async def shortages_waiting(tx: Transaction, round_id: str) -> list[Shortage]:
    """The shortages of a round for whose packs somebody still waits, the newest first."""
    return [each for each in await shortages_queries.shortages(tx, round_id) if each.waiting]


async def give_back_lost(
    db: Database, clock: Clock, *, trade_no: str, reason: str, operator: str
) -> None:
    """Give the money of a parcel back that its chain has lost; it is noted in the audit log.

    Args:
        db: the database.
        clock: tells when.
        trade_no: which parcel.
        reason: why, in the operator's own words, naming nobody.
        operator: whose account decides.

    Raises:
        NothingToDecide: it is not lost, was decided on before, or was handed over or given up.
    """
    now = await clock.now()

    async def end(tx: Transaction) -> None:
        await forfeits_queries.hold_packing(tx)  # nobody counts bags that come back meanwhile
        ended = await queries.end_lost(tx, trade_no, at=now, by=operator)
        if ended is None:
            raise NothingToDecide
        person_id, round_id = ended
        await _settle(tx, [person_id], round_id, now)
        detail = {"round_id": round_id, "trade_no": trade_no, "reason": reason}
        await audit_log.record(
            tx,
            at=now,
            actor=operator,
            act="give_back_lost",
            subject=str(person_id),
            detail=detail,
        )

    await db.retrying(end)


async def give_back_short(
    db: Database,
    clock: Clock,
    *,
    round_id: str,
    shortage_id: UUID,
    packs: int,
    reason: str,
    operator: str,
) -> None:
    """A centre will never have so many of the packs it lacks: the money of those goes back.

    It is that of whoever the draw ranked last among those who wait, as :mod:`.shortages` decides
    who waits. It is noted in the audit log.

    Args:
        db: the database.
        clock: tells when.
        round_id: which round's.
        shortage_id: what is missing.
        packs: how many of them will never come.
        reason: why, in the operator's own words, naming nobody.
        operator: whose account decides.

    Raises:
        NotSoMany: fewer wait for it.
    """
    now = await clock.now()

    async def end(tx: Transaction) -> None:
        await packing_queries.hold_parcels(tx)  # none comes meanwhile
        found = {each.shortage_id: each for each in await shortages_waiting(tx, round_id)}
        waiting = found[shortage_id].waiting if shortage_id in found else 0
        if not 0 < packs <= waiting:
            raise NotSoMany(waiting)
        which = queries.Never(round_id, shortage_id, packs, now)
        people = await queries.end_short(tx, which)
        if len(people) != packs:
            raise NotSoMany(len(people))
        await _settle(tx, people, round_id, now)
        if packs == waiting:
            await shortages_queries.end(tx, shortage_id, at=now, by=operator)
        detail = {
            "round_id": round_id,
            "shortage_id": str(shortage_id),
            "packs": packs,
            "reason": reason,
        }
        await audit_log.record(
            tx,
            at=now,
            actor=operator,
            act="give_back_short",
            subject=found[shortage_id].chain.value,
            detail=detail,
        )

    await db.retrying(end)


async def _settle(tx: Transaction, people: Sequence[UUID], round_id: str, at: datetime) -> None:
    """What follows from orders that have ended: their money and their days go back."""
    await owe_for_missing(tx, people=people, round_id=round_id, at=at)
    await give_back_claims(tx, people=people, round_id=round_id)
