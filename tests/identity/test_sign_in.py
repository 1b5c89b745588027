from dataclasses import replace
from datetime import timedelta

import pytest

from emask.database.pool import Database
from emask.identity.certificates import new_challenge
from emask.identity.model import NewPerson
from emask.identity.sign_in import (
    sign_in_with_card,
    sign_in_with_certificate,
    sign_in_with_device,
)
from emask.identity.site import Site
from emask.identity.site_tokens import Purpose
from emask.rules.refusals import LockedOut
from emask.sandbox.cards import card_evidence, card_record, evidence_of
from emask.sandbox.operator import Network
from identity.world import HUA, MING, PASSWORD, WRONG, World, refused


async def by_card(world: World, person: NewPerson = MING, *, password: str = PASSWORD) -> None:
    await sign_in_with_card(world.identity, evidence=await world.card(person), password=password)


async def count(db: Database, table: str) -> int:
    async with db.transaction() as tx:
        row = await (await tx.execute(f"SELECT count(*) FROM {table}")).fetchone()
    assert row is not None
    return int(row[0])


async def test_a_card_of_another_number_is_unknown(world: World) -> None:
    await world.register(MING)
    async with refused("card_unknown"):
        await sign_in_with_card(
            world.identity,
            evidence=await world.card(MING, number=HUA.nhi_card),
            password=PASSWORD,
        )


async def test_a_wrong_password_leaves_the_card_in_the_reader(world: World) -> None:
    await world.register(MING)
    evidence = await world.card(MING)
    async with refused("wrong_password"):
        await sign_in_with_card(world.identity, evidence=evidence, password=WRONG)
    await sign_in_with_card(world.identity, evidence=evidence, password=PASSWORD)


async def test_a_password_typed_in_full_width_is_the_same(world: World) -> None:
    await world.register(MING)
    await by_card(world, password="ｃｏｒｒｅｃｔ　ｈｏｒｓｅ")


async def test_a_password_of_any_length_is_just_wrong(world: World) -> None:
    await world.register(MING)
    async with refused("wrong_password"):
        await by_card(world, password="x" * 100_000)


async def test_five_wrong_passwords_pause_the_card_for_fifteen_minutes(world: World) -> None:
    await world.register(MING)
    for _ in range(5):
        async with refused("wrong_password"):
            await by_card(world, password=WRONG)
    with pytest.raises(LockedOut) as refusal:
        await by_card(world)
    assert refusal.value.until == await world.clock.now() + timedelta(minutes=15)
    await world.wait(timedelta(minutes=14, seconds=59))
    async with refused("locked_out"):
        await by_card(world)
    await world.wait(timedelta(seconds=1))
    await by_card(world)


async def test_tries_during_a_pause_do_not_lengthen_it(world: World) -> None:
    await world.register(MING)
    for _ in range(5):
        async with refused("wrong_password"):
            await by_card(world, password=WRONG)
    await world.wait(timedelta(minutes=10))
    async with refused("locked_out"):
        await by_card(world, password=WRONG)
    await world.wait(timedelta(minutes=5))
    await by_card(world)


async def test_after_a_pause_five_more_are_judged(world: World) -> None:
    await world.register(MING)
    for _ in range(2):
        for _ in range(5):
            async with refused("wrong_password"):
                await by_card(world, password=WRONG)
        async with refused("locked_out"):
            await by_card(world, password=WRONG)
        await world.wait(timedelta(minutes=15))


async def test_a_right_password_starts_the_count_anew(world: World) -> None:
    await world.register(MING)
    for _ in range(2):
        for _ in range(4):
            async with refused("wrong_password"):
                await by_card(world, password=WRONG)
        await by_card(world)


async def test_ten_wrong_guesses_with_one_card_pause_it_whoever_it_is_said_to_be(
    world: World,
) -> None:
    await world.register(MING)
    await world.register(HUA)
    stolen = replace(HUA, nhi_card=MING.nhi_card)
    for _ in range(10):
        async with refused("card_unknown"):
            await by_card(world, stolen)
    async with refused("locked_out"):
        await by_card(world)
    await by_card(world, HUA)  # with a card of her own
    await world.wait(timedelta(minutes=15))
    await by_card(world)


async def test_a_card_that_is_not_registered_is_no_guess(world: World) -> None:
    for _ in range(11):
        async with refused("not_registered"):
            await by_card(world)
    await world.register(MING)
    await by_card(world)


async def test_wrong_tries_long_apart_are_not_in_a_row(world: World) -> None:
    await world.register(MING)
    for _ in range(7):
        async with refused("wrong_password"):
            await by_card(world, password=WRONG)
        await world.wait(timedelta(minutes=15))
    await by_card(world)


async def test_one_persons_pause_is_nobody_elses(world: World) -> None:
    await world.register(MING)
    await world.register(HUA)
    for _ in range(5):
        async with refused("wrong_password"):
            await by_card(world, password=WRONG)
    await sign_in_with_card(world.identity, evidence=await world.card(HUA), password=PASSWORD)


@pytest.mark.parametrize("age", [timedelta(minutes=5), timedelta(days=1)])
async def test_an_old_reading_is_refused(world: World, age: timedelta) -> None:
    await world.register(MING)
    evidence = await world.card(MING)
    await world.wait(age)
    async with refused("evidence_expired"):
        await sign_in_with_card(world.identity, evidence=evidence, password=PASSWORD)


@pytest.mark.parametrize("evidence", ["", "forged", "{}", '{"token": "a.b.c", "record": ""}'])
async def test_a_forged_reading_is_altered(world: World, evidence: str) -> None:
    await world.register(MING)
    async with refused("evidence_altered"):
        await sign_in_with_card(world.identity, evidence=evidence, password=PASSWORD)


async def test_a_token_for_a_signature_reads_no_card(world: World) -> None:
    await world.register(MING)
    token = await new_challenge(world.identity)
    async with refused("evidence_altered"):
        await sign_in_with_card(
            world.identity, evidence=evidence_of(token, card_record(MING)), password=PASSWORD
        )


async def test_a_reading_for_another_site_is_foreign(world: World) -> None:
    await world.register(MING)
    elsewhere = replace(world.identity.tokens, site=Site(origin="https://elsewhere.example"))
    evidence = card_evidence(elsewhere, MING, at=await world.clock.now())
    async with refused("evidence_foreign_origin"):
        await sign_in_with_card(world.identity, evidence=evidence, password=PASSWORD)


@pytest.mark.parametrize("record", [b"", b"\0" * 57, card_record(MING)[:-1]])
async def test_what_is_no_card_is_malformed(world: World, record: bytes) -> None:
    token = world.identity.tokens.issue(Purpose.READ, now=await world.clock.now())
    async with refused("card_malformed"):
        await sign_in_with_card(
            world.identity, evidence=evidence_of(token, record), password=PASSWORD
        )


async def test_a_challenge_is_answered_once(world: World) -> None:
    await world.bind_certificate(MING)
    challenge = await new_challenge(world.identity)
    for code in (None, "evidence_replayed"):
        attempt = sign_in_with_certificate(
            world.identity,
            evidence=await world.signature(MING, challenge=challenge),
            challenge=challenge,
        )
        if code is None:
            await attempt
            continue
        async with refused(code):
            await attempt


async def test_a_challenge_lasts_five_minutes(world: World) -> None:
    await world.bind_certificate(MING)
    challenge = await new_challenge(world.identity)
    await world.wait(timedelta(minutes=5))
    async with refused("evidence_expired"):
        await sign_in_with_certificate(
            world.identity,
            evidence=await world.signature(MING, challenge=challenge),
            challenge=challenge,
        )


@pytest.mark.parametrize("challenge", ["", ".", "1.2.3", "9999999999.nonce.00", "中文.字"])
async def test_a_challenge_that_is_not_ours_is_refused(world: World, challenge: str) -> None:
    await world.bind_certificate(MING)
    evidence = await world.signature(MING, challenge=await new_challenge(world.identity))
    async with refused("evidence_altered"):
        await sign_in_with_certificate(world.identity, evidence=evidence, challenge=challenge)


async def test_a_challenge_of_another_site_is_foreign(world: World) -> None:
    await world.bind_certificate(MING)
    elsewhere = replace(world.identity.tokens, site=Site(origin="https://elsewhere.example"))
    challenge = elsewhere.issue(Purpose.SIGN, now=await world.clock.now())
    async with refused("evidence_foreign_origin"):
        await sign_in_with_certificate(
            world.identity,
            evidence=await world.signature(MING, challenge=challenge),
            challenge=challenge,
        )


async def test_a10_an_own_number_binds_the_phone_and_registers(world: World) -> None:
    assert await world.own_number(MING) == world.id_of(MING)
    assert await count(world.identity.db, "registration") == 1
    await world.wait(timedelta(days=1))
    assert await world.by_device(MING) == world.id_of(MING)


async def test_a12_a_phones_unlock_is_good_once(world: World) -> None:
    await world.own_number(MING)
    answer = await world.unlock(MING)
    await sign_in_with_device(world.identity, answer=answer, handset="phone-1")
    async with refused("evidence_replayed"):
        await sign_in_with_device(world.identity, answer=answer, handset="phone-1")


async def test_a13_a_handset_that_is_one_persons_own_is_never_anothers(world: World) -> None:
    await world.own_number(MING, handset="phone-1")
    async with refused("not_own_number"):
        await world.own_number(HUA, handset="phone-1")
    assert await world.own_number(HUA, handset="phone-2") == world.id_of(HUA)
    assert await world.own_number(MING, handset="phone-1") == world.id_of(MING)


async def test_a13_a_person_may_own_two_handsets(world: World) -> None:
    await world.own_number(MING, handset="phone-1")
    await world.own_number(MING, handset="phone-2")
    for handset in ("phone-1", "phone-2"):
        assert await world.by_device(MING, handset=handset) == world.id_of(MING)


async def test_a_refused_line_leaves_no_trace(world: World) -> None:
    async with refused("not_on_mobile_network"):
        await world.own_number(MING, network=Network.WIFI)
    for table in ("registration", "device", "own_handset", "used_evidence"):
        assert await count(world.identity.db, table) == 0
