from datetime import timedelta

import pytest

from emask.identity.certificates import new_challenge
from emask.identity.model import NewPerson
from emask.identity.registration import bind_certificate, register_with_card, reset_password
from emask.identity.registry import UnknownPerson
from emask.identity.sign_in import sign_in_with_card, sign_in_with_certificate
from emask.rules.people import InvalidEntry
from identity.world import ANNA, HUA, MING, PASSWORD, STRANGER, WRONG, World, refused

NEW = "eight or more"


async def sign_in(world: World, person: NewPerson, password: str) -> None:
    person_id = await sign_in_with_card(
        world.identity, evidence=await world.card(person), password=password
    )
    assert person_id == world.id_of(person)


async def register(
    world: World, *, printed: str = MING.nhi_card, household: str = MING.household_number
) -> None:
    await register_with_card(
        world.identity,
        evidence=await world.card(MING),
        printed_card_number=printed,
        household_number=household,
        password=PASSWORD,
    )


@pytest.mark.parametrize("person", [MING, ANNA], ids=["national", "resident"])
async def test_a1_a_registered_card_and_its_password_sign_in(
    world: World, person: NewPerson
) -> None:
    assert await world.register(person) == world.id_of(person)
    await sign_in(world, person, PASSWORD)


async def test_a9_numbers_may_be_typed_with_spaces_and_full_width(world: World) -> None:
    await register(world, printed="０００0 1234-5678", household="f123 4567")
    await sign_in(world, MING, PASSWORD)


async def test_a9_the_printed_number_has_to_be_the_cards(world: World) -> None:
    async with refused("card_unknown"):
        await register(world, printed=HUA.nhi_card)
    async with refused("not_registered"):
        await sign_in(world, MING, PASSWORD)


async def test_the_household_number_has_to_be_the_persons(world: World) -> None:
    with pytest.raises(InvalidEntry) as entry:
        await register(world, household=HUA.household_number)
    assert entry.value.field == "household_number"


@pytest.mark.parametrize(
    ("printed", "household", "field"),
    [("123", MING.household_number, "nhi_card"), (MING.nhi_card, "12", "household_number")],
)
async def test_numbers_of_the_wrong_shape_are_told(
    world: World, printed: str, household: str, field: str
) -> None:
    with pytest.raises(InvalidEntry) as entry:
        await register(world, printed=printed, household=household)
    assert entry.value.field == field


async def test_household_numbers_cannot_be_guessed_with_a_found_card(world: World) -> None:
    for guess in range(5):
        with pytest.raises(InvalidEntry):
            await register(world, household=f"F000000{guess}")
    async with refused("locked_out"):
        await register(world)
    await world.wait(timedelta(minutes=15))
    await register(world)


async def test_a_reading_registers_once(world: World) -> None:
    evidence = await world.card(MING)
    for code in (None, "evidence_replayed"):
        attempt = register_with_card(
            world.identity,
            evidence=evidence,
            printed_card_number=MING.nhi_card,
            household_number=MING.household_number,
            password=PASSWORD,
        )
        if code is None:
            await attempt
            continue
        async with refused(code):
            await attempt


@pytest.mark.parametrize(
    ("password", "reason"), [("1234567", "too_short"), ("x" * 129, "too_long")]
)
async def test_a_password_has_a_length(world: World, password: str, reason: str) -> None:
    with pytest.raises(InvalidEntry) as entry:
        await world.register(MING, password=password)
    assert (entry.value.field, entry.value.reason) == ("password", reason)
    assert "8" in entry.value.zh


async def test_a3_registering_again_sets_a_new_password(world: World) -> None:
    await world.register(MING)
    await world.register(MING, password=NEW)
    async with refused("wrong_password"):
        await sign_in(world, MING, PASSWORD)
    await sign_in(world, MING, NEW)


async def test_a3_whoever_authenticates_in_another_way_sets_a_new_password(world: World) -> None:
    await world.register(MING)
    assert await world.own_number(MING) == world.id_of(MING)
    await reset_password(world.identity, session=await world.session(MING), password=NEW)
    await sign_in(world, MING, NEW)


async def test_a3_a_new_password_ends_the_pause(world: World) -> None:
    await world.register(MING)
    for _ in range(5):
        async with refused("wrong_password"):
            await sign_in(world, MING, WRONG)
    async with refused("locked_out"):
        await sign_in(world, MING, PASSWORD)
    await reset_password(world.identity, session=await world.session(MING), password=NEW)
    await sign_in(world, MING, NEW)


async def test_a_password_needs_a_registration(world: World) -> None:
    async with refused("not_registered"):
        await reset_password(world.identity, session=await world.session(MING), password=NEW)


async def test_who_registered_by_number_chooses_a_card_password_later(world: World) -> None:
    await world.own_number(MING)
    async with refused("not_registered"):
        await sign_in(world, MING, PASSWORD)
    await world.register(MING)
    await sign_in(world, MING, PASSWORD)


async def test_a_bound_certificate_signs_in(world: World) -> None:
    await world.bind_certificate(MING)
    await world.bind_certificate(MING)
    challenge = await new_challenge(world.identity)
    person_id = await sign_in_with_certificate(
        world.identity,
        evidence=await world.signature(MING, challenge=challenge),
        challenge=challenge,
    )
    assert person_id == world.id_of(MING)


async def bind(world: World, *, person: NewPerson, holder: NewPerson) -> None:
    challenge = await new_challenge(world.identity)
    await bind_certificate(
        world.identity,
        person_id=world.id_of(person),
        evidence=await world.signature(holder, challenge=challenge),
        challenge=challenge,
    )


async def test_a_certificate_is_bound_to_its_holder_only(world: World) -> None:
    async with refused("certificate_invalid"):
        await bind(world, person=MING, holder=HUA)


async def test_residents_have_no_citizen_certificate(world: World) -> None:
    async with refused("nationals_only"):
        await bind(world, person=ANNA, holder=ANNA)


async def test_nobody_is_bound_who_is_not_in_the_registry(world: World) -> None:
    with pytest.raises(UnknownPerson):
        await bind(world, person=STRANGER, holder=STRANGER)


async def test_a_certificate_that_is_one_persons_is_never_anothers(world: World) -> None:
    """Two people whose numbers end alike: the serial number tells them apart."""
    await world.bind_certificate(MING)
    async with world.identity.db.transaction() as tx:
        await tx.execute("UPDATE certificate_binding SET person_id = %s", (world.id_of(HUA),))
    async with refused("certificate_not_bound"):
        await world.bind_certificate(MING)
