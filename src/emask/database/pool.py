"""Connections and transactions.

The convention of all services: a function whose first parameter is ``tx`` joins the caller's
transaction; one whose first parameter is ``db`` opens its own and commits it before it returns.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol, Self, TypeVar

from psycopg import AsyncConnection
from psycopg.errors import DeadlockDetected, ExclusionViolation, SerializationFailure
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

Transaction = AsyncConnection[TupleRow]
"""An open transaction (READ COMMITTED); commit and rollback belong to :class:`Database`."""

T = TypeVar("T")

_RETRIED = (ExclusionViolation, SerializationFailure, DeadlockDetected)
_ATTEMPTS = 8


class Retrying(Protocol):
    """What runs a use case in a transaction: a database, or :class:`Joined`."""

    async def retrying(self, use_case: Callable[[Transaction], Awaitable[T]]) -> T:
        """As :meth:`Database.retrying`."""
        ...


class Reading(Protocol):
    """What a use case that only reads is given: a database, or :class:`Joined`."""

    def connection(self) -> AbstractAsyncContextManager[Transaction]:
        """As :meth:`Database.connection`."""
        ...


class Joined:
    """An open transaction that a use case becomes part of, to be committed with the rest of it.

    Races are not met here: whoever opened the transaction runs all of it again.
    """

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def retrying(self, use_case: Callable[[Transaction], Awaitable[T]]) -> T:
        """What the use case returns, nothing of it committed yet."""
        return await use_case(self._tx)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Transaction]:
        """The transaction itself."""
        yield self._tx


class Database:
    """A pool of connections to one PostgreSQL database.

    Args:
        url: a libpq connection URL.
        size: how many connections it may hold at once.
    """

    def __init__(self, url: str, *, size: int = 10) -> None:
        self.url = url
        self._pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=size,
            open=False,
            timeout=30,
            kwargs={"autocommit": True},
        )

    async def __aenter__(self) -> Self:
        await self._pool.open()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        async with self._pool.connection() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Transaction]:
        """A connection in autocommit mode, for single statements and long-lived workers."""
        async with self._pool.connection() as connection:
            yield connection

    async def retrying(self, use_case: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run a use case in a transaction of its own, whole and again when it lost a race.

        Racing writers of one person's timeline meet 23P01 (exclusion), 40P01 (deadlock) or 40001
        (serialisation); the loser reads anew and decides anew, a bounded number of times.

        Args:
            use_case: called with the transaction; must be safe to call again after a rollback.

        Raises:
            ExclusionViolation, DeadlockDetected, SerializationFailure: when every attempt lost.
        """
        for attempt in range(1, _ATTEMPTS):
            try:
                async with self.transaction() as tx:
                    return await use_case(tx)
            except _RETRIED:
                await asyncio.sleep(random.uniform(0, 0.01 * attempt))  # noqa: S311 - spreads retries
        async with self.transaction() as tx:
            return await use_case(tx)
