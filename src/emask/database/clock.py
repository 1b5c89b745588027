"""The time as the whole system sees it."""

from datetime import UTC, datetime
from typing import Final, Protocol

from emask.database.pool import Database

NOW: Final = "coalesce((SELECT now FROM clock), now())"
"""The present instant within a statement: where the set clock stands, if there is one."""


class Clock(Protocol):
    """Tells the instant at which a use case acts."""

    async def now(self) -> datetime:
        """The present instant, time-zone aware."""
        ...


class SystemClock:
    """The machine's clock: production."""

    async def now(self) -> datetime:
        """The present instant in UTC."""
        return datetime.now(UTC)


class SetClock:
    """A clock kept in the database, so that every process agrees; it moves only when set.

    Demo, rehearsal and tests live by it. Setting it fires nothing: carrying out what falls due
    belongs to the programme.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    async def now(self) -> datetime:
        """The instant the clock stands at.

        Raises:
            ClockNotSet: before the first :meth:`set`.
        """
        async with self._db.connection() as connection:
            cursor = await connection.execute("SELECT now FROM clock")
            row = await cursor.fetchone()
        if row is None:
            raise ClockNotSet
        instant: datetime = row[0]
        return instant

    async def set(self, instant: datetime) -> None:
        """Move the clock, backwards too."""
        async with self._db.connection() as connection:
            await connection.execute(
                "INSERT INTO clock (now) VALUES (%s)"
                " ON CONFLICT (singleton) DO UPDATE SET now = excluded.now",
                (instant,),
            )


class StoppedClock:
    """One instant, for what is part of a transaction: it asks for no connection beside it."""

    def __init__(self, instant: datetime) -> None:
        self._instant = instant

    async def now(self) -> datetime:
        """That instant."""
        return self._instant


class ClockNotSet(Exception):
    """This database's clock has never been set."""
