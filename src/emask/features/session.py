"""Sessions of a scenario's people: opened by signing in, renewed without a word."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from emask.features.citizen import Citizen
from emask.features.outcome import Unfulfilled
from emask.features.world import World
from emask.identity.model import Session
from emask.identity.sessions import SessionEnded
from emask.rules.calendar import Channel
from emask.sandbox.visitor import Doors, Visitor

SIGN_IN = "認證"


class NeverSignedIn(Unfulfilled):
    """The citizen has never signed in with success."""


async def sign_in(
    world: World,
    citizen: Citizen,
    way: Callable[[Doors, Visitor], Awaitable[UUID]],
    channel: Channel,
) -> None:
    """Go one way in, keep its outcome, and open the session that it earns."""
    await world.enter(citizen)

    async def go() -> None:
        person_id = await way(world.doors, citizen.visitor)
        await open_session(world, citizen, person_id, channel)

    await world.attempt(SIGN_IN, go())


async def open_session(world: World, citizen: Citizen, person_id: UUID, channel: Channel) -> None:
    """The session of a sign-in that has just succeeded."""
    citizen.person_id = person_id
    citizen.channel = channel
    citizen.token = world.system.sessions.issue(
        person_id=person_id, channel=channel, now=await world.now()
    )


async def session_of(world: World, citizen: Citizen) -> Session:
    """The session of the last sign-in, renewed if it is over.

    Raises:
        NeverSignedIn: there was no sign-in with success.
    """
    if citizen.token is None or citizen.channel is None or citizen.person_id is None:
        raise NeverSignedIn(
            zh=f"{citizen.person.name} 還沒有完成認證", en="this person has not signed in"
        )
    try:
        return world.system.sessions.read(citizen.token, now=await world.now())
    except SessionEnded:
        await open_session(world, citizen, citizen.person_id, citizen.channel)
        return world.system.sessions.read(citizen.token, now=await world.now())
