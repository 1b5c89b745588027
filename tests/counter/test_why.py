"""One "why" for everybody: the fact, its place, and the next dates."""

from datetime import date

import pytest

from counter.test_check_and_sell import ADULT_MASK, CHILD_MASK, ask, buy
from delivery.world import CHILD, HEALTH_CENTRE, PHARMACY, Someone, World, day
from emask.counter.model import Purchase
from emask.counter.why import Collection, Why, why
from emask.identity.registry import stop_card
from emask.rules.calendar import day_in_taipei
from emask.rules.people import last_digit
from emask.rules.refusals import (
    AlreadyBought,
    CardInactive,
    ChildNotEligible,
    IntervalNotOver,
    ProductNotForAdult,
    WouldVoidPreorder,
    WrongDayOddEven,
)


async def why_of(world: World, who: Someone) -> Why:
    today = day_in_taipei(await world.clock.now())
    async with world.db.transaction() as tx:
        return await why(
            tx, person_id=who.person_id, last_digit=last_digit(who.id_number), day=today
        )


async def test_who_may_buy_is_told_how_much(world: World) -> None:
    who = await world.person(digit=1)
    await world.clock.set(day(3, 13))
    told = await why_of(world, who)
    adult, child = told.verdicts
    assert (adult.product, adult.pieces, adult.refusal) == (ADULT_MASK, 3, None)
    assert child.product is CHILD_MASK
    assert isinstance(child.refusal, ProductNotForAdult)
    assert told.next_at_counter == date(2020, 3, 13)
    assert told.collections == ()


async def test_the_last_purchase_is_told_with_day_and_place(world: World) -> None:
    who = await world.person(digit=1)
    await world.clock.set(day(3, 22))  # a Sunday
    await buy(world, who, site=HEALTH_CENTRE)
    await world.clock.set(day(3, 23))
    told = await why_of(world, who)
    refusal = told.verdicts[0].refusal
    assert isinstance(refusal, IntervalNotOver)
    assert refusal.data == {
        "next_date": "2020-03-29",
        "bought_on": "2020-03-22",
        "site_name": "大安區衛生所",
    }
    assert "上次購買日是3月22日（星期日），在大安區衛生所。" in refusal.text("zh")
    assert "The last purchase was on Sunday 22 March 2020 at 大安區衛生所." in refusal.text("en")
    assert told.next_at_counter == date(2020, 3, 29)
    assert told.purchases == (
        Purchase(
            bought_on=date(2020, 3, 22),
            site_name="大安區衛生所",
            product=ADULT_MASK,
            pieces=3,
            undone=False,
        ),
    )


async def test_a_paid_pre_order_is_told_with_its_first_day_and_its_store(world: World) -> None:
    who = await world.person(digit=1)
    await world.order(who, paid_at=day(3, 20))
    await world.clock.set(day(3, 27))
    told = await why_of(world, who)
    refusal = told.verdicts[0].refusal
    assert isinstance(refusal, AlreadyBought)
    assert refusal.data == {
        "next_date": "2020-04-02",
        "round_id": "2020-1",
        "collect_from": "2020-03-26",
        "store_name": "門市100001",
    }
    assert told.collections == (
        Collection(round_id="2020-1", first=date(2020, 3, 26), last=date(2020, 4, 1)),
    )
    assert told.next_at_counter == date(2020, 4, 3)  # 2 April is an even day


async def test_a_store_that_was_chosen_anew_is_the_one_that_is_told(world: World) -> None:
    who = await world.person(digit=1)
    await world.order(who, paid_at=day(3, 20))
    await world.pack()
    await world.rows(
        "UPDATE parcel SET chain = 'FM', store_code = '200001' RETURNING 1",
    )
    await world.clock.set(day(3, 27))
    refusal = (await why_of(world, who)).verdicts[0].refusal
    assert isinstance(refusal, AlreadyBought)
    assert refusal.store_name == "門市200001"


async def test_what_would_void_a_pre_order_is_told_with_its_store(world: World) -> None:
    who = await world.person(digit=1)
    await world.clock.set(day(3, 20))
    await buy(world, who)
    await world.order(who, paid_at=day(3, 21))  # its claim stands from 27 March
    await world.rows(
        "UPDATE claim SET during = '[2020-04-01,2020-04-08)' WHERE round_id = '2020-1' RETURNING 1"
    )
    await world.clock.set(day(3, 27))
    refusal = (await why_of(world, who)).verdicts[0].refusal
    assert isinstance(refusal, WouldVoidPreorder)
    assert (refusal.round_id, refusal.store_name) == ("2020-1", "門市100001")
    assert "預購的領取期限到4月1日（星期三）為止，門市是門市100001。" in refusal.text("zh")


async def test_the_next_day_counts_odd_and_even_and_claims_together(world: World) -> None:
    who = await world.person(digit=1)
    await world.order(who, paid_at=day(3, 20))
    await world.clock.set(day(3, 26))  # an even day, the first of the claim
    told = await why_of(world, who)
    assert isinstance(told.verdicts[0].refusal, WrongDayOddEven)
    assert told.next_at_counter == date(2020, 4, 3)


async def test_a_child_and_a_stopped_card(world: World) -> None:
    child = await world.person(born=CHILD)
    await world.clock.set(day(3, 13))
    told = await why_of(world, child)
    child_mask, adult_mask = told.verdicts  # what is for this person comes first
    assert (child_mask.product, child_mask.pieces) == (CHILD_MASK, 5)
    assert isinstance(adult_mask.refusal, ChildNotEligible)
    async with world.db.transaction() as tx:
        await stop_card(tx, person_id=child.person_id)
    told = await why_of(world, child)
    assert all(isinstance(each.refusal, CardInactive) for each in told.verdicts)
    assert told.next_at_counter is None


@pytest.mark.parametrize("product", [ADULT_MASK, CHILD_MASK])
async def test_the_counter_says_the_same(world: World, product: object) -> None:
    who = await world.person(digit=1)
    await world.clock.set(day(3, 22))
    await buy(world, who)
    await world.clock.set(day(3, 23))
    told = await why_of(world, who)
    mine = next(each for each in told.verdicts if each.product is product)
    answer = await ask(world, who, mine.product, site=PHARMACY)
    assert mine.refusal
    assert answer.refusal
    assert answer.refusal.data == mine.refusal.data
    assert answer.refusal.text("zh") == mine.refusal.text("zh")
