"""When collection goes otherwise: packs never collected, opened again, or at a closed store."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from emask.database import audit_log
from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.delivery import forfeits_queries as queries
from emask.delivery import packing_queries
from emask.delivery.collection import standing_of
from emask.delivery.model import NotForfeited
from emask.delivery.seal import seal_collections
from emask.delivery.standing import Order, Standing, check_order_stands
from emask.delivery.undoing_queries import wait_for_undoing
from emask.notices.service import notify_reopened
from emask.rounds.model import Chain
from emask.rounds.stores import find_store
from emask.rules.calendar import Round, day_in_taipei
from emask.rules.refusals import NoPreorder, StoreClosed, UnknownStore
from emask.rules.states import OrderState


async def forfeit_uncollected(tx: Transaction, *, round: Round, at: datetime) -> int:
    """What nobody collected counts as given up (B6), without refund; its claim stays.

    The bags are to go back to the logistics centres (:mod:`emask.delivery.returns`), and what was
    handed over is sealed in the audit log.

    Returns:
        How many orders; none before the day after the last one of collection.
    """
    # A pack whose hand-over is taken back at this moment is at its store again, and given up too.
    await wait_for_undoing(tx)
    forfeited = await queries.forfeit(tx, round.id, day=day_in_taipei(at), at=at)
    # Only after that: it has waited for every hand-over that was still under way.
    await seal_collections(tx, round=round, at=at)
    return forfeited


async def next_recollection_end(tx: Transaction) -> tuple[str, date] | None:
    """Round and last day of the unused re-collection that ends first; None without any."""
    return await queries.first_recollection(tx)


async def reopen(
    db: Database,
    clock: Clock,
    *,
    person_id: UUID,
    round_id: str,
    until: date,
    reason: str,
    operator: str,
    at_store: tuple[Chain, str] | None = None,
) -> None:
    """Let a forfeited pack be collected after all, once, up to and including `until`.

    It is sent to its store again, or to another, and can be collected when its arrival there is
    reported; its owner is told of both. It makes no claim: the one of the order stands where it
    was.

    Args:
        db: the database.
        clock: tells which day it is.
        person_id: whose.
        round_id: of which round.
        until: the last day.
        reason: why, in the operator's own words; it is kept in the audit log and names nobody.
        operator: whose account decides.
        at_store: another store, by its chain and store code; None for the one of the order.

    Raises:
        ValueError: `until` is past, or no reason is given.
        NotForfeited: there is no forfeited order, or it was reopened before.
        UnknownStore, StoreClosed: of the other store.
    """
    decision = Decision(until=until, reason=reason, operator=operator)
    now = await clock.now()
    _check_decision(decision, now)
    which = queries.Reopening(round_id, until, now, person_id)

    async def again(tx: Transaction) -> None:
        await packing_queries.hold_parcels(tx)  # no bag comes back meanwhile
        if not await queries.reopen_forfeited(tx, which):
            raise NotForfeited
        await notify_reopened(tx, round_id=round_id, at=now)
        if at_store is not None:
            await _check_open(tx, *at_store)
            to = queries.Redirection(person_id, round_id, *at_store, now)
            await queries.redirect_order(tx, to)
            await queries.redirect_parcel(tx, to)
        detail = {"round_id": round_id, "until": until.isoformat(), "reason": reason.strip()}
        await audit_log.record(
            tx, at=now, actor=operator, act="reopen", subject=str(person_id), detail=detail
        )

    await db.retrying(again)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What an operator decided: the last day, why, and by whose account."""

    until: date
    reason: str
    operator: str


async def reopen_many(
    db: Database,
    clock: Clock,
    *,
    round_id: str,
    decision: Decision,
    chain: Chain | None = None,
    county: str | None = None,
) -> int:
    """Likewise for all of a round, or those of one chain or county, as happened in 2020.

    Returns:
        How many; those reopened before are not among them.

    Raises:
        ValueError: the last day is past, or no reason is given.
        NotForfeited: there is none.
    """
    now = await clock.now()
    _check_decision(decision, now)
    which = queries.Reopening(round_id, decision.until, now, None, chain, county)
    detail = {
        "until": decision.until.isoformat(),
        "reason": decision.reason.strip(),
        "chain": chain,
        "county": county,
    }

    async def again(tx: Transaction) -> int:
        await packing_queries.hold_parcels(tx)  # no bag comes back meanwhile
        number = await queries.reopen_forfeited(tx, which)
        if not number:
            raise NotForfeited
        await notify_reopened(tx, round_id=round_id, at=now)
        await audit_log.record(
            tx,
            at=now,
            actor=decision.operator,
            act="reopen_many",
            subject=round_id,
            detail=detail | {"packs": number},
        )
        return number

    return await db.retrying(again)


def _check_decision(decision: Decision, now: datetime) -> None:
    if decision.until < day_in_taipei(now):
        raise ValueError("until: the last day of a re-collection is yet to come")
    if not decision.reason.strip():
        raise ValueError("reason: say why the pack may be collected after all")


async def change_store(
    db: Database, clock: Clock, *, person_id: UUID, round_id: str, chain: Chain, store_code: str
) -> None:
    """The orderer chooses another store, for one that closed meanwhile.

    A packed order moves to the new store's shipment; one that had been sent out is on its way
    again, until its arrival at the new store is reported.

    Raises:
        UnknownStore, StoreClosed: of the store chosen now.
        NoPreorder, NotSelected, NotPaid, AlreadyCollected, PickupOver, Forfeited: there is no
            order that still has a pack to get, or awaits its payment.
    """
    now = await clock.now()
    to = queries.Redirection(person_id, round_id, chain, store_code, now)

    async def redirect(tx: Transaction) -> None:
        await queries.hold_packing(tx)
        await _check_open(tx, chain, store_code)
        order = _changeable(await standing_of(tx, person_id, round_id), now)
        if (order.chain, order.store_code) == (chain, store_code):
            return
        if not await queries.redirect_order(tx, to):
            # Collected or forfeited this very moment; read again, it says which.
            _changeable(await standing_of(tx, person_id, round_id), now)
            raise NoPreorder
        await queries.redirect_parcel(tx, to)
        await queries.follow_shortage(tx, to)

    await db.retrying(redirect)


async def _check_open(tx: Transaction, chain: Chain, store_code: str) -> None:
    store = await find_store(tx, chain=chain, code=store_code)
    if store is None:
        raise UnknownStore
    if not store.open:
        raise StoreClosed(name=store.name)


def _changeable(standing: Standing, now: datetime) -> Order:
    if standing.order and standing.order.state is OrderState.AWAITING_PAYMENT:
        return standing.order
    return check_order_stands(standing, day_in_taipei(now))
