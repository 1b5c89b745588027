"""A slip between kiosk and till: good here, for a while, once."""

from contextlib import suppress
from datetime import timedelta

import pytest

from delivery.test_collection import another, number_of, ready, slip
from delivery.world import FIRST, OTHER, OURS, Someone, World, day
from emask.delivery import collection_queries
from emask.delivery.collection import GOOD_FOR
from emask.delivery.model import Bag, Till
from emask.delivery.slips import KEPT, forget_slips, hand_over_slip, read_slip
from emask.identity import tries
from emask.identity.tries import PER_KIOSK, Budget
from emask.rounds.model import Chain
from emask.rules.people import Document, InvalidEntry, make_national_id
from emask.rules.pickup import slip_number
from emask.rules.refusals import (
    AlreadyHandedOver,
    DocumentMismatch,
    LockedOut,
    PickupNumberNeeded,
    SlipExpired,
    SlipUnknown,
    WrongPickupNumber,
    WrongStore,
)

HERE = Till(chain=OURS[0], store_code=OURS[1], clerk="se-100001-a")
ELSEWHERE = Till(chain=OTHER[0], store_code=OTHER[1], clerk="fm-200001-a")


async def printed(world: World, who: Someone) -> str:
    return (await slip(world, who, await number_of(world, who))).number


async def read(world: World, number: str, till: Till = HERE) -> Bag:
    return await read_slip(world.db, world.clock, world.vault, number=number, till=till)


async def hand(
    world: World, number: str, till: Till = HERE, document: Document = Document.NHI_CARD
) -> None:
    await hand_over_slip(
        world.db,
        world.clock,
        world.vault,
        number=number,
        till=till,
        document=document,
        by_proxy=False,
    )


async def test_a_slip_stands_for_a_bag(world: World) -> None:
    who = await ready(world)
    number = await printed(world, who)
    assert await read(world, f"{number[:6]}-{number[6:]}") == Bag(
        person_id=who.person_id,
        round_id=FIRST.id,
        bag_number=1,
        masked_name="王○明",
        documents=(Document.NATIONAL_ID, Document.NHI_CARD, Document.DRIVING_LICENCE),
    )
    with pytest.raises(DocumentMismatch):
        await hand(world, number, document=Document.RESIDENCE_PERMIT)
    await hand(world, number)
    assert await world.state(who) == "collected"


async def test_the_same_slip_twice_says_when_and_by_which_till(world: World) -> None:
    who = await ready(world)
    first, second = await printed(world, who), await printed(world, who)
    await hand(world, first)
    await world.clock.set(day(3, 26, 18))  # however old
    for number in (first, second):
        with pytest.raises(AlreadyHandedOver) as told:
            await hand(world, number)
        assert told.value.collected_at == day(3, 26)
        assert told.value.till == HERE.clerk


async def test_what_was_never_printed_or_is_mistyped(world: World) -> None:
    await ready(world)
    number = slip_number("12345678901")
    with pytest.raises(SlipUnknown):
        await read(world, number)
    with pytest.raises(InvalidEntry):
        await read(world, number[:-1] + str((int(number[-1]) + 1) % 10))
    with pytest.raises(InvalidEntry):
        await read(world, number[:-1])


async def test_a_slip_is_good_for_two_hours(world: World) -> None:
    number = await printed(world, await ready(world))
    await world.clock.set(day(3, 26) + GOOD_FOR - timedelta(seconds=1))
    await read(world, number)
    await world.clock.set(day(3, 26) + GOOD_FOR)
    with pytest.raises(SlipExpired) as old:
        await hand(world, number)
    assert old.value.expired_at == day(3, 26, 12)


async def test_a_slip_of_another_store_says_which(world: World) -> None:
    who = await ready(world)
    number = await printed(world, who)
    for act in (read, hand):
        with pytest.raises(WrongStore) as wrong:
            await act(world, number, ELSEWHERE)
        assert wrong.value.store_name == "7-11 門市100001"
    assert await world.state(who) == "arrived"


async def test_the_paper_alone_knows_its_number(world: World) -> None:
    number = await printed(world, await ready(world))
    kept = str(await world.value("SELECT slip::text FROM slip"))
    assert number not in kept
    assert world.vault.digest("slip", number).hex() in kept


async def test_old_slips_are_forgotten(world: World) -> None:
    await printed(world, await ready(world))
    usable_until = day(3, 26) + GOOD_FOR
    async with world.db.transaction() as tx:
        assert await forget_slips(tx, at=usable_until + KEPT) == 0
        assert await forget_slips(tx, at=usable_until + KEPT + timedelta(seconds=1)) == 1


async def test_an_entrys_number_finds_its_order_and_prints_nothing(world: World) -> None:
    who = await ready(world)
    beginning = str(await world.value("SELECT left(ticket::text, 8) FROM preorder"))
    with pytest.raises(PickupNumberNeeded):
        await slip(world, who, beginning)
    other = await world.person()
    with pytest.raises(WrongPickupNumber):
        await slip(world, other, beginning)
    assert await world.rows("SELECT * FROM slip") == []


async def guesses_beside_an_entry(world: World) -> int:
    """How many wrong pick-up numbers are judged, the entry's number being given after each four."""
    who = await ready(world)
    wrong = another(await number_of(world, who))
    entry = str(await world.value("SELECT left(ticket::text, 8) FROM preorder"))
    judged = 0
    for number in [wrong, wrong, wrong, wrong, entry] * 3:
        try:
            await slip(world, who, number)
        except WrongPickupNumber:
            judged += 1
        except PickupNumberNeeded:
            continue
        except LockedOut:
            break
    return judged


async def test_an_entrys_number_buys_no_more_guesses(world: World) -> None:
    assert await guesses_beside_an_entry(world) == 5


async def test_if_it_cleared_the_count_it_would(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collection_queries, "forget_attempt", collection_queries.clear_attempts)
    assert await guesses_beside_an_entry(world) == 12


async def test_looking_up_an_entry_is_no_guess(world: World) -> None:
    who = await ready(world)
    entry = str(await world.value("SELECT left(ticket::text, 8) FROM preorder"))
    for _ in range(7):
        with pytest.raises(PickupNumberNeeded):
            await slip(world, who, entry)
    assert await world.rows("SELECT * FROM pickup_attempt") == []


async def looked_for(
    world: World, monkeypatch: pytest.MonkeyPatch, who: Someone, number: str
) -> list[str]:
    """What the kiosk asks the database, in its order, whatever comes of it."""
    asked: list[str] = []

    def listen(name: str) -> None:
        ask = getattr(collection_queries, name)

        async def heard(*given: object, **more: object) -> object:
            asked.append(name)
            return await ask(*given, **more)

        monkeypatch.setattr(collection_queries, name, heard)

    for name in ("count_attempt", "parcels_of", "round_of_entry", "clear_attempts", "standing"):
        listen(name)
    with suppress(WrongPickupNumber):
        await slip(world, who, number)
    monkeypatch.undo()
    return asked


async def test_a_stranger_takes_the_same_way_as_who_is_wrong(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else how long the answer takes would tell who has a pack; the right number goes further."""
    who = await ready(world)
    right = await number_of(world, who)
    stranger = Someone(person_id=who.person_id, id_number=make_national_id(40_000_001))
    wrong = await looked_for(world, monkeypatch, who, another(right))
    assert wrong == ["count_attempt", "parcels_of", "round_of_entry"]
    assert await looked_for(world, monkeypatch, stranger, right) == wrong
    assert await looked_for(world, monkeypatch, who, right) != wrong


async def guess(world: World, people: int, *, store: tuple[Chain, str] = OURS) -> int:
    """One wrong guess for each of many ID numbers at one kiosk; how many were judged."""
    judged = 0
    for serial in range(people):
        who = Someone(person_id=world.vault.person_id(""), id_number=make_national_id(serial))
        try:
            await slip(world, who, another("000000000"), store=store)
        except WrongPickupNumber:
            judged += 1
        except LockedOut:
            break
    return judged


async def test_many_id_numbers_at_one_kiosk_pause_that_kiosk_alone(world: World) -> None:
    who = await ready(world)
    number = await number_of(world, who)
    assert await guess(world, 50) == PER_KIOSK.allowed
    with pytest.raises(LockedOut) as locked:
        await slip(world, who, number)
    assert locked.value.until == day(3, 26, 10, 15)
    with pytest.raises(WrongStore):  # judged, there
        await slip(world, who, number, store=OTHER)
    await world.clock.set(day(3, 26, 10, 15))
    await slip(world, who, number)


async def test_without_that_limit_a_kiosk_guesses_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ready(world)
    monkeypatch.setattr("emask.delivery.collection.PER_KIOSK", Budget(tries.Tried.KIOSK, 1_000_000))
    assert await guess(world, 50) == 50


async def test_who_is_right_costs_the_kiosk_nothing(world: World) -> None:
    who = await ready(world)
    number = await number_of(world, who)
    for _ in range(PER_KIOSK.allowed + 1):
        await slip(world, who, number)
