"""Ending sessions: in one process at once, in every other about a second later."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.identity import ended_sessions, session_queries
from emask.identity.ended_sessions import EndedSessions, kept_up_to_date
from emask.identity.housekeeping import forget_stale
from emask.identity.model import Session
from emask.identity.session_ends import begin_session, end_all
from emask.identity.sessions import LIFETIME, SessionEnded, Sessions
from emask.rules.calendar import Channel

MING, HUA = UUID(int=7), UUID(int=8)
QUICK = 0.02


class Process:
    """What one process of the service knows, and signs people in with."""

    def __init__(self, db: Database, keys: Keys, now: datetime) -> None:
        self.db = db
        self.ended = EndedSessions()
        self.sessions = Sessions(keys, self.ended)
        self.now = now

    async def begin(self, person_id: UUID = MING) -> str:
        return await begin_session(
            self.db, self.sessions, person_id=person_id, channel=Channel.COMPUTER, now=self.now
        )

    def read(self, token: str) -> Session:
        return self.sessions.read(token, now=self.now)

    def reads(self, token: str) -> bool:
        try:
            self.read(token)
        except SessionEnded:
            return False
        return True

    async def end(self, token: str) -> None:
        session_id = self.read(token).session_id
        async with self.db.transaction() as tx:
            await session_queries.end_session(tx, session_id, over_at=self.now + LIFETIME)
        self.ended.note_session(session_id)

    async def end_all(self, person_id: UUID = MING) -> None:
        async with self.db.transaction() as tx:
            generation = await end_all(tx, person_id, at=self.now)
        self.ended.note_person(person_id, generation)

    async def refresh(self) -> None:
        await self.ended.refresh(self.db)


@pytest.fixture
def here(db: Database, keys: Keys, opening: datetime) -> Process:
    return Process(db, keys, opening)


@pytest.fixture
def there(db: Database, keys: Keys, opening: datetime) -> Process:
    return Process(db, keys, opening)


async def test_what_one_process_ends_another_knows_after_reading(
    here: Process, there: Process
) -> None:
    await there.refresh()
    one, other, hers = await here.begin(), await here.begin(), await here.begin(HUA)
    await here.end(one)
    assert not here.reads(one)
    assert there.reads(one)
    await there.refresh()
    assert [there.reads(each) for each in (one, other, hers)] == [False, True, True]
    await here.end_all()
    await there.refresh()
    assert [there.reads(each) for each in (one, other, hers)] == [False, False, True]


async def test_a_fresh_session_is_not_ended_by_what_came_before_it(
    here: Process, there: Process
) -> None:
    await there.refresh()
    for _ in range(3):
        await here.end_all()
        fresh = await there.begin()
        assert there.reads(fresh)
        await here.refresh()
        await there.refresh()
        assert here.reads(fresh)
        assert there.reads(fresh)


async def test_without_learning_first_it_would_be(here: Process, there: Process) -> None:
    await there.refresh()
    await here.end_all()
    fresh = there.sessions.issue(person_id=MING, channel=Channel.MOBILE, now=there.now)
    await there.refresh()
    assert not there.reads(fresh)


async def test_an_end_that_commits_late_is_not_passed_over(here: Process, there: Process) -> None:
    """Numbers are given out in one order and committed in another."""
    slow, quick = await here.begin(), await here.begin(HUA)
    async with here.db.transaction() as tx:
        await end_all(tx, MING, at=here.now)
        await here.end_all(HUA)
        await there.refresh()
        assert there.reads(slow)
        assert not there.reads(quick)
    await there.refresh()
    assert not there.reads(slow)


async def test_reading_on_from_the_highest_number_would_pass_it_over(
    here: Process, there: Process
) -> None:
    highest = 0

    async def careless() -> None:
        nonlocal highest
        async with there.db.transaction() as tx:
            cursor = await tx.execute(
                "SELECT person_id, generation FROM session_generation WHERE generation > %s",
                (highest,),
            )
            for person_id, generation in await cursor.fetchall():
                there.ended.note_person(person_id, generation)
                highest = max(highest, generation)

    slow = await here.begin()
    async with here.db.transaction() as tx:
        await end_all(tx, MING, at=here.now)
        await here.end_all(HUA)
        await careless()
    await careless()
    assert there.reads(slow)


async def test_of_ends_at_once_the_latest_counts_in_every_process(
    here: Process, there: Process
) -> None:
    old = await here.begin()
    await asyncio.gather(*(each.end_all() for each in (here, there) for _ in range(5)))
    fresh = await here.begin()
    await there.refresh()
    await here.refresh()
    assert [each.reads(old) for each in (here, there)] == [False, False]
    assert [each.reads(fresh) for each in (here, there)] == [True, True]


async def forget(process: Process, *, after: timedelta) -> int:
    async with process.db.transaction() as tx:
        return await forget_stale(tx, at=process.now + after)


async def test_ends_are_forgotten_when_no_session_is_left_that_they_could_end(
    here: Process, there: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.end(await here.begin(HUA))
    await here.end_all()
    await there.refresh()
    assert await forget(here, after=LIFETIME) == 0
    old = await here.begin()
    assert await forget(here, after=LIFETIME + timedelta(days=1, seconds=1)) == 2
    assert here.reads(old)
    monkeypatch.setattr(ended_sessions, "_READ_ALL_AFTER", 1)
    await there.refresh()
    assert there.reads(await there.begin())
    # what comes after being forgotten is later than all before
    await there.end_all()
    await here.refresh()
    assert not here.reads(old)


async def test_a_process_that_starts_later_is_as_far_as_the_others(
    here: Process, there: Process
) -> None:
    await here.end_all()
    await forget(here, after=timedelta(days=2))
    await there.refresh()
    assert here.reads(await there.begin())


async def soon(true: Callable[[], bool]) -> None:
    for _ in range(250):
        if true():
            return
        await asyncio.sleep(QUICK)
    pytest.fail("it did not come true in five seconds")


async def test_ends_become_known_while_the_block_runs(here: Process, there: Process) -> None:
    token = await here.begin()
    async with kept_up_to_date(there.ended, there.db, every=QUICK):
        assert there.reads(token)
        await here.end(token)
        await soon(lambda: not there.reads(token))
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "ended sessions"]


async def test_what_ended_before_is_known_from_the_start(here: Process, there: Process) -> None:
    token = await here.begin()
    await here.end_all()
    async with kept_up_to_date(there.ended, there.db):
        assert not there.reads(token)


async def _cut_all(db: Database) -> None:
    async with await psycopg.AsyncConnection.connect(db.url, autocommit=True) as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


async def test_connections_that_break_do_not_end_the_learning(
    here: Process, there: Process
) -> None:
    async with kept_up_to_date(there.ended, there.db, every=QUICK):
        for _ in range(3):
            await _cut_all(there.db)
            await asyncio.sleep(3 * QUICK)
        async with Database(here.db.url, size=1) as unbroken:
            here.db = unbroken
            token = await here.begin()
            await here.end(token)
        await soon(lambda: not there.reads(token))


async def test_a_table_that_is_gone_for_a_while_does_neither(
    here: Process, there: Process, caplog: pytest.LogCaptureFixture
) -> None:
    token = await here.begin()
    async with kept_up_to_date(there.ended, there.db, every=QUICK):
        await _rename(here.db, "ended_session", "away")
        await soon(lambda: "ended sessions not read: UndefinedTable" in caplog.text)
        await _rename(here.db, "away", "ended_session")
        await here.end(token)
        await soon(lambda: not there.reads(token))


async def test_a_reading_that_hangs_is_given_up_and_begun_anew(
    here: Process,
    there: Process,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ended_sessions, "_PATIENCE", 0.1)
    token = await here.begin()
    async with kept_up_to_date(there.ended, there.db, every=QUICK):
        async with here.db.transaction() as tx:
            await tx.execute("LOCK TABLE ended_session IN ACCESS EXCLUSIVE MODE")
            await soon(lambda: "ended sessions not read: TimeoutError" in caplog.text)
        await here.end(token)
        await soon(lambda: not there.reads(token))


async def _rename(db: Database, name: str, other: str) -> None:
    async with db.transaction() as tx:
        await tx.execute(f"ALTER TABLE {name} RENAME TO {other}")


async def test_the_clock_decides_nothing(here: Process, there: Process, clock: SetClock) -> None:
    token = await here.begin()
    here.now -= timedelta(days=3)  # a set clock went back before the end was noted
    async with here.db.transaction() as tx:
        await end_all(tx, MING, at=here.now)
    there.now -= timedelta(minutes=5)
    await there.refresh()
    assert not there.reads(token)
