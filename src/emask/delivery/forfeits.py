"""When collection goes otherwise: packs never collected, opened again, or at a closed store."""

from datetime import date, datetime
from uuid import UUID

from emask.database import audit_log
from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.delivery import forfeits_queries as queries
from emask.delivery.collection import standing_of
from emask.delivery.model import NotForfeited
from emask.delivery.seal import seal_collections
from emask.delivery.standing import Order, Standing, check_order_stands
from emask.delivery.undoing_queries import wait_for_undoing
from emask.rounds.model import Chain
from emask.rounds.stores import find_store
from emask.rules.calendar import Round, day_in_taipei
from emask.rules.refusals import NoPreorder, StoreClosed, UnknownStore
from emask.rules.states import OrderState


async def forfeit_uncollected(tx: Transaction, *, round: Round, at: datetime) -> int:
    """What nobody collected counts as given up (B6), without refund; its claim stays.

    The bags go back to the logistics centres, into the next round's stock, and what was handed
    over is sealed in the audit log.

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
    db: Database, clock: Clock, *, person_id: UUID, round_id: str, until: date, operator: str
) -> None:
    """Let a forfeited pack be collected after all, once, up to and including `until`.

    It is sent to its store again, and can be collected when its arrival there is reported. It
    makes no claim: the one of the order stands where it was.

    Raises:
        ValueError: `until` is past.
        NotForfeited: there is no forfeited order, or it was reopened before.
    """
    now = await clock.now()
    if until < day_in_taipei(now):
        raise ValueError("until: the last day of a re-collection is yet to come")
    async with db.transaction() as tx:
        if not await queries.reopen_forfeited(tx, person_id, round_id, until=until, at=now):
            raise NotForfeited
        await audit_log.record(
            tx,
            at=now,
            actor=operator,
            act="reopen",
            subject=str(person_id),
            detail={"round_id": round_id, "until": until.isoformat()},
        )


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
