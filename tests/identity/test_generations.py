"""An end that took its number early and commits late still ends what began in between."""

import pytest

from emask.identity import session_queries
from emask.identity.session_ends import begin_session, end_all, end_everywhere
from emask.identity.sessions import SessionEnded
from emask.rules.calendar import Channel
from identity.world import HUA, MING, World


async def _end_while(world: World, *, generation: int | None = None) -> str:
    """A sign-in while the person's end is under way and somebody else's has overtaken it."""
    now, ming = await world.clock.now(), world.id_of(MING)
    async with world.identity.db.transaction() as tx:
        under_way = await end_all(tx, ming, at=now)
        await end_everywhere(world.identity, person_id=world.id_of(HUA))
        if generation is None:
            token = await begin_session(
                world.identity.db,
                world.sessions,
                person_id=ming,
                channel=Channel.COMPUTER,
                now=now,
            )
        else:
            token = world.sessions.issue(
                person_id=ming, channel=Channel.COMPUTER, now=now, generation=generation
            )
    world.identity.ended.note_person(ming, under_way)
    return token


@pytest.mark.parametrize("ends_before", [0, 1])
async def test_it_ends_the_session_that_began_meanwhile(world: World, ends_before: int) -> None:
    for _ in range(ends_before):
        await end_everywhere(world.identity, person_id=world.id_of(MING))
    token = await _end_while(world)
    with pytest.raises(SessionEnded):
        world.sessions.read(token, now=await world.clock.now())


async def test_by_the_latest_number_of_anybody_it_would_go_on(world: World) -> None:
    await end_everywhere(world.identity, person_id=world.id_of(HUA))
    async with world.identity.db.transaction() as tx:
        latest = await session_queries.generation_of(tx, world.id_of(HUA))
    token = await _end_while(world, generation=latest + 2)
    world.sessions.read(token, now=await world.clock.now())
