"""Steps about text messages."""

from emask.features.citizen import Citizen
from emask.features.outcome import require
from emask.features.places import half_width
from emask.features.registry import Registry
from emask.features.world import World
from emask.programme.service import send_notices

STEPS = Registry()


@STEPS.check("{name} 收到簡訊，內容含「{text}」")
async def received(world: World, *, name: str, text: str) -> None:
    """A message since the last step about this person's messages holds the text.

    Several such steps in a row, with nothing happening between them, look at the same messages.
    """
    citizen = world.citizen(name)
    messages = await _messages(world, citizen)
    if citizen.looked_at_act != world.acts:
        citizen.looked_from = citizen.seen
    fresh = messages[citizen.looked_from :]
    _look(world, citizen, messages)
    found = "／".join(fresh) or "沒有簡訊"
    require(
        any(half_width(text) in half_width(message) for message in fresh),
        zh=f"應收到含「{text}」的簡訊，實際為：{found}",
        en=f"no message holds the text; there are {len(fresh)}",
    )


@STEPS.check("{name} 未收到簡訊")
async def received_nothing(world: World, *, name: str) -> None:
    """No message since the last step about this person's messages."""
    citizen = world.citizen(name)
    messages = await _messages(world, citizen)
    fresh = messages[citizen.seen :]
    citizen.looked_from = citizen.seen
    _look(world, citizen, messages)
    require(not fresh, zh=f"收到了簡訊：{'／'.join(fresh)}", en=f"{len(fresh)} messages came")


def _look(world: World, citizen: Citizen, messages: list[str]) -> None:
    citizen.seen = len(messages)
    citizen.looked_at_act = world.acts


async def _messages(world: World, citizen: Citizen) -> list[str]:
    await send_notices(world.system)
    return [sms.text for sms in await world.sandbox.sms.messages_for(citizen.mobile)]
