"""Several providers of messages as one: those that are well send, and none too fast.

A provider whose calls fail too often is left alone for a while; then one message tries it again.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from emask.notices.ports import Handed, Receipt, Sms, SmsNotTaken, SmsProvider, SoleProvider

_LOG: Final = logging.getLogger(__name__)

Seconds = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a provider is left alone, and how fast messages go.

    Attributes:
        calls: over how many of its latest calls the error rate is counted.
        least: how many there must be before it counts.
        error_rate: from which share of failed calls on the provider is left alone.
        rest: for how many seconds.
        per_second: how many messages may go on average, all providers together.
    """

    calls: int = 20
    least: int = 3
    error_rate: float = 0.5
    rest: float = 60
    per_second: float = 100


class FailoverSender:
    """An `SmsSender` over several providers.

    Its figures are this process's own: one process at a time sends, see
    :func:`emask.notices.service.alone`.

    Args:
        providers: the preferred one first.
        limits: when to leave one alone, and how fast to send.
        seconds: a clock that only ever goes forward.
        sleep: how to wait.
    """

    def __init__(
        self,
        providers: Sequence[SoleProvider],
        *,
        limits: Limits,
        seconds: Seconds = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._pace = _Pace(limits.per_second, seconds)
        self._providers = [
            _Watched(provider, limits, self._pace, seconds) for provider in providers
        ]
        self._sleep = sleep

    @property
    def providers(self) -> Sequence[SmsProvider]:
        """All of them, the well and the others."""
        return self._providers

    async def ready(self) -> Sequence[SmsProvider]:
        """Those that are well, once what was sent before has had its time."""
        if wait := self._pace.wait():
            await self._sleep(wait)
        return [provider for provider in self._providers if await provider.is_well()]

    async def aclose(self) -> None:
        """End the providers' sessions."""
        async with AsyncExitStack() as closing:
            for provider in self._providers:
                closing.push_async_callback(provider.aclose)


class _Pace:
    """How long to wait so that no more than so many go a second."""

    def __init__(self, per_second: float, seconds: Seconds) -> None:
        self._per_second = per_second
        self._seconds = seconds
        self._free_at = 0.0

    def wait(self) -> float:
        return max(0.0, self._free_at - self._seconds())

    def spend(self, count: int) -> None:
        self._free_at = max(self._seconds(), self._free_at) + count / self._per_second


@dataclass(slots=True)
class _Watched:
    """A provider, and how its latest calls went."""

    inner: SoleProvider
    limits: Limits
    pace: _Pace
    seconds: Seconds
    _calls: deque[bool] = field(init=False)
    _rests_until: float | None = None

    def __post_init__(self) -> None:
        self._calls = deque(maxlen=self.limits.calls)

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def remembers(self) -> timedelta:
        return self.inner.remembers

    @property
    def at_once(self) -> int:
        """After a rest one message goes first, so that no more of them hang on the answer."""
        return self.inner.at_once if self._rests_until is None else 1

    async def is_well(self) -> bool:
        """Whether it is not at rest; its session is open from now on."""
        open_now = bool(await self.inner.ready())
        return open_now and (self._rests_until is None or self.seconds() >= self._rests_until)

    async def send(self, messages: Sequence[Sms]) -> Sequence[Handed]:
        """Hand messages over, and see how that goes."""
        self.pace.spend(len(messages))
        try:
            handed = await self.inner.send(messages)
        except SmsNotTaken:
            self._failed()
            raise
        self._went_well()
        return handed

    async def query(self, provider_ids: Sequence[str]) -> Sequence[Receipt]:
        return await self.inner.query(provider_ids)

    async def aclose(self) -> None:
        await self.inner.aclose()

    def _went_well(self) -> None:
        if self._rests_until is not None:
            _LOG.info("sms: %s is well again", self.name)
            self._rests_until = None
            self._calls.clear()
        self._calls.append(True)

    def _failed(self) -> None:
        self._calls.append(False)
        calls, limits = len(self._calls), self.limits
        often = calls >= limits.least and self._calls.count(False) >= limits.error_rate * calls
        if often or self._rests_until is not None:
            _LOG.warning("sms: %s fails, and is left alone for a while", self.name)
            self._rests_until = self.seconds() + limits.rest
