"""How often one caller may call, told in every answer (RateLimit header fields).

Counted in this process: where several serve, each grants the quota once.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

_MOST_CALLERS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """So many calls at once, and as many again in so many seconds; `name` is told to callers."""

    name: str
    calls: int
    seconds: int

    @property
    def seconds_each(self) -> float:
        return self.seconds / self.calls


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a caller has left of a quota, and in how many seconds all of it is there again.

    `wait` is 0 for a call that is granted, else the seconds until one will be.
    """

    quota: Quota
    calls: int
    full_in: int
    wait: int

    def headers(self) -> Mapping[str, str]:
        """As header fields; no library is needed for two items of numbers."""
        quota = self.quota
        told = {
            "ratelimit-policy": f'"{quota.name}";q={quota.calls};w={quota.seconds}',
            "ratelimit": f'"{quota.name}";r={self.calls};t={self.full_in}',
        }
        return told | ({"retry-after": str(self.wait)} if self.wait else {})


class Buckets:
    """One bucket for each caller, which fills up evenly.

    Args:
        quota: what a full one holds.
        monotonic: seconds that never go back.
    """

    def __init__(self, quota: Quota, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._quota = quota
        self._monotonic = monotonic
        self._full_at: dict[str, float] = {}

    def take(self, caller: str) -> Left:
        """Count one call of a caller, unless the bucket is empty."""
        now, quota = self._monotonic(), self._quota
        full_at = max(self._full_at.get(caller, now), now)
        wait = full_at + quota.seconds_each - quota.seconds - now
        if wait <= 0:
            full_at += quota.seconds_each
            self._full_at[caller] = full_at
            self._forget_full_ones(now)
        missing = full_at - now
        return Left(
            quota=quota,
            calls=max(0, math.floor((quota.seconds - missing) / quota.seconds_each + 1e-9)),
            full_in=math.ceil(missing),
            wait=math.ceil(wait) if wait > 0 else 0,
        )

    def _forget_full_ones(self, now: float) -> None:
        if len(self._full_at) > _MOST_CALLERS:
            self._full_at = {who: at for who, at in self._full_at.items() if at > now}
