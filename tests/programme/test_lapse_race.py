"""A family's payment and the lapse of a whole round take the same orders in other sequences."""

import asyncio
from collections.abc import Awaitable
from uuid import UUID

import pytest
from psycopg.errors import DeadlockDetected

from emask.database.pool import Transaction
from emask.payment.service import lapse_unpaid
from emask.programme.steps import STEPS
from programme.play import Play


async def as_they_lie(play: Play) -> tuple[UUID, UUID]:
    """The first and the last order of the round, as a whole statement meets them."""
    async with play.system.db.connection() as connection:
        cursor = await connection.execute("SELECT person_id FROM orders ORDER BY ctid")
        people = [person_id for (person_id,) in await cursor.fetchall()]
    return people[0], people[-1]


async def hold(tx: Transaction, person_id: UUID) -> None:
    await tx.execute("SELECT FROM orders WHERE person_id = %s FOR UPDATE", (person_id,))


async def meets_a_payment(play: Play, lapse: Awaitable[object]) -> None:
    """Somebody holds the last order; the lapse waits for it, and they want the first one too."""
    first, last = await as_they_lie(play)
    async with play.system.db.transaction() as tx:
        await tx.execute("SET LOCAL deadlock_timeout = '60s'")  # so that the lapse gives way
        await hold(tx, last)
        lapsing = asyncio.ensure_future(lapse)
        waits = False
        while not waits:
            await asyncio.sleep(0.01)
            waits = await somebody_waits(play)
        await hold(tx, first)
    await lapsing


async def somebody_waits(play: Play) -> bool:
    async with play.system.db.connection() as connection:
        cursor = await connection.execute(
            "SELECT FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
    return cursor.rowcount > 0


@pytest.fixture
async def at_release(play: Play) -> Play:
    await play.register(9)
    await play.until(play.round.pay_until)
    await play.clock.set(play.round.release_at)
    return play


async def test_the_lapse_gives_way_and_comes_again(at_release: Play) -> None:
    play = at_release
    lapse = next(step for step in STEPS if step.name == "lapse")
    await meets_a_payment(play, lapse.run(play.system, play.round, play.round.release_at))
    async with play.system.db.connection() as connection:
        cursor = await connection.execute("SELECT state, count(*) FROM orders GROUP BY state")
        assert await cursor.fetchall() == [("lapsed", 8)]


async def test_without_coming_again_the_step_would_fail(at_release: Play) -> None:
    """The negative control."""
    play = at_release

    async def once() -> None:
        async with play.system.db.transaction() as tx:
            await lapse_unpaid(tx, round=play.round, at=play.round.release_at)

    with pytest.raises(DeadlockDetected):
        await meets_a_payment(play, once())
