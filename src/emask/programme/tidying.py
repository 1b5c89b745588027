"""Forgetting what nobody needs any more, now and then."""

from datetime import datetime
from typing import Final

from emask.counter.clients_calls import forget_calls
from emask.database.pool import Database
from emask.delivery.slips import forget_slips
from emask.identity.housekeeping import forget_stale

_EVERY: Final = 3600


class Tidying:
    """Remembers when a process last tidied up."""

    def __init__(self) -> None:
        self._hour: int | None = None

    async def at_most_hourly(self, db: Database, now: datetime) -> int:
        """Forget what is stale, once in each hour of the clock; returns how many rows went.

        A set clock that jumps has one hour more, one that stands still none.
        """
        hour = int(now.timestamp()) // _EVERY
        if hour == self._hour:
            return 0
        self._hour = hour
        async with db.transaction() as tx:
            forgotten = await forget_stale(tx, at=now) + await forget_slips(tx, at=now)
            return forgotten + await forget_calls(tx, at=now)
