"""A database whose process dies in the middle of its work, and a clock in the hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from enum import Enum, auto

from emask.database.pool import Database, Transaction


class Died(BaseException):
    """The process ends here; nothing of it goes on."""


class Moment(Enum):
    """When it dies: with nothing kept, or with all kept and nobody told."""

    BEFORE_COMMIT = auto()
    AFTER_COMMIT = auto()


class MortalDatabase(Database):
    """Dies in its so-manieth transaction from now on, once."""

    dies_in: int | None = None
    moment = Moment.BEFORE_COMMIT

    def dies(self, number: int, moment: Moment) -> None:
        """Let it die in that transaction, the first being 0."""
        self.dies_in, self.moment = number, moment

    def lives(self) -> None:
        """Let it not die after all."""
        self.dies_in = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        dying = self._is_over()
        async with super().transaction() as tx:
            yield tx
            if dying and self.moment is Moment.BEFORE_COMMIT:
                raise Died
        if dying:
            raise Died

    def _is_over(self) -> bool:
        if self.dies_in is None:
            return False
        self.dies_in -= 1
        if self.dies_in >= 0:
            return False
        self.dies_in = None
        return True


class HandClock:
    """Stands where it was put."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    async def now(self) -> datetime:
        return self.instant
