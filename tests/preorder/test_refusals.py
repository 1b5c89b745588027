"""What is not placed is refused by the rules, in their order; one refusal fails nobody else."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from emask.database.clock import SetClock
from emask.database.vault import Vault
from emask.entitlement.service import claim_counter_sale
from emask.preorder.intake import Intake
from emask.preorder.model import Entry, Placement, Receipt
from emask.preorder.service import check_product
from emask.rounds.model import Chain
from emask.rounds.service import UnknownRound, save_round
from emask.rules.calendar import Channel, Product, Round
from emask.rules.refusals import (
    AlreadyBought,
    ChannelNotOffered,
    ChildNotEligible,
    Closed,
    IntervalNotOver,
    NotOpenYet,
    NotRegistered,
    ProductNotForAdult,
    ProductNotOnline,
    StoreClosed,
    UnknownStore,
)
from preorder.world import ADULT, CHILD, CLOSED, FIRST, SECOND, StillClock, World, entry


async def claim(world: World, person: UUID, day: date, *, days: int = 7) -> None:
    async with world.db.transaction() as tx:
        await claim_counter_sale(tx, person_id=person, sale_id=uuid4(), day=day, interval_days=days)


async def offer(world: World, changed: Round) -> None:
    async with world.db.transaction() as tx:
        await save_round(tx, changed)


async def test_before_opening(world: World, intake: Intake, still: StillClock) -> None:
    still.instant = FIRST.opens_at - timedelta(seconds=1)
    with pytest.raises(NotOpenYet) as refused:
        await intake.submit(entry(await world.person()))
    assert refused.value.opens_at == FIRST.opens_at


async def test_from_closing_on(world: World, intake: Intake, still: StillClock) -> None:
    still.instant = FIRST.closes_at
    with pytest.raises(Closed) as refused:
        await intake.submit(entry(await world.person()))
    assert refused.value.closed_at == FIRST.closes_at
    assert refused.value.next_opens_on == SECOND.opens_at.date()


async def test_the_last_second_counts(world: World, intake: Intake, still: StillClock) -> None:
    still.instant = FIRST.closes_at - timedelta(microseconds=1)
    assert (await intake.submit(entry(await world.person()))).placement is Placement.PLACED


async def test_once_frozen(world: World, intake: Intake) -> None:
    await world.run("UPDATE round SET frozen_at = now() WHERE round_id = '2020-1'")
    with pytest.raises(Closed):
        await intake.submit(entry(await world.person()))


async def test_a_child_by_the_rounds_rule(world: World, intake: Intake) -> None:
    with pytest.raises(ChildNotEligible):
        await intake.submit(entry(await world.person(born=FIRST.child_born_from)))
    eve = FIRST.child_born_from - timedelta(days=1)
    assert await intake.submit(entry(await world.person(born=eve)))


async def test_a_round_of_child_masks_is_for_children(world: World, intake: Intake) -> None:
    await offer(world, replace(FIRST, product=Product.CHILD_MASK))
    assert await intake.submit(entry(await world.person(born=CHILD)))
    with pytest.raises(ProductNotForAdult):
        await intake.submit(entry(await world.person(born=ADULT)))


async def test_a_channel_that_the_round_does_not_take(world: World, intake: Intake) -> None:
    kiosk = entry(await world.person())._replace(channel=Channel.KIOSK)
    with pytest.raises(ChannelNotOffered):
        await intake.submit(kiosk)
    await offer(world, replace(FIRST, channels=FIRST.channels | {Channel.KIOSK}))
    assert await intake.submit(kiosk)


async def test_buyers_of_the_round_that_this_one_is_closed_to(
    world: World, intake: Intake, still: StillClock
) -> None:
    await offer(world, replace(SECOND, closed_to_buyers_of=FIRST.id))
    still.instant = SECOND.opens_at
    buyer, other = await world.people(2)
    await world.paid(buyer, FIRST)
    with pytest.raises(AlreadyBought):
        await intake.submit(entry(buyer, round=SECOND))
    assert await intake.submit(entry(other, round=SECOND))


async def test_whose_pack_never_came_has_bought_nothing(
    world: World, intake: Intake, still: StillClock
) -> None:
    await offer(world, replace(SECOND, closed_to_buyers_of=FIRST.id))
    still.instant = SECOND.opens_at
    person = await world.person()
    await world.paid(person, FIRST)
    await world.run("UPDATE orders SET state = 'cancelled' WHERE person_id = %s", (person,))
    assert await intake.submit(entry(person, round=SECOND))


@pytest.mark.parametrize("store", [(Chain.SE, "999999"), (Chain.HL, "100001"), (Chain.SE, "\0")])
async def test_a_store_is_chain_and_code(
    world: World, intake: Intake, store: tuple[Chain, str]
) -> None:
    with pytest.raises(UnknownStore):
        await intake.submit(entry(await world.person(), store=store))


async def test_a_store_that_has_closed(world: World, intake: Intake) -> None:
    with pytest.raises(StoreClosed) as refused:
        await intake.submit(entry(await world.person(), store=CLOSED))
    assert refused.value.name == "門市300001"


@pytest.mark.parametrize("round_id", ["2099-1", "", "2020-1\0", "x" * 33])
async def test_a_round_that_is_none(world: World, intake: Intake, round_id: str) -> None:
    with pytest.raises(UnknownRound):
        await intake.submit(entry(await world.person())._replace(round_id=round_id))


async def test_somebody_whom_the_registry_does_not_know(world: World, intake: Intake) -> None:
    with pytest.raises(NotRegistered):
        await intake.submit(entry(uuid4()))


async def test_a_counter_purchase_does_not_block(world: World, intake: Intake) -> None:
    """B7: it is enough that one day of the window is left."""
    person = await world.person()
    await claim(world, person, FIRST.pickup_until)  # the last day is taken, the first is free
    assert await intake.submit(entry(person))


async def test_claims_on_every_day_of_the_window_block(world: World, intake: Intake) -> None:
    person = await world.person()
    await claim(world, person, FIRST.pickup_from)
    with pytest.raises(IntervalNotOver) as refused:
        await intake.submit(entry(person))
    assert refused.value.next_date == FIRST.pickup_from + timedelta(days=7)


async def test_claims_one_after_the_other_block_together(world: World, intake: Intake) -> None:
    person = await world.person()
    await claim(world, person, FIRST.pickup_from - timedelta(days=3))
    await claim(world, person, FIRST.pickup_from + timedelta(days=4))
    with pytest.raises(IntervalNotOver):
        await intake.submit(entry(person))


async def everything_wrong(world: World) -> Entry:
    """A child that has bought, on a channel not taken, at a closed store."""
    child = await world.person(born=CHILD)
    await claim(world, child, FIRST.pickup_from)
    await world.paid(child, SECOND)
    return entry(child, store=CLOSED)._replace(channel=Channel.KIOSK)


async def test_refusals_come_in_the_rules_order(
    world: World, intake: Intake, still: StillClock
) -> None:
    wrong = await everything_wrong(world)
    person = wrong.person_id
    await offer(world, replace(FIRST, closed_to_buyers_of=SECOND.id))
    still.instant = FIRST.opens_at - timedelta(days=1)
    await refused(intake, wrong, NotOpenYet)
    still.instant = FIRST.opens_at
    await refused(intake, wrong, ChannelNotOffered)
    wrong = wrong._replace(channel=Channel.COUNTER)
    await refused(intake, wrong, ChildNotEligible)
    await world.run("UPDATE person SET birth_date = %s WHERE person_id = %s", (ADULT, person))
    await refused(intake, wrong, AlreadyBought)
    await world.run("DELETE FROM orders")
    await refused(intake, wrong, IntervalNotOver)
    await world.run("DELETE FROM claim")
    await refused(intake, wrong, StoreClosed)
    await world.run("UPDATE store SET open = true")
    assert (await intake.submit(wrong)).placement is Placement.PLACED


async def refused(intake: Intake, wrong: Entry, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        await intake.submit(wrong)


async def test_in_one_batch_everybody_gets_the_own_outcome(world: World, intake: Intake) -> None:
    adult, again, buyer, blocked = await world.people(4)
    child = await world.person(born=CHILD)
    sent_before = entry(again)
    await intake.submit(sent_before)
    await claim(world, buyer, FIRST.pickup_until)
    await claim(world, blocked, FIRST.pickup_from)
    outcomes = await asyncio.gather(
        *(
            intake.submit(each)
            for each in (
                *(entry(adult), sent_before, entry(buyer), entry(blocked), entry(child)),
                entry(uuid4(), store=CLOSED),
            )
        ),
        return_exceptions=True,
    )
    placed, replayed, judged, *others = outcomes
    assert isinstance(placed, Receipt)
    assert placed.placement is Placement.PLACED
    assert isinstance(replayed, Receipt)
    assert replayed.placement is Placement.REPLAYED
    assert isinstance(judged, Receipt)
    assert judged.placement is Placement.PLACED
    assert [type(each) for each in others] == [IntervalNotOver, ChildNotEligible, NotRegistered]


async def test_a_product_that_the_round_does_not_offer() -> None:
    check_product(FIRST, Product.ADULT_MASK)
    with pytest.raises(ProductNotOnline):  # B5
        check_product(FIRST, Product.CHILD_MASK)


async def test_the_intake_goes_by_the_set_clock(
    world: World, clock: SetClock, vault: Vault
) -> None:
    person = await world.person()
    async with Intake(world.db, clock, vault) as intake:
        await clock.set(FIRST.opens_at - timedelta(minutes=1))
        await refused(intake, entry(person), NotOpenYet)
        await clock.set(FIRST.opens_at)
        await intake.submit(entry(person))
