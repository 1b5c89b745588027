"""What a process remembers of days that it could not reconcile, or not wholly."""

import time
from collections.abc import Callable
from datetime import date
from typing import Final

_AGAIN_AFTER: Final = 600  # seconds

DayOfGateway = tuple[str, date]
"""A gateway's name, and a day of its."""


class MoneyWatch:
    """When which day of a gateway is to be tried again.

    Args:
        seconds: a clock that only ever goes forward, unlike one that is set.
    """

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._not_before: dict[DayOfGateway, float] = {}

    def postpone(self, day: DayOfGateway) -> None:
        """Leave a day alone for ten minutes."""
        self._not_before[day] = self._seconds() + _AGAIN_AFTER

    def done(self, day: DayOfGateway) -> None:
        """Nothing is left to do about a day."""
        self._not_before.pop(day, None)

    def may_try(self, day: DayOfGateway) -> bool:
        """Whether it is time."""
        return self._not_before.get(day, 0) <= self._seconds()

    def postponed(self, gateway: str) -> list[date]:
        """The days of a gateway that are to be tried again, now or later."""
        return sorted(day for name, day in self._not_before if name == gateway)
