"""Kiosk and till on a real database (B4, B10, B15)."""

from datetime import date, timedelta

import pytest

from delivery.world import FIRST, OTHER, OURS, PHARMACY, SECOND, Someone, World, day
from emask.counter.service import sell
from emask.delivery import packing
from emask.delivery.collection import ask_for_slip, hand_over, parcel_of
from emask.delivery.model import Slip
from emask.delivery.shortages import report_shortage
from emask.entitlement.service import claims_of
from emask.rounds.model import Chain
from emask.rules.calendar import Product, Round
from emask.rules.people import Document, InvalidEntry, make_national_id
from emask.rules.pickup import normalise_slip_number, pickup_number
from emask.rules.refusals import (
    AlreadyCollected,
    DocumentMismatch,
    LockedOut,
    NoPreorder,
    NotArrived,
    NotPaid,
    NotSelected,
    TooEarly,
    WrongPickupNumber,
    WrongStore,
)


async def collect(
    world: World,
    who: Someone,
    *,
    store: tuple[Chain, str] = OURS,
    document: Document = Document.NHI_CARD,
    by_proxy: bool = False,
    round: Round = FIRST,
) -> None:
    await hand_over(
        world.db,
        world.clock,
        person_id=who.person_id,
        round_id=round.id,
        chain=store[0],
        store_code=store[1],
        document=document,
        by_proxy=by_proxy,
        clerk="se-100001-a",
    )


async def ready(world: World) -> Someone:
    """Somebody whose pack is at the store on the first day of collection."""
    who = await world.person()
    await world.order(who)
    await world.deliver()
    await world.clock.set(day(3, 26))
    return who


async def number_of(world: World, who: Someone, round: Round = FIRST) -> str:
    async with world.db.transaction() as tx:
        parcel = await parcel_of(tx, person_id=who.person_id, round_id=round.id)
    assert parcel
    return parcel.pickup_number


async def slip(world: World, who: Someone, number: str, *, store: tuple[Chain, str] = OURS) -> Slip:
    return await ask_for_slip(
        world.db,
        world.clock,
        world.vault,
        pickup_number=number,
        id_number=who.id_number,
        chain=store[0],
        store_code=store[1],
    )


def another(number: str) -> str:
    """A well-formed pick-up number that is not this one."""
    return pickup_number(f"{(int(number[:8]) + 1) % 10**8:08}")


async def test_the_slip_tells_the_clerk_which_bag_and_whose(world: World) -> None:
    who = await ready(world)
    number = await number_of(world, who)
    found = await slip(world, who, f" {number[:4]}-{number[4:]} ")
    assert normalise_slip_number(found.number) == found.number
    assert found == Slip(
        number=found.number,
        bag_number=1,
        masked_name="王○明",
        documents=(Document.NATIONAL_ID, Document.NHI_CARD, Document.DRIVING_LICENCE),
        printed_at=day(3, 26),
        expires_at=day(3, 26, 12),
    )


async def test_handing_over_closes_the_order_and_fixes_the_claim(world: World) -> None:
    who = await ready(world)
    await collect(world, who)
    assert await world.state(who) == "collected"
    rows = await world.rows("SELECT chain, store_code, document, by_proxy, clerk FROM collection")
    assert rows == [(*OURS, "nhi_card", False, "se-100001-a")]
    async with world.db.transaction() as tx:
        claims = await claims_of(tx, who.person_id)
    assert [(claim.during.end, claim.collected) for claim in claims] == [(date(2020, 4, 2), True)]


async def test_a_proxy_brings_the_orderers_document(world: World) -> None:
    who = await ready(world)
    await collect(world, who, document=Document.DRIVING_LICENCE, by_proxy=True)
    assert await world.value("SELECT by_proxy FROM collection") is True


async def test_the_document_has_to_fit_the_orderer(world: World) -> None:
    who, guest = await world.person(), await world.foreigner()
    await world.order(who)
    await world.order(guest)
    await world.deliver()
    await world.clock.set(day(3, 26))
    with pytest.raises(DocumentMismatch):
        await collect(world, who, document=Document.RESIDENCE_PERMIT)
    with pytest.raises(DocumentMismatch):
        await collect(world, guest, document=Document.NATIONAL_ID)
    number = await number_of(world, guest)
    assert (await slip(world, guest, number)).documents == (
        Document.NHI_CARD,
        Document.DRIVING_LICENCE,
        Document.RESIDENCE_PERMIT,
    )
    await collect(world, guest, document=Document.RESIDENCE_PERMIT)


async def test_b10_a_counter_purchase_defers_collection(world: World) -> None:
    """Paid on 3/20, bought at a pharmacy on 3/22: collected from 3/29."""
    who = await world.person()
    await world.order(who, paid_at=day(3, 20))
    await world.clock.set(day(3, 22))
    await sell(
        world.db,
        world.clock,
        world.vault,
        site_code=PHARMACY,
        id_number=who.id_number,
        product=Product.ADULT_MASK,
        sold_by="pharmacist",
    )
    await world.deliver()
    number = await number_of(world, who)
    await world.clock.set(day(3, 28, 23, 59))
    with pytest.raises(TooEarly) as early:
        await collect(world, who)
    assert early.value.from_date == date(2020, 3, 29)
    with pytest.raises(TooEarly):
        await slip(world, who, number)
    await world.clock.set(day(3, 29, 0))
    await slip(world, who, number)
    await collect(world, who)
    assert await world.state(who) == "collected"


async def test_refusals_without_a_pack(world: World) -> None:
    nobody, unlucky, unpaid = [await world.person() for _ in range(3)]
    await world.preorder(unlucky)
    await world.order(unpaid, state="awaiting_payment")
    await world.clock.set(day(3, 20))
    with pytest.raises(NoPreorder):
        await collect(world, nobody)
    with pytest.raises(NotPaid):  # the draw is not out yet
        await collect(world, unlucky)
    with pytest.raises(NotPaid):
        await collect(world, unpaid)
    async with world.db.transaction() as tx:
        await tx.execute(
            "INSERT INTO draw (round_id, algorithm, entries, quota, root, beacon, beacon_key,"
            " beacon_round, committed_at, seed, drawn_at, published_at) VALUES (%s, 'v1', 2, 1,"
            " %s, 'b', '', 1, %s, %s, %s, %s)",
            (
                *(FIRST.id, bytes(32), FIRST.closes_at, bytes(32)),
                *(FIRST.closes_at + timedelta(hours=1), FIRST.pay_from),
            ),
        )
    with pytest.raises(NotSelected):
        await collect(world, unlucky)
    await world.rows("UPDATE preorder SET state = 'cancelled' RETURNING 1")
    with pytest.raises(NoPreorder):
        await collect(world, unlucky)


async def test_refusals_with_a_pack(world: World) -> None:
    who = await world.person()
    await world.order(who)
    await world.clock.set(day(3, 25))
    with pytest.raises(NotArrived):
        await collect(world, who)
    await world.deliver()
    await world.clock.set(day(3, 26))
    with pytest.raises(WrongStore) as wrong:
        await collect(world, who, store=OTHER)
    assert wrong.value.store_name == "7-11 門市100001"
    await collect(world, who)
    with pytest.raises(AlreadyCollected) as again:
        await collect(world, who)
    assert again.value.collected_at == day(3, 26)
    assert await world.value("SELECT count(*) FROM collection") == 1


async def test_kiosk_and_till_say_not_arrived_of_a_missing_pack_whatever_the_day(
    world: World,
) -> None:
    who = await world.person()
    await world.order(who)
    await world.pack()
    async with world.db.transaction() as tx:
        await report_shortage(
            tx,
            round=FIRST,
            chain=OURS[0],
            store_code=None,
            packs=1,
            at=day(3, 24),
            by="centre",
        )
        await packing.ship(tx, round=FIRST, at=day(3, 25, 8))
        await packing.arrive(tx, round=FIRST, at=day(3, 26, 0))
    await world.clock.set(FIRST.pickup_ends_at)
    with pytest.raises(NotArrived):
        await slip(world, who, await number_of(world, who))
    with pytest.raises(NotArrived):
        await collect(world, who)


async def test_the_pickup_number_tells_the_round(world: World) -> None:
    who = await ready(world)
    await collect(world, who)
    await world.order(who, SECOND)
    await world.deliver(SECOND)
    await world.clock.set(SECOND.pickup_opens_at)
    await slip(world, who, await number_of(world, who, SECOND))
    assert await world.rows("SELECT round_id FROM slip") == [(SECOND.id,)]
    with pytest.raises(AlreadyCollected):
        await slip(world, who, await number_of(world, who, FIRST))


async def test_a_mistyped_number_costs_no_attempt(world: World) -> None:
    who = await ready(world)
    number = await number_of(world, who)
    mistyped = number[:8] + str((int(number[8]) + 1) % 10)
    with pytest.raises(InvalidEntry):
        await slip(world, who, mistyped)
    assert await world.rows("SELECT * FROM pickup_attempt") == []


async def test_five_wrong_numbers_lock_the_person_for_a_quarter_of_an_hour(world: World) -> None:
    who = await ready(world)
    number = await number_of(world, who)
    for _ in range(5):
        with pytest.raises(WrongPickupNumber):
            await slip(world, who, another(number))
    with pytest.raises(LockedOut) as locked:
        await slip(world, who, number)
    assert locked.value.until == day(3, 26, 10, 15)
    await world.clock.set(day(3, 26, 10, 14))
    with pytest.raises(LockedOut):
        await slip(world, who, number)
    await world.clock.set(day(3, 26, 10, 15))
    await slip(world, who, number)
    assert await world.rows("SELECT * FROM pickup_attempt") == []


async def test_the_right_number_starts_the_count_anew(world: World) -> None:
    who = await ready(world)
    number = await number_of(world, who)
    for _ in range(2):
        for _ in range(4):
            with pytest.raises(WrongPickupNumber):
                await slip(world, who, another(number))
        await slip(world, who, number)


async def test_a_stranger_learns_nothing(world: World) -> None:
    """Known or not, with a pack or without: the same answer, the same lock."""
    who = await ready(world)
    number = await number_of(world, who)
    without = await world.person()
    unknown = Someone(person_id=who.person_id, id_number=make_national_id(40_000_000))
    for someone in (without, unknown):
        for _ in range(5):
            with pytest.raises(WrongPickupNumber):
                await slip(world, someone, number)
        with pytest.raises(LockedOut):
            await slip(world, someone, number)
    await slip(world, who, number)
