"""Parcels by the clock: centre, store, collected or back; closed stores; word of all of it."""

from datetime import datetime, timedelta

import pytest

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.delivery.ports import ForgedMessage, ParcelState, Refused
from emask.partners.logistics import state_of
from emask.partners.logistics.kinds import SUB_TYPES, SubType
from emask.rounds.model import Chain
from emask.sandbox.chains.life import Fate, Timetable, steps
from partners.logistics import STORES, TRADE, parcel
from sandbox.chains_world import OTHERS, World, orders


@pytest.fixture
async def world(db: Database, clock: SetClock) -> World:
    return await World.stand(db, clock)


def way(sub_type: SubType, fate: Fate) -> list[ParcelState]:
    """Where a parcel is, one after the other, from the order on."""
    onward = {s.code: s for s in steps(Timetable()) if (s.sub_type, s.fate) == (sub_type, fate)}
    code, states = "300", [ParcelState.ORDER_TAKEN]
    while step := onward.get(code):
        code = step.next_code
        states += [state_of(sub_type, code)]
        assert (step.lasts is None) is (code not in onward)
    return list(dict.fromkeys(states))


@pytest.mark.parametrize("sub_type", SubType)
def test_every_kind_of_parcel_has_every_life(sub_type: SubType) -> None:
    out = [ParcelState.ORDER_TAKEN, ParcelState.ACCEPTED, ParcelState.AT_CENTRE]
    if sub_type is SubType.FAMI:
        out.remove(ParcelState.ACCEPTED)  # it has no code for that
    back = [
        ParcelState.GOING_BACK,
        ParcelState.BACK_AT_CENTRE,
        ParcelState.RETURNED_TO_SENDER,
    ]
    lost = [] if sub_type is SubType.OKMARTC2C else [ParcelState.LOST]
    assert way(sub_type, Fate.KEPT) == [*out, ParcelState.ARRIVED, *back]
    assert way(sub_type, Fate.COLLECTED) == [*out, ParcelState.ARRIVED, ParcelState.COLLECTED]
    assert way(sub_type, Fate.STORE_CLOSED) == [*out, ParcelState.RESELECT_STORE, *back]
    assert way(sub_type, Fate.LOST) == [*out, *lost]


@pytest.mark.parametrize("chain", Chain)
async def test_nobody_comes_and_the_parcel_goes_back(world: World, chain: Chain) -> None:
    await world.create(parcel(chain))
    await world.pass_time(days=2)
    assert world.ends() == {TRADE: ParcelState.ARRIVED}
    await world.pass_time(days=30)
    assert world.ends() == {TRADE: ParcelState.RETURNED_TO_SENDER}
    assert len(world.told) == len(set(world.codes(TRADE)))
    assert {message.chain for message in world.told} == {chain}


async def test_all_that_is_due_happens_at_its_time(world: World, opening: datetime) -> None:
    await world.create()
    await world.pass_time(days=60)
    at = {message.code: message.updated_at - opening for message in world.told}
    assert at == {
        "300": timedelta(0),
        "310": timedelta(hours=2),
        "2024": timedelta(hours=4),
        "2030": timedelta(hours=10),
        "2063": timedelta(hours=34),
        "2065": timedelta(days=8, hours=10),
        "2076": timedelta(days=9, hours=10),
        "2044": timedelta(days=10, hours=10),
        "2070": timedelta(days=11, hours=10),
    }


async def test_somebody_comes(world: World) -> None:
    await world.create()
    now = await world.clock.now()
    assert await world.playing.collect([TRADE], at=now) == 0
    now = await world.pass_time(days=2)
    assert await world.playing.collect([TRADE], at=now) == 1
    assert await world.playing.collect([TRADE], at=now) == 0
    await world.pass_time(days=30)
    assert world.ends() == {TRADE: ParcelState.COLLECTED}
    assert world.codes(TRADE)[-1] == "2067"


async def test_some_come_by_themselves(db: Database, clock: SetClock) -> None:
    world = await World.stand(db, clock, Timetable(visited_in_a_hundred=70))
    await world.create_all(orders(100))
    await world.pass_time(days=3)
    states = list(world.ends().values())
    assert 50 < states.count(ParcelState.COLLECTED) < 90
    assert states.count(ParcelState.COLLECTED) + states.count(ParcelState.ARRIVED) == 100


@pytest.mark.parametrize(("chain", "changed"), [(Chain.SE, "2000"), (Chain.OK, "2105")])
async def test_a_closed_store_needs_another_one(world: World, chain: Chain, changed: str) -> None:
    created = await world.create(parcel(chain))
    assert await world.playing.close_store(chain, STORES[chain]) == 1
    now = await world.pass_time(days=2)
    assert world.ends() == {TRADE: ParcelState.RESELECT_STORE}
    with pytest.raises(Refused):
        await world.create(parcel(chain, {"trade_no": "EP2"}))
    with pytest.raises(Refused):
        await world.carrier.change_store(created, store_code=STORES[chain], at=now)
    for _ in range(2):
        await world.carrier.change_store(created, store_code=OTHERS[chain], at=now)
    assert (await world.carrier.ask(chain, TRADE, at=now)).latest.code == changed
    await world.pass_time(days=1)
    assert world.ends() == {TRADE: ParcelState.ARRIVED}
    assert world.codes(TRADE).count(changed) == 1


async def test_whoever_chooses_no_other_store_gets_nothing(world: World) -> None:
    await world.create()
    await world.playing.close_store(Chain.SE, "131386")
    await world.pass_time(days=30)
    assert world.ends() == {TRADE: ParcelState.RETURNED_TO_SENDER}


async def test_what_has_arrived_stays_when_the_store_closes(world: World) -> None:
    created = await world.create()
    now = await world.pass_time(days=2)
    assert await world.playing.close_store(Chain.SE, "131386") == 0
    with pytest.raises(Refused):
        await world.carrier.change_store(created, store_code="131387", at=now)
    assert world.ends() == {TRADE: ParcelState.ARRIVED}


@pytest.mark.parametrize("chain", Chain)
async def test_parcels_get_lost(world: World, chain: Chain) -> None:
    await world.create(parcel(chain))
    now = await world.pass_time(hours=11)
    lost = await world.playing.lose([TRADE], at=now)
    await world.pass_time(days=1)
    if chain is Chain.OK:
        assert lost == 0
        return
    assert lost == 1
    assert world.ends() == {TRADE: ParcelState.LOST}


@pytest.mark.parametrize("chain", Chain)
async def test_one_parcel_in_so_many_meets_its_fate(world: World, chain: Chain) -> None:
    await world.mischief.begin("chains", "lost", {"every": 4})
    await world.mischief.begin("chains", "store_closed", {"every": 3})
    await world.create_all(orders(60, chain))
    await world.pass_time(days=2)
    states = list(world.ends().values())
    odd = ParcelState.AT_CENTRE if chain is Chain.OK else ParcelState.LOST  # OK says nothing
    assert 5 < states.count(odd) < 30
    assert 5 < states.count(ParcelState.RESELECT_STORE) < 30
    assert states.count(ParcelState.ARRIVED) > 15


async def test_word_that_is_not_taken_is_told_again_for_three_days(world: World) -> None:
    await world.create()
    world.answer = "0|CheckMacValue Error"
    begin = await world.pass_time(hours=0)
    assert len(world.told) == 1
    for hours in (1, 2, 3, 4, 6, 24, 30, 54, 78, 102, 200):
        await world.clock.set(begin + timedelta(hours=hours))
        await world.pushes.tell_due(begin + timedelta(hours=hours))
    assert len(world.told) == 7
    assert len({message.message_id for message in world.told}) == 1


async def test_the_right_answer_ends_it(world: World) -> None:
    await world.create()
    for answer in ("1|OK\n", "OK", "", "1|OK"):
        world.answer = answer
        await world.pass_time(hours=2)
    heard = world.codes(TRADE).count("300")
    await world.pass_time(days=4)
    assert heard == 4
    assert world.codes(TRADE).count("300") == 4


async def test_hostile_order_ends_the_same(world: World) -> None:
    for kind in ("duplicate", "reorder"):
        await world.mischief.begin("chains", kind)
    for chain in Chain:
        await world.create_all(orders(10, chain))
    now = await world.pass_time(days=2)
    await world.playing.collect([each.trade_no for each in orders(5)], at=now)
    await world.pass_time(days=1)
    codes = world.codes("EPSE00000")
    assert len(codes) == 2 * len(set(codes))
    assert codes[:2] != ["300", "300"]
    assert world.ends() == await world.real()
    ends = list(world.ends().values())
    assert (ends.count(ParcelState.COLLECTED), ends.count(ParcelState.ARRIVED)) == (5, 35)


async def test_a_forged_push_is_told_apart(world: World) -> None:
    await world.mischief.begin("chains", "wrong_mac")
    await world.create()
    await world.pass_time()
    [body] = world.bodies
    with pytest.raises(ForgedMessage):
        world.carrier.read(body)


def test_each_chain_is_of_one_kind() -> None:
    assert {chain: kind.chain for chain, kind in SUB_TYPES.items()} == {
        each: each for each in Chain
    }
