"""Two processes of one installation: what one ends is over in the other about a second later."""

import asyncio
import time

import pytest

from emask.identity.ended_sessions import EVERY
from emask.identity.session_ends import end_everywhere
from emask.identity.sessions import SessionEnded
from emask.programme.system import System, open_system
from emask.rules.calendar import Channel
from programme.play import Play


def _reads(system: System, token: str, play: Play) -> bool:
    try:
        system.sessions.read(token, now=play.round.opens_at)
    except SessionEnded:
        return False
    return True


async def test_a_second_process_learns_of_it_while_the_clock_stands_still(play: Play) -> None:
    here, person_id = play.system, play.system.vault.person_id("A123456789")
    async with open_system(
        here.db, clock=here.clock, keys=here.keys, partners=here.partners
    ) as there:
        token = there.sessions.issue(
            person_id=person_id, channel=Channel.MOBILE, now=play.round.opens_at
        )
        await end_everywhere(here.identity, person_id=person_id)
        assert not _reads(here, token, play)
        began = time.monotonic()
        while _reads(there, token, play):
            await asyncio.sleep(0.05)
            if time.monotonic() - began > 5 * EVERY:
                pytest.fail("it never became known")
