"""What is stale is forgotten by the programme's regular work, once in an hour of the clock."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from emask.identity.session_ends import end_everywhere, end_session
from emask.programme.service import run_due
from emask.rules.calendar import Channel
from programme.play import Play

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def _ends(play: Play) -> int:
    async with play.system.db.connection() as connection:
        cursor = await connection.execute(
            "SELECT (SELECT count(*) FROM ended_session)"
            " + (SELECT count(*) FROM session_generation WHERE over_at < 'infinity')"
        )
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def _sign_out(play: Play) -> None:
    """Two rows: of one session, and of a person."""
    system, now = play.system, await play.clock.now()
    person_id = system.vault.person_id("A123456789")
    token = system.sessions.issue(person_id=person_id, channel=Channel.MOBILE, now=now)
    await end_session(system.identity, session=system.sessions.read(token, now=now))
    await end_everywhere(system.identity, person_id=person_id)


async def test_stale_ends_go_and_fresh_ones_stay(play: Play) -> None:
    opening = await play.clock.now()
    await _sign_out(play)
    for later, left in ((HOUR, 2), (DAY, 2), (DAY + HOUR, 0)):
        await play.clock.set(opening + later)
        await run_due(play.system, opening + later)
        assert await _ends(play) == left


@pytest.mark.parametrize("step", [lambda _: timedelta(0), lambda number: timedelta(minutes=number)])
async def test_it_is_looked_at_once_an_hour_at_most(
    play: Play, step: Callable[[int], timedelta]
) -> None:
    opening = await play.clock.now()
    await run_due(play.system, opening + 2 * DAY)
    await _sign_out(play)
    for number in range(60):
        await run_due(play.system, opening + 2 * DAY + step(number))
    assert await _ends(play) == 2
    await run_due(play.system, opening + 2 * DAY + HOUR)
    assert await _ends(play) == 0
