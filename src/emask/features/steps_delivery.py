"""Steps about packing and collection (B3, B4, B6, B10, B15, B16)."""

from datetime import date

from emask.delivery.collection import ask_for_slip, hand_over, parcel_of
from emask.delivery.forfeits import change_store, reopen
from emask.delivery.model import Till
from emask.delivery.packing import arrive_store
from emask.delivery.undoing import undo_hand_over, undoable_hand_overs
from emask.features.citizen import Citizen
from emask.features.outcome import Unfulfilled, require_equal
from emask.features.registry import Registry
from emask.features.stage import other_store_of, store_of
from emask.features.steps_preorder import close_store, progress_in
from emask.features.world import World
from emask.notices.service import notify_arrival
from emask.programme.progress import progress_of
from emask.rounds.model import Chain, Store
from emask.rounds.service import all_rounds
from emask.rules.calendar import Round, day_in_taipei
from emask.rules.people import Document
from emask.rules.pickup import pickup_number
from emask.rules.states import OrderState

STEPS = Registry()
COLLECTION = "領取"
_DOCUMENTS = {document.zh: document for document in Document}
_TO_COLLECT = {OrderState.PAID, OrderState.ARRIVED}
_WRONG_NUMBERS = (pickup_number("00000000"), pickup_number("00000001"))


@STEPS.act("{name} 持{document:身分證|健保卡|駕照|居留證}到門市領取")
async def collect(world: World, *, name: str, document: str) -> None:
    """At the kiosk and the till of the chosen store, with a document of the own."""
    citizen = world.citizen(name)
    await world.attempt(COLLECTION, _collect(world, citizen, document))


@STEPS.act("{proxy} 持 {name} 的{document:身分證|健保卡|駕照|居留證}代為領取")
async def collect_for(world: World, *, proxy: str, name: str, document: str) -> None:  # noqa: ARG001 - nothing is kept about a proxy
    """Somebody else brings the orderer's document (B4)."""
    citizen = world.citizen(name)
    await world.attempt(COLLECTION, _collect(world, citizen, document, by_proxy=True))


@STEPS.act("{name} 到別的門市領取")
async def collect_elsewhere(world: World, *, name: str) -> None:
    """At a store that was not chosen."""
    citizen = world.citizen(name)
    store = (await progress_in(world, citizen)).store
    elsewhere = other_store_of(store.chain if store else Chain.SE)
    await world.attempt(COLLECTION, _collect(world, citizen, Document.NHI_CARD.zh, at=elsewhere))


@STEPS.act("{name} 輸入錯誤的取貨編號領取")
async def wrong_number(world: World, *, name: str) -> None:
    """A well-formed pick-up number that is not the person's."""
    citizen = world.citizen(name)
    progress = await progress_in(world, citizen)
    number = next(each for each in _WRONG_NUMBERS if each != progress.pickup_number)
    store = progress.store or store_of(Chain.SE)
    await world.attempt(COLLECTION, _slip(world, citizen, number, store))


@STEPS.act("店員取消 {name} 剛才的領取")
async def take_back(world: World, *, name: str) -> None:
    """The clerk has handed over by mistake and takes the last hand-over back."""
    store = (await progress_in(world, world.citizen(name))).store or store_of(Chain.SE)
    till = Till(chain=store.chain, store_code=store.code, clerk="clerk")
    async with world.system.db.transaction() as tx:
        done = await undoable_hand_overs(tx, till, now=await world.now())
    if not done:
        raise Unfulfilled(zh="沒有可以取消的領取", en="there is no hand-over to take back")
    await undo_hand_over(
        world.system.db,
        world.clock,
        person_id=done[0].person_id,
        round_id=done[0].round_id,
        nth=done[0].nth,
        till=till,
        reason="拿錯袋子",
    )


@STEPS.act("{name} 所選的門市停業")
async def store_closes(world: World, *, name: str) -> None:
    """The chosen store goes out of business."""
    store = (await progress_in(world, world.citizen(name))).store
    if store is None:
        raise Unfulfilled(zh="沒有選門市", en="no store was chosen")
    await close_store(world, store.chain, store.code)


@STEPS.act("{name} 改選{chain:7-11|全家|萊爾富|OK}門市")
async def choose_again(world: World, *, name: str, chain: str) -> None:
    """The orderer chooses another store after the draw."""
    citizen = world.citizen(name)
    store = store_of(Chain.from_label(chain))
    await change_store(
        world.system.db,
        world.clock,
        person_id=await world.enter(citizen),
        round_id=(await world.round_of(citizen)).id,
        chain=store.chain,
        store_code=store.code,
    )


@STEPS.act("{name} 經核准於 {date} 前重新領取")
async def reopened(world: World, *, name: str, date: date) -> None:
    """An operator opens a forfeited order for one re-collection; the pack is at the store again."""
    citizen = world.citizen(name)
    person_id = await world.enter(citizen)
    round = await world.round_of(citizen)
    await reopen(
        world.system.db,
        world.clock,
        person_id=person_id,
        round_id=round.id,
        until=date,
        reason="測試",
        operator="operator",
    )
    store = (await progress_in(world, citizen)).store or store_of(Chain.SE)
    async with world.system.db.transaction() as tx:
        await arrive_store(
            tx, round=round, chain=store.chain, store_code=store.code, at=await world.now()
        )


@STEPS.act("{name} 的口罩送達門市")
async def arrives(world: World, *, name: str) -> None:
    """The chain reports that what goes to the store of the order is there."""
    citizen = world.citizen(name)
    round = await world.round_of(citizen)
    store = (await progress_in(world, citizen)).store or store_of(Chain.SE)
    async with world.system.db.transaction() as tx:
        for _ in range(2):  # what was sent later comes with the second word
            await arrive_store(
                tx, round=round, chain=store.chain, store_code=store.code, at=await world.now()
            )
        await notify_arrival(tx, round=round, at=await world.now())


@STEPS.act("{name} 經核准於 {date} 前到{chain:7-11|全家|萊爾富|OK}門市重新領取")
async def reopened_elsewhere(world: World, *, name: str, date: date, chain: str) -> None:
    """An operator opens a forfeited order for one re-collection at another store."""
    citizen = world.citizen(name)
    store = store_of(Chain.from_label(chain))
    await reopen(
        world.system.db,
        world.clock,
        person_id=await world.enter(citizen),
        round_id=(await world.round_of(citizen)).id,
        until=date,
        reason="本人來電",
        operator="operator",
        at_store=(store.chain, store.code),
    )


@STEPS.check("{name} 最早可於 {date} 領取")
async def earliest(world: World, *, name: str, date: date) -> None:
    """The first day of the citizen's claim (B8, B10)."""
    citizen = world.citizen(name)
    require_equal(await _earliest(world, citizen, await _round_to_collect(world, citizen)), date)


@STEPS.check("{name} 在輪次 {id} 最早可於 {date} 領取")
async def earliest_in(world: World, *, name: str, id: str, date: date) -> None:  # noqa: A002 - the word of the phrase
    """The first day of the citizen's claim of one round."""
    async with world.system.db.transaction() as tx:
        rounds = {each.id: each for each in await all_rounds(tx)}
    round = rounds.get(world.round_id_of(id))
    if round is None:
        raise Unfulfilled(zh=f"沒有輪次 {id}", en=f"there is no round {id}")
    require_equal(await _earliest(world, world.citizen(name), round), date)


async def _collect(
    world: World,
    citizen: Citizen,
    document: str,
    *,
    by_proxy: bool = False,
    at: Store | None = None,
) -> None:
    round = await _round_to_collect(world, citizen)
    person_id = await world.enter(citizen)
    async with world.system.db.transaction() as tx:
        parcel = await parcel_of(tx, person_id=person_id, round_id=round.id)
        progress = await progress_of(tx, person_id=person_id, round=round, now=await world.now())
    store = at or (progress and progress.store) or store_of(Chain.SE)
    if parcel is not None:
        await _slip(world, citizen, parcel.pickup_number, store)
    await hand_over(
        world.system.db,
        world.clock,
        person_id=person_id,
        round_id=round.id,
        chain=store.chain,
        store_code=store.code,
        document=_DOCUMENTS[document],
        by_proxy=by_proxy,
        clerk="clerk",
    )
    citizen.round_id = round.id


async def _slip(world: World, citizen: Citizen, number: str, store: Store) -> None:
    await ask_for_slip(
        world.system.db,
        world.clock,
        world.system.vault,
        pickup_number=number,
        id_number=citizen.person.id_number,
        chain=store.chain,
        store_code=store.code,
    )


async def _earliest(world: World, citizen: Citizen, round: Round) -> date:
    person_id = await world.enter(citizen)
    now = await world.now()
    async with world.system.db.transaction() as tx:
        progress = await progress_of(tx, person_id=person_id, round=round, now=now)
    if progress is None:
        raise Unfulfilled(zh="沒有預購", en="there is no pre-order")
    return progress.collect_from


async def _round_to_collect(world: World, citizen: Citizen) -> Round:
    """The round whose pack the citizen comes for.

    The first whose pack is ready or paid for and can still be had; else that of the last act.
    """
    person_id = await world.enter(citizen)
    now = await world.now()
    async with world.system.db.transaction() as tx:
        for round in await all_rounds(tx):
            progress = await progress_of(tx, person_id=person_id, round=round, now=now)
            over = day_in_taipei(now) > round.pickup_until
            if progress and progress.state in _TO_COLLECT and not over:
                return round
    return await world.round_of(citizen)
