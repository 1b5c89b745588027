"""A hand-over by mistake is taken back within minutes, and the pack is at its store again."""

from datetime import datetime, timedelta
from uuid import UUID

from emask.database import audit_log
from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.delivery import undoing_queries as queries
from emask.delivery.collection import standing_of
from emask.delivery.model import HandOver, Till, UnknownHandOver
from emask.delivery.standing import Standing
from emask.entitlement import service as entitlement
from emask.rules.calendar import day_in_taipei
from emask.rules.refusals import UndoElsewhere, UndoOver

UNDO_WITHIN = timedelta(minutes=5)
"""How long after a hand-over it can be undone."""


async def undoable_hand_overs(tx: Transaction, till: Till, *, now: datetime) -> list[HandOver]:
    """What a store handed over in the last minutes and can still take back, the last one first."""
    return await queries.hand_overs_since(tx, till, now - UNDO_WITHIN)


async def undo_hand_over(
    db: Database,
    clock: Clock,
    *,
    person_id: UUID,
    round_id: str,
    nth: int,
    till: Till,
    reason: str,
) -> None:
    """Take a hand-over back: the pack is at the store again and can be handed over once more.

    Undoing it again changes nothing, whatever was handed over since. The reason stays with the
    hand-over, not in the audit log.

    Args:
        db: the database.
        clock: tells how long ago it was.
        person_id: the orderer.
        round_id: the round of the order.
        nth: which hand-over of this pack.
        till: where it is undone, and by whose account.
        reason: in the clerk's own words.

    Raises:
        UnknownHandOver: there was none.
        UndoElsewhere: another store handed it over.
        UndoOver: it was over five minutes ago, or collection is over.
        ValueError: no reason is given.
    """
    if not reason.strip():
        raise ValueError("reason: say why the hand-over is undone")
    async with db.transaction() as tx:
        await queries.hold_undoing(tx)
        await queries.hold_order(tx, person_id, round_id)
        now = await clock.now()  # only now: whoever ends collection has been waited for
        done = await queries.hand_over(tx, person_id, round_id, nth)
        if done is None:
            raise UnknownHandOver
        if (done.chain, done.store_code) != (till.chain, till.store_code):
            raise UndoElsewhere(store_name=f"{done.chain.label} {done.store_name}")
        if done.undone:
            return
        _check_in_time(done, await standing_of(tx, person_id, round_id), now)
        if await queries.take_back(tx, done, reason=reason.strip(), clerk=till.clerk, at=now):
            await entitlement.mark_uncollected(tx, person_id=person_id, round_id=round_id)
            await _record(tx, done, till, now)


def _check_in_time(done: HandOver, standing: Standing, now: datetime) -> None:
    today, of_round = day_in_taipei(now), standing.pickup_until
    # What is handed over in the round's days is sealed after them, though a pack has more days.
    is_sealed = day_in_taipei(done.collected_at) <= of_round < today
    if is_sealed or today > standing.last_day or now - done.collected_at > UNDO_WITHIN:
        raise UndoOver(collected_at=done.collected_at)


async def _record(tx: Transaction, done: HandOver, till: Till, now: datetime) -> None:
    """Both in the audit log: what was done at which till, and that it was taken back."""
    detail = {
        "round_id": done.round_id,
        "nth": done.nth,
        "handed_over_at": done.collected_at.isoformat(),
        "handed_over_by": done.clerk,
        "document": done.document,
        "by_proxy": done.by_proxy,
    }
    await audit_log.record(
        tx,
        at=now,
        actor=till.clerk,
        act="undo_hand_over",
        subject=str(done.person_id),
        detail=detail,
    )
