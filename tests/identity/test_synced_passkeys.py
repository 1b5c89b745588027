"""Passkeys that a phone's maker may copy: refused, or tied to the handset that made them (A13)."""

from dataclasses import replace
from uuid import UUID

import pytest

from emask.identity.binding import bind_phone, binding_options, seal_binding
from emask.identity.device import enter_device_code, issue_device_code
from emask.identity.sign_in import sign_in_with_device
from emask.identity.site import SyncedPasskeys
from identity.world import MING, World, refused


@pytest.fixture
def tied(world: World) -> World:
    """The authority takes such passkeys, each on its own handset."""
    site = replace(world.identity.site, synced_passkeys=SyncedPasskeys.TIED)
    tokens = replace(world.identity.tokens, site=site)
    return replace(world, identity=replace(world.identity, tokens=tokens))


async def bind_synced(world: World) -> UUID:
    code = await issue_device_code(world.identity, session=await world.session(MING))
    granted = await enter_device_code(world.identity, digits=code.digits, handset="phone-1")
    permit = seal_binding(world.identity, granted)
    answer = await world.sandbox.phone.sync(
        await binding_options(world.identity, permit=permit),
        origin=world.identity.site.origin,
        handset="phone-1",
    )
    return await bind_phone(world.identity, permit=permit, answer=answer, handset="phone-1")


async def test_as_a_rule_they_are_refused(world: World) -> None:
    async with refused("passkey_synced"):
        await bind_synced(world)


async def test_tied_they_sign_in_on_their_handset(tied: World) -> None:
    assert await bind_synced(tied) == tied.id_of(MING)
    assert await tied.by_device(MING) == tied.id_of(MING)


async def test_tied_their_copy_on_another_handset_is_bound_to_nobody(tied: World) -> None:
    await bind_synced(tied)
    answer = await tied.unlock(MING)  # the copy answers as the passkey does
    async with refused("device_not_bound"):
        await sign_in_with_device(tied.identity, answer=answer, handset="phone-2")


async def test_one_that_stays_on_its_phone_needs_no_cookie(tied: World) -> None:
    """Whoever cleared the browser still has the phone."""
    code = await issue_device_code(tied.identity, session=await tied.session(MING))
    await tied.enter_code(code.digits)
    answer = await tied.unlock(MING)
    person_id = await sign_in_with_device(tied.identity, answer=answer, handset="cleared")
    assert person_id == tied.id_of(MING)


async def test_a_stricter_rule_later_ends_what_was_bound_before(tied: World, world: World) -> None:
    await bind_synced(tied)
    async with refused("passkey_synced"):
        await world.by_device(MING)
