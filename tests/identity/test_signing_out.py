"""What ends a person's sessions: signing out, once or everywhere, and every new secret."""

from collections.abc import Awaitable, Callable

import pytest

from emask.identity.counter_office import first_password_at_counter, register_at_counter
from emask.identity.decisions import HOUSEHOLD_CERTIFICATE
from emask.identity.first_password import choose_own_password, permit_to_choose
from emask.identity.model import Session
from emask.identity.registration import reset_password
from emask.identity.session_ends import (
    begin_session,
    end_everywhere,
    end_session,
    renew_session,
)
from emask.identity.sessions import SessionEnded
from emask.rules.calendar import Channel
from emask.rules.people import Document
from identity.world import HUA, MING, OFFICER, PASSWORD, World

SHOWN = frozenset({Document.NHI_CARD, Document.NATIONAL_ID, HOUSEHOLD_CERTIFICATE})


def alive(world: World, session: Session) -> bool:
    """Whether any copy of the session's token is good."""
    copy = world.sessions.prolong(session, now=session.issued_at)
    try:
        return world.sessions.read(copy, now=session.issued_at) is not None
    except SessionEnded:
        return False


async def read(world: World, token: str) -> Session:
    return world.sessions.read(token, now=await world.clock.now())


async def test_signing_out_ends_this_session_and_no_other(world: World) -> None:
    one, other = await world.session(MING), await world.session(MING)
    for _ in range(2):  # a double click
        await end_session(world.identity, session=one)
    assert not alive(world, one)
    assert alive(world, other)


async def test_signing_out_everywhere_ends_all_of_a_person(world: World) -> None:
    mine = [await world.session(MING, channel=each) for each in Channel]
    hers = await world.session(HUA)
    await end_everywhere(world.identity, person_id=world.id_of(MING))
    assert not any(alive(world, each) for each in mine)
    assert alive(world, hers)
    fresh = await begin_session(
        world.identity.db,
        world.sessions,
        person_id=world.id_of(MING),
        channel=Channel.MOBILE,
        now=await world.clock.now(),
    )
    assert (await read(world, fresh)).channel is Channel.MOBILE


async def test_a_renewed_session_is_another_one_on_the_same_channel(world: World) -> None:
    for channel in Channel:
        before = await world.session(MING, channel=channel)
        token = await renew_session(world.identity, world.sessions, session=before)
        after = await read(world, token)
        assert (after.person_id, after.channel) == (before.person_id, channel)
        assert after.session_id != before.session_id
        assert not alive(world, before)


async def _reset(world: World, session: Session) -> None:
    await reset_password(world.identity, session=session, password="another one")


async def _register_again(world: World, _: Session) -> None:
    await world.register(MING)


async def _forget(world: World, _: Session) -> None:
    await first_password_at_counter(
        world.identity,
        officer=OFFICER,
        id_number=MING.id_number,
        documents=SHOWN,
        waived_reason=None,
    )


async def _choose(world: World, _: Session) -> None:
    permit = await permit_to_choose(world.identity, person_id=world.id_of(MING))
    await choose_own_password(world.identity, permit=permit, password=PASSWORD)


@pytest.mark.parametrize("act", [_reset, _register_again, _forget, _choose])
async def test_a_new_password_ends_whatever_the_old_one_opened(
    world: World, act: Callable[[World, Session], Awaitable[None]]
) -> None:
    await register_at_counter(
        world.identity,
        officer=OFFICER,
        id_number=MING.id_number,
        documents=SHOWN,
        waived_reason=None,
    )
    mine = [await world.session(MING, channel=each) for each in Channel]
    hers = await world.session(HUA)
    await act(world, mine[0])
    assert not any(alive(world, each) for each in mine)
    assert alive(world, hers)
    go_on = await renew_session(world.identity, world.sessions, session=mine[0])
    assert alive(world, await read(world, go_on))
