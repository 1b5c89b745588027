"""The two clocks."""

from datetime import UTC, datetime, timedelta

import pytest

from emask.database.clock import ClockNotSet, SetClock, SystemClock
from emask.database.pool import Database


async def test_the_system_clock_tells_aware_time() -> None:
    now = await SystemClock().now()
    assert now.tzinfo is not None
    assert abs(datetime.now(UTC) - now) < timedelta(minutes=1)


async def test_a_set_clock_must_be_set_first(db: Database) -> None:
    with pytest.raises(ClockNotSet):
        await SetClock(db).now()


async def test_a_set_clock_stands_where_it_was_set(clock: SetClock, opening: datetime) -> None:
    assert await clock.now() == opening
    assert await clock.now() == opening


async def test_a_set_clock_moves_backwards_too(clock: SetClock, opening: datetime) -> None:
    await clock.set(opening - timedelta(days=3))
    assert await clock.now() == opening - timedelta(days=3)


async def test_all_processes_see_one_set_clock(
    db: Database, database_url: str, clock: SetClock, opening: datetime
) -> None:
    async with Database(database_url, size=1) as elsewhere:
        await SetClock(elsewhere).set(opening + timedelta(hours=1))
    assert await clock.now() == opening + timedelta(hours=1)
