"""How many statements an answer and a sale cost: the counter answers at national peak."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from psycopg import AsyncCursor
from psycopg.rows import TupleRow

from counter.test_check_and_sell import ask, buy
from delivery.world import World, day
from emask.database.clock import SetClock
from emask.database.pool import Database, Transaction

executed: list[str] = []


class CountingCursor(AsyncCursor[TupleRow]):
    """Notes every statement."""

    async def execute(self, query: Any, *rest: Any, **options: Any) -> Any:
        executed.append(str(query))
        return await super().execute(query, *rest, **options)

    async def executemany(
        self, query: Any, params_seq: Iterable[Any], *, returning: bool = False
    ) -> None:
        rows = list(params_seq)
        executed.extend([str(query)] * len(rows))
        await super().executemany(query, rows, returning=returning)


class CountingDatabase(Database):
    """A database whose connections note their statements."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with super().transaction() as tx:
            tx.cursor_factory = CountingCursor
            yield tx

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Transaction]:
        async with super().connection() as connection:
            connection.cursor_factory = CountingCursor
            yield connection


async def test_a_check_takes_one_statement_and_a_sale_at_most_six(
    database_url: str, db: Database, world: World
) -> None:
    ordinary, deferring = await world.person(digit=1), await world.person(digit=1)
    await world.order(deferring, paid_at=day(3, 20))
    await world.clock.set(day(3, 22))
    async with CountingDatabase(database_url) as counting:
        counted = World(db=counting, clock=SetClock(db), vault=world.vault)
        executed.clear()
        await ask(counted, ordinary)
        assert len(executed) == 1
        executed.clear()
        await buy(counted, ordinary)
        assert len(executed) == 3
        executed.clear()
        await buy(counted, deferring)
        assert len(executed) == 6
