"""How fast parcels are created: evenly, slower after every refusal of calls, faster again after.

A chain that was asked too often refuses all calls for half an hour, and does not say what is too
often. So the pace is felt for: halved by a refusal, and a little faster after every quiet turn.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

_FASTER: Final = 1.1
_SLOWER: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often the chain is called.

    Args:
        per_second: calls that begin in a second, at present.
        least, most: the bounds within which that moves.
        at_once: calls that may be under way together.

    Raises:
        ValueError: bounds out of order, or nothing at all.
    """

    per_second: float
    least: float
    most: float
    at_once: int

    def __post_init__(self) -> None:
        if not 0 < self.least <= self.per_second <= self.most or self.at_once < 1:
            raise ValueError("a pace lies within its bounds, and they are above nothing")

    @property
    def seconds(self) -> float:
        """From the beginning of one call to that of the next."""
        return 1 / self.per_second

    def after_refusal(self) -> "Pace":
        return replace(self, per_second=max(self.least, self.per_second * _SLOWER))

    def after_quiet(self) -> "Pace":
        return replace(self, per_second=min(self.most, self.per_second * _FASTER))


class Beat:
    """Lets calls begin one by one, each a little after the one before.

    Args:
        now: seconds that never go back.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._next = now()

    async def next(self, pace: Pace) -> None:
        """Return when the next call may begin."""
        now = self._now()
        begins = max(self._next, now)
        self._next = begins + pace.seconds
        if begins > now:
            await self._sleep(begins - now)
