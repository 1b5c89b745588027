"""A play at its opening, and the database of one that was played to the end."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime, timedelta

import pytest

from emask.database.throwaway import ThrowawayDatabases
from emask.database.vault import Keys
from emask.rules.calendar import at
from programme.play import Play, open_play


@pytest.fixture
async def play(database_url: str, keys: Keys, opening: datetime) -> AsyncIterator[Play]:
    async with open_play(database_url, keys, opening) as at_its_opening:
        yield at_its_opening


@pytest.fixture(scope="module")
def played_url(databases: ThrowawayDatabases, keys: Keys) -> Iterator[str]:
    """The database of a whole round: some paid, one twice, some collected, one bought meanwhile."""
    with databases.database() as url:
        asyncio.run(_played(url, keys))
        yield url


async def _played(url: str, keys: Keys) -> None:
    async with open_play(url, keys, at(date(2020, 3, 12), 9)) as play:
        await play.register(12)
        await play.until(play.round.pay_from)
        selected = await play.selected()
        await play.pay(selected[:5])
        await play.pay(selected[5:6], times=2)
        await play.until(at(date(2020, 3, 22), 10))
        await play.buy(selected[0])
        await play.until(play.round.pickup_opens_at)
        for number in selected[1:4]:
            await play.collect(number)
        await play.until(play.round.pickup_ends_at + timedelta(hours=1))
