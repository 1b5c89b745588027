"""What is proposed to whom, and who shows another paper than the card."""

from uuid import uuid4

import pytest

from counter.test_check_and_sell import ADULT_MASK, CHILD_MASK, bring, buy
from delivery.world import CHILD, PHARMACY, Someone, World, day
from emask.counter.model import Paper
from emask.counter.offers import Offer, acted_for, offers_to
from emask.identity.registry import stop_card
from emask.rules.people import make_national_id
from emask.rules.refusals import CardInactive, CardUnknown, IntervalNotOver


async def offered(world: World, who: Someone, paper: Paper = Paper.NHI_CARD) -> tuple[Offer, ...]:
    return await offers_to(
        world.db,
        world.clock,
        world.vault,
        site_code=PHARMACY,
        id_number=who.id_number,
        paper=paper,
    )


async def test_everybody_is_offered_what_their_age_may_have(world: World) -> None:
    await world.clock.set(day(3, 22))
    (adult,) = await offered(world, await world.person())
    (child,) = await offered(world, await world.person(born=CHILD))
    assert (adult.product, adult.answer.pieces) == (ADULT_MASK, 3)
    assert (child.product, child.answer.pieces) == (CHILD_MASK, 5)


async def test_who_may_have_either_chooses(world: World) -> None:
    await world.clock.set(day(3, 22))
    await world.rows("UPDATE counter_policy SET adult_may_buy_child_masks = true RETURNING 1")
    who = await world.person()
    own, other = await offered(world, who)
    assert (own.product, other.product) == (ADULT_MASK, CHILD_MASK)
    await world.rows("UPDATE counter_stock SET pieces = 0 WHERE product = 'adult_mask' RETURNING 1")
    (left,) = await offered(world, who)
    assert left.product is CHILD_MASK


async def test_a_refusal_comes_with_the_product_that_it_is_about(world: World) -> None:
    await world.clock.set(day(3, 22))
    child = await world.person(born=CHILD)
    await buy(world, child, CHILD_MASK)
    (no,) = await offered(world, child)
    assert no.product is CHILD_MASK
    assert isinstance(no.answer.refusal, IntervalNotOver)
    nobody = Someone(person_id=uuid4(), id_number=make_national_id(987_654))
    (unknown,) = await offered(world, nobody)
    assert isinstance(unknown.answer.refusal, CardUnknown)


async def test_a_lost_card_is_no_use_but_another_paper_is(world: World) -> None:
    await world.clock.set(day(3, 22))
    who = await world.person()
    async with world.db.transaction() as tx:
        await stop_card(tx, person_id=who.person_id)
    (refused,) = await offered(world, who)
    assert isinstance(refused.answer.refusal, CardInactive)
    with pytest.raises(CardInactive):
        await buy(world, who, paper=Paper.NHI_CARD)
    (allowed,) = await offered(world, who, Paper.PASSPORT)
    assert allowed.answer.allowed
    sale = await buy(world, who, paper=Paper.PASSPORT)
    assert sale.paper is Paper.PASSPORT
    assert await world.rows("SELECT paper FROM counter_sale") == [("passport",)]


async def test_a_visitor_is_counted(world: World) -> None:
    await world.clock.set(day(3, 22))
    who, visit = await world.person(), uuid4()
    async with world.db.transaction() as tx:
        assert await acted_for(tx, visit) == {ADULT_MASK: 0, CHILD_MASK: 0}
    await bring(world, who, visit=visit)
    async with world.db.transaction() as tx:
        assert await acted_for(tx, visit) == {ADULT_MASK: 1, CHILD_MASK: 0}
