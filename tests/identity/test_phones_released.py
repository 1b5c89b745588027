"""Letting go of phones that were lost, sold, or bound by somebody else."""

import pytest

from emask.identity.binding import seal_binding
from emask.identity.device import enter_device_code, issue_device_code
from emask.identity.device_queries import PhoneOnFile
from emask.identity.phones import bound_phones, release_phones
from emask.identity.session_ends import begin_session
from emask.identity.sessions import SessionEnded
from emask.rules.calendar import Channel
from identity.world import HUA, MING, World, refused


async def code_of(world: World) -> str:
    code = await issue_device_code(world.identity, session=await world.session(MING))
    return code.digits


async def phones(world: World) -> list[PhoneOnFile]:
    async with world.identity.db.transaction() as tx:
        return await bound_phones(tx, world.id_of(MING))


async def release(world: World) -> None:
    await release_phones(world.identity, person_id=world.id_of(MING))


async def test_phones_are_told_by_when_and_how_they_were_bound(world: World) -> None:
    assert await phones(world) == []
    at = await world.clock.now()
    await world.own_number(MING)
    await world.enter_code(await code_of(world), handset="phone-2")
    assert sorted(each.bound_by for each in await phones(world)) == ["device_code", "mobile_number"]
    assert {each.bound_at for each in await phones(world)} == {at}


async def test_a_released_phone_signs_nobody_in(world: World) -> None:
    await world.own_number(MING)
    await world.enter_code(await code_of(world), handset="phone-2")
    await release(world)
    assert await phones(world) == []
    for handset in ("phone-1", "phone-2"):
        async with refused("device_not_bound"):
            await world.by_device(MING, handset=handset)


async def test_only_ones_own_phones_are_released(world: World) -> None:
    await world.own_number(MING)
    hers = await issue_device_code(world.identity, session=await world.session(HUA))
    await world.enter_code(hers.digits)
    await release(world)
    assert await world.by_device(HUA) == world.id_of(HUA)


async def test_a13_a_released_handset_may_become_anybodys_own(world: World) -> None:
    await world.own_number(MING)
    async with refused("not_own_number"):
        await world.own_number(HUA)
    await release(world)
    assert await world.own_number(HUA) == world.id_of(HUA)


async def test_a_released_phone_may_be_bound_anew(world: World) -> None:
    await world.own_number(MING)
    await release(world)
    await world.own_number(MING)
    assert await world.by_device(MING) == world.id_of(MING)


async def test_whoever_holds_a_released_phone_is_signed_out(world: World) -> None:
    now = await world.clock.now()
    person_id = await world.own_number(MING)
    token = await begin_session(
        world.identity.db, world.sessions, person_id=person_id, channel=Channel.MOBILE, now=now
    )
    await release(world)
    with pytest.raises(SessionEnded):
        world.sessions.read(token, now=now)


async def test_a_code_made_before_binds_nothing_after(world: World) -> None:
    digits, other = await code_of(world), "phone-2"
    await release(world)
    async with refused("device_code_wrong"):
        await world.enter_code(digits)
    granted = await enter_device_code(world.identity, digits=await code_of(world), handset=other)
    await release(world)
    async with refused("device_code_wrong"):
        await world.bind(seal_binding(world.identity, granted), handset=other)
