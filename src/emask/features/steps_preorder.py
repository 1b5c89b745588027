"""Steps about pre-ordering."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice
from uuid import UUID, uuid4

from emask.features.citizen import Citizen
from emask.features.outcome import Outcome, Unfulfilled, require_equal
from emask.features.registry import Registry
from emask.features.session import NeverSignedIn, session_of
from emask.features.stage import store_of
from emask.features.world import World
from emask.identity.registry import add_people
from emask.language import Language
from emask.preorder.model import Entry
from emask.preorder.service import cancel_preorder, check_product
from emask.programme.progress import Progress, progress_of
from emask.rounds.model import Chain, Store
from emask.rounds.service import all_rounds
from emask.rounds.stores import set_store_open
from emask.rules.calendar import Channel, Product, Round
from emask.rules.refusals import NotRegistered
from emask.rules.states import OrderState

STEPS = Registry()
PREORDER = "預購"
CANCELLATION = "取消"
PRODUCTS = {"成人": Product.ADULT_MASK, "兒童": Product.CHILD_MASK}
_NO_SUCH_STORE = "NONE"
_CROWD_AT_ONCE = 5_000  # well within the intake's queue


@STEPS.act("{name} 預購{product:成人|兒童}口罩並選擇{chain:7-11|全家|萊爾富|OK}門市")
async def place(world: World, *, name: str, product: str, chain: str) -> None:
    """Pre-order in the present round, with the session of the last sign-in."""
    store = store_of(Chain.from_label(chain))
    await _place(world, world.citizen(name), PRODUCTS[product], store)


@STEPS.act("{name} 預購{product:成人|兒童}口罩並選擇{which:不存在|停業}的門市")
async def place_nowhere(world: World, *, name: str, product: str, which: str) -> None:
    """Pre-order at a store that cannot be chosen."""
    store = store_of(Chain.FM)
    if which == "停業":
        await close_store(world, store.chain, store.code)
    else:
        store = replace(store, code=_NO_SUCH_STORE)
    await _place(world, world.citizen(name), PRODUCTS[product], store)


@STEPS.act("{name} 取消預購")
async def cancel(world: World, *, name: str) -> None:
    """Cancel the pre-order of the citizen's round; a refusal counts as one of pre-ordering."""
    citizen = world.citizen(name)
    round = await world.round_of(citizen)
    session = await session_of(world, citizen)
    act = cancel_preorder(
        world.system.db, world.clock, person_id=session.person_id, round_id=round.id
    )
    if not await world.attempt(CANCELLATION, act):
        world.outcomes[PREORDER] = world.outcomes[CANCELLATION]


@STEPS.act("有另外 {n} 人完成預購")
async def crowd(world: World, *, n: int) -> None:
    """So many made-up people whom the present round is for pre-order, at stores of all chains."""
    round = await world.round_now()
    stores = [store_of(chain) for chain in Chain]
    channel = next(channel for channel in Channel if channel in round.channels)
    while n > 0:
        crowd = islice(world.crowd, min(n, _CROWD_AT_ONCE))
        people = [replace(each, birth_date=_fitting(each.birth_date, round)) for each in crowd]
        await add_people(world.system.db, world.system.vault, people)
        entries = [
            _entry(
                round,
                stores[number % len(stores)],
                person_id=world.system.vault.person_id(person.id_number),
                channel=channel,
                mobile=person.mobile or "",
            )
            for number, person in enumerate(people)
        ]
        await asyncio.gather(*map(world.system.intake.submit, entries))
        world.others += [entry.person_id for entry in entries]
        n -= len(people)


@STEPS.check("{name} 的訂單狀態為{state}")
async def state_is(world: World, *, name: str, state: OrderState) -> None:
    """The state of the citizen's order, in the words of screens and messages."""
    progress = await progress_in(world, world.citizen(name))
    require_equal(progress.state.zh, state.zh)


@STEPS.check("{name} 的取貨門市屬於{chain:7-11|全家|萊爾富|OK}")
async def store_is_of(world: World, *, name: str, chain: str) -> None:
    """The chain at which the citizen collects."""
    progress = await progress_in(world, world.citizen(name))
    require_equal(progress.store and progress.store.chain.label, chain)


async def progress_in(world: World, citizen: Citizen, *, of: Round | None = None) -> Progress:
    """Where the citizen stands in a round, or else in that of the last act.

    Raises:
        Unfulfilled: there is no pre-order.
    """
    round = of or await world.round_of(citizen)
    person_id = await world.enter(citizen)
    async with world.system.db.transaction() as tx:
        progress = await progress_of(tx, person_id=person_id, round=round, now=await world.now())
    if progress is None:
        raise Unfulfilled(zh="沒有預購", en="there is no pre-order")
    return progress


async def close_store(world: World, chain: Chain, code: str) -> None:
    """The store goes out of business."""
    async with world.system.db.transaction() as tx:
        await set_store_open(tx, chain=chain, code=code, open=False)


async def _place(world: World, citizen: Citizen, product: Product, store: Store) -> None:
    round = await _round_to_order(world, product)
    try:
        session = await session_of(world, citizen)
    except NeverSignedIn:
        world.outcomes[PREORDER] = Outcome(refusal=NotRegistered())
        return
    entry = _entry(
        round,
        store,
        person_id=session.person_id,
        channel=session.channel,
        mobile=citizen.mobile,
    )

    async def submit() -> None:
        check_product(round, product)
        await world.system.intake.submit(entry)

    if await world.attempt(PREORDER, submit()):
        citizen.round_id = round.id


async def _round_to_order(world: World, product: Product) -> Round:
    """The present round; where several take pre-orders, the last one for this kind of mask."""
    now = await world.now()
    async with world.system.db.transaction() as tx:
        rounds = await all_rounds(tx)
    fitting = [each for each in rounds if each.accepts_preorders(now) and each.product is product]
    return fitting[-1] if fitting else await world.round_now()


def _fitting(born: date, round: Round) -> date:
    """A birth date of those whom the round is for: this one if it is, else one at the limit."""
    if round.product is Product.CHILD_MASK:
        return max(born, round.child_born_from)
    return min(born, round.child_born_from - timedelta(days=1))


def _entry(round: Round, store: Store, *, person_id: UUID, channel: Channel, mobile: str) -> Entry:
    return Entry(
        person_id=person_id,
        round_id=round.id,
        chain=store.chain,
        store_code=store.code,
        mobile=mobile,
        channel=channel,
        language=Language.ZH,
        submission_id=uuid4(),
    )
