"""The password that an office hands out, and the one that its person chooses (A1.1-3, A3)."""

import asyncio
import math
import re
from datetime import timedelta

import pytest

from emask.identity import queries
from emask.identity.counter_office import (
    Registered,
    first_password_at_counter,
    register_at_counter,
    serve_at_counter,
)
from emask.identity.decisions import HOUSEHOLD_CERTIFICATE
from emask.identity.first_password import (
    ALPHABET,
    as_handed_out,
    choose_own_password,
    must_choose_password,
    new_first_password,
    permit_to_choose,
)
from emask.identity.model import NewPerson
from emask.identity.registration import reset_password
from emask.identity.sign_in import sign_in_with_card
from emask.rules.people import Document, InvalidEntry
from emask.rules.refusals import EvidenceReplayed
from identity.world import HUA, MING, OFFICER, PASSWORD, WRONG, World, refused

SHOWN = frozenset({Document.NHI_CARD, Document.NATIONAL_ID, HOUSEHOLD_CERTIFICATE})


async def register(world: World, person: NewPerson = MING) -> Registered:
    return await register_at_counter(
        world.identity,
        officer=OFFICER,
        id_number=person.id_number,
        documents=SHOWN,
        waived_reason=None,
    )


async def forgotten(world: World, person: NewPerson = MING) -> str:
    made = await first_password_at_counter(
        world.identity,
        officer=OFFICER,
        id_number=person.id_number,
        documents=SHOWN,
        waived_reason=None,
    )
    assert made.first_password
    return made.first_password


async def registered(world: World, person: NewPerson = MING) -> str:
    password = (await register(world, person)).first_password
    assert password
    return password


async def by_card(world: World, password: str, person: NewPerson = MING) -> None:
    evidence = await world.card(person)
    await sign_in_with_card(world.identity, evidence=evidence, password=password)


async def must_choose(world: World, person: NewPerson = MING) -> bool:
    async with world.identity.db.transaction() as tx:
        return await must_choose_password(tx, world.id_of(person))


async def permit(world: World, person: NewPerson = MING) -> str:
    return await permit_to_choose(world.identity, person_id=world.id_of(person))


def test_a_first_password_can_be_read_out_and_not_be_guessed() -> None:
    made = {new_first_password() for _ in range(1000)}
    assert len(made) == 1000
    assert all(re.fullmatch(r"([2-9A-HJKMNP-Z]{3}-){3}[2-9A-HJKMNP-Z]{3}", each) for each in made)
    assert not set("01OIL") & set(ALPHABET)
    assert 12 * math.log2(len(ALPHABET)) > 50


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("k7m 4qx 9rd w2f", "K7M-4QX-9RD-W2F"),
        ("K7M4QX9RDW2F", "K7M-4QX-9RD-W2F"),
        ("Ｋ７Ｍ－４ＱＸ－９ＲＤ－Ｗ２Ｆ", "K7M-4QX-9RD-W2F"),
        ("correct horse", "correct horse"),
        ("k7m 4qx 9rd w20", "k7m 4qx 9rd w20"),
        ("", ""),
    ],
)
def test_it_is_taken_however_it_was_typed(typed: str, read: str) -> None:
    assert as_handed_out(typed) == read


async def test_it_signs_in_until_another_one_is_chosen(world: World) -> None:
    first = await registered(world)
    await by_card(world, first.lower().replace("-", " "))
    assert await must_choose(world)
    chosen_by = await choose_own_password(
        world.identity, permit=await permit(world), password=PASSWORD
    )
    assert chosen_by == world.id_of(MING)
    assert not await must_choose(world)
    await by_card(world, PASSWORD)
    async with refused("wrong_password"):
        await by_card(world, first)


async def test_it_is_kept_nowhere_in_clear(world: World) -> None:
    first = await registered(world)
    async with world.identity.db.transaction() as tx:
        for table in ("registration", "audit_log"):
            cursor = await tx.execute(f"SELECT {table}::text FROM {table}")
            rows = [row[0] for row in await cursor.fetchall()]
            assert rows
            assert not [row for row in rows if first in row or first.replace("-", "") in row]


async def test_who_has_a_password_keeps_it_unless_it_is_forgotten(world: World) -> None:
    await world.register(MING)
    assert (await register(world)).first_password is None
    assert not await must_choose(world)
    await by_card(world, PASSWORD)
    for _ in range(5):
        async with refused("wrong_password"):
            await by_card(world, WRONG)
    first = await forgotten(world)
    assert await must_choose(world)
    await by_card(world, first)  # the pause is over too
    assert await forgotten(world) != first
    async with refused("wrong_password"):
        await by_card(world, first)


async def test_who_was_served_before_gets_one_when_registering(world: World) -> None:
    await serve_at_counter(
        world.identity,
        officer=OFFICER,
        id_number=MING.id_number,
        documents=SHOWN,
        waived_reason=None,
    )
    assert not await must_choose(world)
    await by_card(world, await registered(world))


async def test_any_new_password_takes_its_place(world: World) -> None:
    for person in (MING, HUA):
        await registered(world, person)
    await reset_password(world.identity, session=await world.session(MING), password=PASSWORD)
    await world.register(HUA)
    assert not await must_choose(world)
    assert not await must_choose(world, HUA)


async def test_the_one_on_paper_cannot_be_chosen(world: World) -> None:
    first = await registered(world)
    for same in (first, first.lower()):
        with pytest.raises(InvalidEntry) as wrong:
            await choose_own_password(world.identity, permit=await permit(world), password=same)
        assert wrong.value.reason == "unchanged"
    with pytest.raises(InvalidEntry):
        await choose_own_password(world.identity, permit=await permit(world), password="short")
    assert await must_choose(world)


async def test_a_permit_is_for_minutes_and_for_one_choice(world: World) -> None:
    await registered(world)
    old, other = await permit(world), await permit(world)
    async with refused("evidence_altered"):
        await choose_own_password(world.identity, permit=old + "A", password=PASSWORD)
    await choose_own_password(world.identity, permit=old, password=PASSWORD)
    async with refused("evidence_replayed"):
        await choose_own_password(world.identity, permit=other, password=WRONG)
    await world.wait(timedelta(minutes=6))
    async with refused("evidence_expired"):
        await choose_own_password(world.identity, permit=other, password=WRONG)


async def test_two_officers_at_once_hand_out_one_password(world: World) -> None:
    made = await asyncio.gather(*(register(world) for _ in range(6)))
    handed_out = [each.first_password for each in made if each.first_password]
    assert len(handed_out) == 1
    await by_card(world, handed_out[0])


async def test_without_looking_again_each_would_hand_out_one(world: World) -> None:
    both_looked = asyncio.Barrier(2)

    async def careless(kept: str) -> bool:
        async with world.identity.db.transaction() as tx:
            none_yet = await queries.password_hash(tx, world.id_of(MING)) is None
        await both_looked.wait()
        async with world.identity.db.transaction() as tx:
            await queries.save_registration(
                tx, world.id_of(MING), registered_by="counter", at=await world.clock.now()
            )
            return none_yet and await queries.replace_by_first_password(tx, world.id_of(MING), kept)

    assert all(await asyncio.gather(careless("one"), careless("other")))


async def test_two_choices_at_once_are_one(world: World) -> None:
    await registered(world)
    permits = [await permit(world) for _ in range(4)]

    async def choose(number: int) -> bool:
        try:
            await choose_own_password(
                world.identity, permit=permits[number], password=f"my own {number}"
            )
        except EvidenceReplayed:
            return False
        return True

    chosen = await asyncio.gather(*(choose(number) for number in range(4)))
    assert sum(chosen) == 1
    await by_card(world, f"my own {chosen.index(True)}")


async def test_without_asking_for_the_old_one_each_choice_would_count(world: World) -> None:
    await registered(world)

    async def careless(kept: str) -> bool:
        async with world.identity.db.transaction() as tx:
            return await queries.set_password(tx, world.id_of(MING), kept)

    assert all(await asyncio.gather(*(careless(each) for each in ("one", "other"))))


async def test_a_permit_for_one_first_password_is_none_for_the_next(world: World) -> None:
    """Who read the first one on somebody's paper is out once the office hands out another."""
    await registered(world)
    before = await permit(world)
    second = await forgotten(world)
    async with refused("evidence_replayed"):
        await choose_own_password(world.identity, permit=before, password=WRONG)
    assert await must_choose(world)
    await by_card(world, second)
    await choose_own_password(world.identity, permit=await permit(world), password=PASSWORD)


async def test_asking_only_for_a_first_password_would_let_it_through(world: World) -> None:
    await registered(world)
    await permit(world)
    await forgotten(world)
    async with world.identity.db.transaction() as tx:
        kept = await queries.password_hash(tx, world.id_of(MING))
        assert await queries.replace_first_password(tx, world.id_of(MING), "hash", replaced=kept)
