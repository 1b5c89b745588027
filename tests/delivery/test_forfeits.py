"""Packs never collected, reopened ones, and stores that closed meanwhile."""

from datetime import date

import pytest

from delivery.test_collection import collect, number_of, ready, slip
from delivery.world import CLOSED, FIRST, OTHER, OURS, SECOND, Someone, World, day
from emask.database.pool import Transaction
from emask.delivery import packing
from emask.delivery.forfeits import (
    Decision,
    change_store,
    forfeit_uncollected,
    reopen,
    reopen_many,
)
from emask.delivery.model import NotForfeited
from emask.delivery.returns import returned_packs
from emask.delivery.shortages import packs_came, report_shortage
from emask.entitlement.service import claims_of
from emask.rounds.model import Chain
from emask.rounds.stores import set_store_open
from emask.rules.refusals import (
    AlreadyCollected,
    Forfeited,
    NoPreorder,
    NotArrived,
    NotPaid,
    PickupOver,
    Refusal,
    StoreClosed,
    UnknownStore,
    WrongStore,
)

RECOLLECTION = date(2020, 4, 20)


async def forfeit(world: World, month: int = 4, of_month: int = 2) -> int:
    async with world.db.transaction() as tx:
        return await forfeit_uncollected(tx, round=FIRST, at=day(month, of_month, 0))


async def move(world: World, who: Someone, store: tuple[Chain, str] = OTHER) -> None:
    await change_store(
        world.db,
        world.clock,
        person_id=who.person_id,
        round_id=FIRST.id,
        chain=store[0],
        store_code=store[1],
    )


async def open_again(
    world: World,
    who: Someone,
    until: date = RECOLLECTION,
    *,
    at_store: tuple[Chain, str] | None = None,
) -> None:
    await reopen(
        world.db,
        world.clock,
        person_id=who.person_id,
        round_id=FIRST.id,
        until=until,
        reason="on the phone: ill",
        operator="operator-1",
        at_store=at_store,
    )


async def open_many(world: World, county: str | None = None) -> int:
    return await reopen_many(
        world.db,
        world.clock,
        round_id=FIRST.id,
        decision=Decision(until=RECOLLECTION, reason="shelves shut by rain", operator="operator-1"),
        county=county,
    )


async def arrive_at(tx: Transaction, store: tuple[Chain, str], when: int) -> int:
    return await packing.arrive_store(
        tx, round=FIRST, chain=store[0], store_code=store[1], at=day(4, when)
    )


async def test_what_nobody_collected_goes_back_to_the_centre(world: World) -> None:
    late = await world.person()
    await world.order(late, store=OTHER)
    await world.many_orders(3)
    collected = await ready(world)
    await collect(world, collected)
    assert await forfeit(world, 4, 1) == 0  # the last day is one of collection
    assert await forfeit(world) == 4
    assert await forfeit(world) == 0
    assert await world.state(late) == "forfeited"
    assert await world.state(collected) == "collected"
    async with world.db.transaction() as tx:
        stock = [await returned_packs(tx, round_id=FIRST.id, chain=chain) for chain in Chain]
    assert stock == [0, 0, 0, 0]  # until the centres have them


async def test_a_pack_that_never_arrived_is_given_up_too_and_may_be_opened_again(
    world: World,
) -> None:
    who = await world.person()
    await world.order(who)
    await world.pack()
    assert await forfeit(world) == 1
    assert await world.state(who) == "forfeited"
    await world.clock.set(day(4, 10))
    with pytest.raises(Forfeited):
        await collect(world, who)
    await open_again(world, who)
    async with world.db.transaction() as tx:
        assert await arrive_at(tx, OURS, 12) == 1
    await collect(world, who)


async def test_a_forfeited_pack_keeps_its_claim(world: World) -> None:
    who = await ready(world)
    await forfeit(world)
    await world.clock.set(day(4, 2, 0))
    with pytest.raises(Forfeited):
        await collect(world, who)
    async with world.db.transaction() as tx:
        (claim,) = await claims_of(tx, who.person_id)
    assert (claim.during.start, claim.collected) == (FIRST.pickup_from, False)


async def test_a_reopened_pack_comes_again_and_is_collected_once(world: World) -> None:
    who = await ready(world)
    await forfeit(world)
    await world.clock.set(day(4, 10))
    await open_again(world, who)
    with pytest.raises(NotArrived):
        await collect(world, who)
    async with world.db.transaction() as tx:
        assert await arrive_at(tx, OURS, 12) == 1
    await world.clock.set(day(4, 20, 23, 59))
    await slip(world, who, await number_of(world, who))
    await collect(world, who)
    with pytest.raises(AlreadyCollected):
        await collect(world, who)
    async with world.db.transaction() as tx:
        claims = await claims_of(tx, who.person_id)
    assert [claim.during.start for claim in claims] == [FIRST.pickup_from]  # no new claim
    acts = await world.rows("SELECT actor, act FROM audit_log ORDER BY seq")
    assert acts == [
        ("system", "seal_collections"),
        ("operator-1", "reopen"),
        ("se-100001-a", "hand_over"),
    ]


async def test_a_pack_is_reopened_once(world: World) -> None:
    who = await ready(world)
    with pytest.raises(NotForfeited):
        await open_again(world, who)
    await forfeit(world)
    await world.clock.set(day(4, 10))
    with pytest.raises(ValueError, match="until"):
        await open_again(world, who, date(2020, 4, 9))
    await open_again(world, who)
    async with world.db.transaction() as tx:
        await arrive_at(tx, OURS, 12)
    assert await forfeit(world, 4, 20) == 0
    await world.clock.set(day(4, 21, 0))
    with pytest.raises(PickupOver):
        await collect(world, who)
    assert await forfeit(world, 4, 21) == 1
    with pytest.raises(PickupOver):
        await collect(world, who)
    with pytest.raises(NotForfeited):
        await open_again(world, who, date(2020, 4, 30))


async def test_before_shipping_another_store_simply_gets_the_pack(world: World) -> None:
    who = await world.person()
    await world.order(who)
    await world.many_orders(2, store=OTHER)
    await world.pack()
    await move(world, who)
    async with world.db.transaction() as tx:
        lines = await packing.packing_list(tx, round_id=FIRST.id, chain=OTHER[0])
        assert await packing.packing_list(tx, round_id=FIRST.id, chain=OURS[0]) == []
    assert [line.packs for line in lines] == [3]
    await world.deliver()
    await world.clock.set(day(3, 26))
    found = await slip(world, who, await number_of(world, who), store=OTHER)
    assert found.bag_number == 3
    with pytest.raises(WrongStore):
        await collect(world, who)
    await collect(world, who, store=OTHER)


async def test_a_pack_at_a_store_that_closed_travels_on(world: World) -> None:
    who = await ready(world)
    async with world.db.transaction() as tx:
        await set_store_open(tx, chain=OURS[0], code=OURS[1], open=False)
    await move(world, who)
    assert await world.state(who) == "paid"
    with pytest.raises(NotArrived):
        await collect(world, who, store=OTHER)
    async with world.db.transaction() as tx:
        assert await arrive_at(tx, OTHER, 1) == 1
        assert await arrive_at(tx, OTHER, 1) == 0
    await collect(world, who, store=OTHER)


async def test_whoever_was_to_collect_at_a_store_that_closes_is_told_once(world: World) -> None:
    early = await world.person()
    await world.preorder(early, SECOND)
    async with world.db.transaction() as tx:
        await tx.execute("UPDATE round SET frozen_at = closes_at WHERE round_id = %s", (FIRST.id,))
    awaiting, here = await world.person(), await ready(world)
    await world.order(awaiting, state="awaiting_payment")
    lapsed, elsewhere, done = [await world.person() for _ in range(3)]
    await world.order(lapsed, state="lapsed")
    await world.order(elsewhere, store=OTHER)
    await world.order(done, state="collected")
    for _ in range(2):
        async with world.db.transaction() as tx:
            await set_store_open(tx, chain=OURS[0], code=OURS[1], open=False)
    told = await world.rows(
        "SELECT person_id, reference, created_at FROM outbox WHERE kind = 'store_closed'"
    )
    now = await world.clock.now()
    assert {row[0] for row in told} == {early.person_id, awaiting.person_id, here.person_id}
    assert {row[1:] for row in told} == {("2020-1:SE100001", now), ("2020-2:SE100001", now)}


async def test_an_unpaid_order_may_change_its_store_too(world: World) -> None:
    who = await world.person()
    await world.order(who, state="awaiting_payment")
    await move(world, who)
    assert await world.state(who) == "awaiting_payment"
    assert await world.value("SELECT chain FROM orders") == OTHER[0]
    await move(world, who)  # to where it is: nothing happens


@pytest.mark.parametrize(
    ("store", "refused"), [(CLOSED, StoreClosed), ((Chain.HL, "999"), UnknownStore)]
)
async def test_the_new_store_is_open_and_exists(
    world: World, store: tuple[Chain, str], refused: type[Refusal]
) -> None:
    who = await ready(world)
    with pytest.raises(refused):
        await move(world, who, store)
    assert await world.value("SELECT chain FROM orders") == OURS[0]


async def test_without_a_pack_to_get_there_is_no_store_to_change(world: World) -> None:
    nobody, lapsed = await world.person(), await world.person()
    await world.order(lapsed, state="lapsed")
    late = await world.person()
    await world.order(late)
    done = await ready(world)
    await collect(world, done)
    await forfeit(world)
    for who, refused in (
        (nobody, NoPreorder),
        (lapsed, NotPaid),
        (done, AlreadyCollected),
        (late, Forfeited),
    ):
        with pytest.raises(refused):
            await move(world, who)


async def test_many_are_opened_again_by_county_and_each_once(world: World) -> None:
    await world.many_orders(3)
    await world.many_orders(2, store=OTHER)
    async with world.db.transaction() as tx:
        await tx.execute("UPDATE store SET county = '新北市' WHERE store_code = %s", (OTHER[1],))
    await world.deliver()
    await forfeit(world)
    await world.clock.set(day(4, 10))
    assert await open_many(world, county="新北市") == 2
    with pytest.raises(NotForfeited):
        await open_many(world, county="新北市")
    assert await open_many(world) == 3
    acts = await world.rows(
        "SELECT detail ->> 'county', detail ->> 'packs' FROM audit_log WHERE act = 'reopen_many'"
        " ORDER BY seq"
    )
    assert acts == [("新北市", "2"), (None, "3")]


async def test_what_came_late_and_was_given_up_may_be_opened_again_once(world: World) -> None:
    """Its own last day, that of a pack that was missing, is no re-collection."""
    who = await world.person()
    await world.order(who)
    await world.pack()
    async with world.db.transaction() as tx:
        shortage_id = await report_shortage(
            tx, round=FIRST, chain=OURS[0], store_code=None, packs=1, at=day(3, 24), by="se-centre"
        )
        await packs_came(
            tx,
            round=FIRST,
            chain=OURS[0],
            shortage_id=shortage_id,
            packs=1,
            at=day(3, 28),
            by="se-centre",
        )
        assert await arrive_at(tx, OURS, 1) == 1
    assert await forfeit(world, 4, 4) == 0  # 28 March, a day on the way, seven to collect
    assert await forfeit(world, 4, 5) == 1
    await world.clock.set(day(4, 10))
    await open_again(world, who)
    async with world.db.transaction() as tx:
        assert await arrive_at(tx, OURS, 12) == 1
    assert await forfeit(world, 4, 21) == 1
    with pytest.raises(NotForfeited):
        await open_again(world, who, date(2020, 4, 30))


async def test_opened_again_at_its_own_store_a_pack_keeps_its_bag(world: World) -> None:
    who = await ready(world)
    await forfeit(world)
    await world.clock.set(day(4, 10))
    await open_again(world, who, at_store=OURS)
    assert await world.rows("SELECT bag_number, hold FROM parcel") == [(1, None)]
    assert await world.rows("SELECT packs, last_bag FROM shipment") == [(1, 1)]
