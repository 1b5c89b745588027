from dataclasses import replace

import pytest

from emask.database.audit_log import first_broken_link
from emask.identity.counter_office import (
    NotAnOfficer,
    Registered,
    Released,
    device_code_at_counter,
    register_at_counter,
    release_phones_at_counter,
    serve_at_counter,
)
from emask.identity.decisions import HOUSEHOLD_CERTIFICATE
from emask.identity.device import issue_device_code
from emask.identity.model import NewPerson, StaffRole, StaffSession
from emask.identity.registration import reset_password
from emask.identity.sign_in import sign_in_with_card
from emask.rules.people import Document, InvalidEntry
from identity.world import ANNA, HUA, MING, OFFICER, PASSWORD, STRANGER, World, refused

ALL_THREE = frozenset({Document.NHI_CARD, Document.NATIONAL_ID, HOUSEHOLD_CERTIFICATE})
TWO = frozenset({Document.NHI_CARD, Document.NATIONAL_ID})
RESIDENTS = frozenset({Document.NHI_CARD, Document.RESIDENCE_PERMIT})


async def register(
    world: World,
    person: NewPerson,
    documents: frozenset[str],
    *,
    waived_reason: str | None = None,
    officer: StaffSession = OFFICER,
) -> Registered:
    return await register_at_counter(
        world.identity,
        officer=officer,
        id_number=person.id_number,
        documents=documents,
        waived_reason=waived_reason,
    )


async def log(world: World) -> list[tuple[str, str, str, dict[str, object]]]:
    async with world.identity.db.transaction() as tx:
        assert await first_broken_link(tx) is None
        cursor = await tx.execute("SELECT actor, act, subject, detail FROM audit_log ORDER BY seq")
        return [(row[0], row[1], row[2], row[3]) for row in await cursor.fetchall()]


@pytest.mark.parametrize(
    ("person", "documents", "waived_reason"),
    [(MING, ALL_THREE, None), (MING, TWO, "household of one"), (ANNA, RESIDENTS, None)],
)
async def test_a1_1_3_an_officer_registers_and_the_log_tells_it(
    world: World, person: NewPerson, documents: frozenset[str], waived_reason: str | None
) -> None:
    registered = await register(world, person, documents, waived_reason=waived_reason)
    assert registered.person_id == world.id_of(person)
    subject = str(registered.person_id)
    detail = {"documents": sorted(documents), "waived_reason": waived_reason}
    assert await log(world) == [
        ("officer-1", "register", subject, detail),
        ("officer-1", "first_password", subject, {}),
    ]


@pytest.mark.parametrize(
    ("person", "documents"),
    [(MING, TWO), (MING, RESIDENTS), (ANNA, ALL_THREE), (ANNA, frozenset[str]())],
)
async def test_a7_without_the_documents_nothing_is_done(
    world: World, person: NewPerson, documents: frozenset[str]
) -> None:
    async with refused("documents_missing"):
        await register(world, person, documents)
    assert await log(world) == []


async def test_only_people_of_the_registry_are_registered(world: World) -> None:
    async with refused("card_unknown"):
        await register(world, STRANGER, ALL_THREE)
    with pytest.raises(InvalidEntry):
        await register(world, replace(STRANGER, id_number="A123456780"), ALL_THREE)


@pytest.mark.parametrize("role", sorted(set(StaffRole) - {StaffRole.OFFICER}))
async def test_nobody_but_an_officer_acts_for_people(world: World, role: StaffRole) -> None:
    with pytest.raises(NotAnOfficer):
        await register(world, MING, ALL_THREE, officer=replace(OFFICER, role=role))


async def test_serving_registers_and_leaves_a_password_alone(world: World) -> None:
    for person, documents in ((MING, ALL_THREE), (ANNA, RESIDENTS)):
        person_id = await serve_at_counter(
            world.identity,
            officer=OFFICER,
            id_number=person.id_number,
            documents=documents,
            waived_reason=None,
        )
        assert person_id == world.id_of(person)
    assert [act for _, act, _, _ in await log(world)] == ["serve", "serve"]
    await reset_password(world.identity, session=await world.session(MING), password=PASSWORD)
    await register(world, MING, ALL_THREE)
    await sign_in_with_card(world.identity, evidence=await world.card(MING), password=PASSWORD)


async def test_a1_1_3_an_officer_lets_the_phone_that_was_brought_be_bound(world: World) -> None:
    code = await device_code_at_counter(
        world.identity,
        officer=OFFICER,
        id_number=HUA.id_number,
        documents=ALL_THREE,
        waived_reason=None,
    )
    assert [act for _, act, _, _ in await log(world)] == ["device_code"]
    assert code.digits not in str(await log(world))
    person_id = await world.enter_code(code.digits, handset="old-phone")
    assert person_id == world.id_of(HUA)
    assert await world.by_device(HUA, handset="old-phone") == person_id


async def test_without_the_documents_there_is_no_code(world: World) -> None:
    async with refused("documents_missing"):
        await device_code_at_counter(
            world.identity,
            officer=OFFICER,
            id_number=HUA.id_number,
            documents=TWO,
            waived_reason=None,
        )
    assert await log(world) == []


async def release(world: World, person: NewPerson, documents: frozenset[str]) -> Released:
    return await release_phones_at_counter(
        world.identity,
        officer=OFFICER,
        id_number=person.id_number,
        documents=documents,
        waived_reason=None,
    )


async def test_an_officer_lets_go_of_every_phone_and_of_the_sessions(world: World) -> None:
    for handset in ("phone-1", "phone-2"):
        await world.enter_code(await _code(world, HUA), handset=handset)
    session = await world.session(HUA)
    assert (await release(world, HUA, ALL_THREE)).phones == 2
    assert (await log(world))[-1][:2] == ("officer-1", "release_phones")
    assert world.identity.ended.is_over(
        session.person_id.bytes, session.session_id, session.generation
    )
    async with refused("device_not_bound"):
        await world.by_device(HUA)
    assert (await release(world, HUA, ALL_THREE)).phones == 0


async def test_without_the_documents_phones_stay_bound(world: World) -> None:
    await world.enter_code(await _code(world, HUA))
    async with refused("documents_missing"):
        await release(world, HUA, TWO)
    await world.by_device(HUA)


async def _code(world: World, person: NewPerson) -> str:
    code = await issue_device_code(world.identity, session=await world.session(person))
    return code.digits
