from datetime import timedelta
from uuid import UUID

import pytest

from emask.identity.device import issue_device_code
from emask.identity.device_queries import add_code
from emask.identity.model import NewPerson
from emask.identity.sign_in import sign_in_with_device, sign_in_with_device_code
from emask.rules.calendar import Channel
from identity.world import ANNA, HUA, MING, World, refused


async def code_of(world: World, person: NewPerson) -> str:
    code = await issue_device_code(world.identity, session=await world.session(person))
    return code.digits


async def enter(world: World, digits: str, *, handset: str = "phone-1") -> UUID:
    return await sign_in_with_device_code(
        world.identity, digits=digits, unlock_evidence=await world.unlock(handset)
    )


async def unlock(world: World, handset: str = "phone-1") -> UUID:
    return await sign_in_with_device(world.identity, unlock_evidence=await world.unlock(handset))


async def test_a14_a_code_is_eight_digits_for_ten_minutes(world: World) -> None:
    code = await issue_device_code(world.identity, session=await world.session(MING))
    assert len(code.digits) == 8
    assert code.digits.isdecimal()
    assert code.expires_at == await world.clock.now() + timedelta(minutes=10)


@pytest.mark.parametrize("person", [MING, ANNA], ids=["national", "resident"])
async def test_a5_a14_a_code_binds_a_phone_whoever_it_is(world: World, person: NewPerson) -> None:
    assert await enter(world, await code_of(world, person)) == world.id_of(person)
    await world.wait(timedelta(days=1))
    assert await unlock(world) == world.id_of(person)


async def test_a14_a_code_may_be_typed_in_groups_and_full_width(world: World) -> None:
    digits = await code_of(world, MING)
    full_width = digits.translate({ord("0") + n: ord("０") + n for n in range(10)})
    assert await enter(world, f" {full_width[:4]}-{full_width[4:]} ") == world.id_of(MING)


async def test_a14_a_code_is_made_on_a_computer_only(world: World) -> None:
    for channel in (Channel.MOBILE, Channel.COUNTER, Channel.KIOSK):
        async with refused("computer_only"):
            await issue_device_code(
                world.identity, session=await world.session(MING, channel=channel)
            )


async def test_a14_a_code_is_good_once(world: World) -> None:
    digits = await code_of(world, MING)
    await enter(world, digits)
    async with refused("device_code_wrong"):
        await enter(world, digits, handset="phone-2")


async def test_a_code_lasts_until_its_last_second(world: World) -> None:
    digits = await code_of(world, MING)
    await world.wait(timedelta(minutes=9, seconds=59))
    assert await enter(world, digits) == world.id_of(MING)


@pytest.mark.parametrize("digits", ["", "0", "abc", "123456789012"])
async def test_anything_else_is_a_wrong_code(world: World, digits: str) -> None:
    async with refused("device_code_wrong"):
        await enter(world, digits)


async def test_an_unlock_is_good_for_another_try_but_for_one_success(world: World) -> None:
    evidence = await world.unlock()
    async with refused("device_code_wrong"):
        await sign_in_with_device_code(world.identity, digits="0", unlock_evidence=evidence)
    await sign_in_with_device_code(
        world.identity, digits=await code_of(world, MING), unlock_evidence=evidence
    )
    second = await code_of(world, MING)
    async with refused("evidence_replayed"):
        await sign_in_with_device_code(world.identity, digits=second, unlock_evidence=evidence)
    # and the code that it could not open is still good
    assert await enter(world, second) == world.id_of(MING)


async def test_five_wrong_codes_pause_the_handset(world: World) -> None:
    digits = await code_of(world, MING)
    for _ in range(5):
        async with refused("device_code_wrong"):
            await enter(world, "0")
    async with refused("locked_out"):
        await enter(world, digits)
    assert await enter(world, digits, handset="phone-2") == world.id_of(MING)


async def test_codes_of_ones_own_buy_no_guesses(world: World) -> None:
    for _ in range(2):
        async with refused("device_code_wrong"):
            await enter(world, "0")
        await enter(world, await code_of(world, MING))
    async with refused("device_code_wrong"):
        await enter(world, "0")
    async with refused("locked_out"):
        await enter(world, "0")


async def test_a_handset_signs_in_the_person_it_was_bound_to_last(world: World) -> None:
    await enter(world, await code_of(world, MING))
    await enter(world, await code_of(world, HUA))
    assert await unlock(world) == world.id_of(HUA)
    await enter(world, await code_of(world, MING))
    assert await unlock(world) == world.id_of(MING)


async def test_a13_somebody_elses_own_phone_may_be_bound_by_a_code(world: World) -> None:
    """A13 binds a handset to one person by its number; A14 is for other people's phones."""
    await world.own_number(MING)
    assert await enter(world, await code_of(world, HUA)) == world.id_of(HUA)
    assert await world.own_number(MING) == world.id_of(MING)


async def test_a_revoked_device_signs_nobody_in(world: World) -> None:
    await world.own_number(MING)
    async with world.identity.db.transaction() as tx:
        await tx.execute("UPDATE device SET revoked_at = bound_at")
    async with refused("device_not_bound"):
        await unlock(world)
    await world.own_number(MING)
    assert await unlock(world) == world.id_of(MING)


async def test_a_live_code_is_never_given_to_a_second_person(world: World) -> None:
    now = await world.clock.now()
    end = now + timedelta(minutes=10)
    ming, hua = world.id_of(MING), world.id_of(HUA)
    async with world.identity.db.transaction() as tx:
        assert await add_code(tx, b"code", ming, at=now, expires_at=end)
        assert not await add_code(tx, b"code", hua, at=now, expires_at=end)
        assert await add_code(tx, b"code", hua, at=end, expires_at=end + timedelta(minutes=10))
