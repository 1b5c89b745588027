"""Acts of staff: chained, append-only, and what an edit leaves to see."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta, timezone

import pytest
from psycopg.errors import RestrictViolation

from emask.database.audit_log import first_broken_link, record
from emask.database.pool import Database, Transaction
from emask.database.throwaway import ThrowawayDatabases

AT = datetime(2020, 3, 20, 9, tzinfo=timezone(timedelta(hours=8)))


@pytest.fixture(scope="module")
def database_url(databases: ThrowawayDatabases) -> Iterator[str]:
    """One database for all tests here, whose log is emptied after each."""
    with databases.database() as url:
        yield url


async def write(tx: Transaction, act: str) -> None:
    await record(
        tx, at=AT, actor="pharmacist-1", act=act, subject="5901010000", detail={"b": 2, "a": [1]}
    )


async def three_acts(db: Database) -> None:
    for act in ("sell", "undo", "sell"):
        async with db.transaction() as tx:
            await write(tx, act)


async def broken_link(db: Database) -> int | None:
    async with db.transaction() as tx:
        return await first_broken_link(tx)


async def forge(db: Database, statement: str) -> None:
    """What somebody could do who owns the database and lifts its guard."""
    async with db.transaction() as tx:
        await tx.execute("ALTER TABLE audit_log DISABLE TRIGGER audit_log_append_only")
        await tx.execute(statement)
        await tx.execute("ALTER TABLE audit_log ENABLE TRIGGER audit_log_append_only")


@pytest.fixture(autouse=True)
async def _emptied(db: Database) -> AsyncIterator[None]:
    yield
    await forge(db, "TRUNCATE audit_log")


async def test_an_empty_log_is_whole(db: Database) -> None:
    assert await broken_link(db) is None


async def test_acts_follow_one_another(db: Database) -> None:
    await three_acts(db)
    assert await broken_link(db) is None
    async with db.connection() as connection:
        cursor = await connection.execute("SELECT seq, act FROM audit_log ORDER BY seq")
        assert await cursor.fetchall() == [(1, "sell"), (2, "undo"), (3, "sell")]


async def test_the_chain_does_not_depend_on_the_reader_s_time_zone(db: Database) -> None:
    await three_acts(db)
    async with db.transaction() as tx:
        await tx.execute("SET LOCAL timezone = 'America/New_York'")
        assert await first_broken_link(tx) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET actor = 'nobody'",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
    ],
)
async def test_the_database_refuses_to_change_the_log(db: Database, statement: str) -> None:
    await three_acts(db)
    async with db.connection() as connection:
        with pytest.raises(RestrictViolation, match="append-only"):
            await connection.execute(statement)


@pytest.mark.parametrize(
    ("statement", "link"),
    [
        ("UPDATE audit_log SET act = 'buy' WHERE seq = 2", 2),
        ("UPDATE audit_log SET actor = 'nobody' WHERE seq = 1", 1),
        ("UPDATE audit_log SET at = at + interval '1 second' WHERE seq = 3", 3),
        ("UPDATE audit_log SET detail = '{}' WHERE seq = 2", 2),
        ("UPDATE audit_log SET hash = sha256('x') WHERE seq = 3", 3),
        ("DELETE FROM audit_log WHERE seq = 2", 3),
        ("DELETE FROM audit_log WHERE seq = 1", 2),
        (
            (
                "INSERT INTO audit_log SELECT 4, at, actor, act, subject, detail, previous, hash"
                " FROM audit_log WHERE seq = 3"
            ),
            4,
        ),
    ],
)
async def test_an_edit_breaks_the_chain_where_it_was_made(
    db: Database, statement: str, link: int
) -> None:
    await three_acts(db)
    await forge(db, statement)
    assert await broken_link(db) == link


async def test_many_at_once_make_one_chain(db: Database) -> None:
    async def act(number: int) -> None:
        async with db.transaction() as tx:
            await write(tx, f"act-{number}")

    await asyncio.gather(*(act(number) for number in range(15)))
    assert await broken_link(db) is None


async def test_without_waiting_two_at_once_would_follow_the_same_act(db: Database) -> None:
    """What the lock is for: who does not wait sees an end of the chain that is none."""
    await three_acts(db)
    async with db.transaction() as tx, db.connection() as elsewhere:
        await write(tx, "fourth")
        cursor = await elsewhere.execute("SELECT max(seq) FROM audit_log")
        assert await cursor.fetchall() == [(3,)]


async def test_an_act_that_fails_leaves_no_gap(db: Database) -> None:
    async def failing(tx: Transaction) -> None:
        await write(tx, "sell")
        raise LookupError

    with pytest.raises(LookupError):
        await db.retrying(failing)
    await three_acts(db)
    assert await broken_link(db) is None
