"""Several providers of messages as one: the first that is well sends, and none too fast.

A provider whose calls fail too often is left alone for a while; then one call tries it again.
"""

import asyncio
import logging
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from emask.notices.ports import Sms, SmsNotTaken, SmsSender
from emask.partners.sms.outcomes import NotAllTaken, ids_of

_LOG: Final = logging.getLogger(__name__)
_REMEMBERED: Final = 100_000

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
    """An `SmsSender` over others; the id of a message is `provider:its id`.

    A message that one provider has not answered for goes to no other in the same call: it may
    have been taken. When it is due again, it goes under the same `message_id` to whoever is well.

    Args:
        providers: by name, the preferred one first.
        limits: when to leave one alone, and how fast to send.
        seconds: a clock that only ever goes forward.
        sleep: how to wait.
    """

    def __init__(
        self,
        providers: Sequence[tuple[str, SmsSender]],
        *,
        limits: Limits,
        seconds: Seconds = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._providers = [_Provider(name, sender, limits) for name, sender in providers]
        self._limits = limits
        self._seconds = seconds
        self._sleep = sleep
        self._free_at = 0.0
        self._taken: OrderedDict[str, str] = OrderedDict()

    async def send(self, messages: Sequence[Sms]) -> list[str]:
        """Hand messages over; see :class:`emask.notices.ports.SmsSender`.

        Raises:
            NotAllTaken: no provider took some; what was taken is remembered.
        """
        found = {
            message.message_id: self._taken[message.message_id]
            for message in messages
            if message.message_id in self._taken
        }
        unanswered: set[str] = set()
        await self._keep_pace(len(messages) - len(found))
        for provider in self._providers:
            rest = [
                message
                for message in messages
                if message.message_id not in found and message.message_id not in unanswered
            ]
            if not rest:
                break
            if not provider.begin(self._seconds()):
                continue
            taken, silent = await provider.send(rest, self._seconds)
            unanswered |= silent
            found |= {message_id: f"{provider.name}:{one}" for message_id, one in taken.items()}
        self._remember(found)
        return ids_of(messages, found, frozenset(unanswered))

    async def _keep_pace(self, count: int) -> None:
        """Wait until the messages before these have had their time."""
        now = self._seconds()
        wait = self._free_at - now
        self._free_at = max(now, self._free_at) + count / self._limits.per_second
        if wait > 0:
            await self._sleep(wait)

    def _remember(self, taken: dict[str, str]) -> None:
        self._taken.update(taken)
        while len(self._taken) > _REMEMBERED:
            self._taken.popitem(last=False)


@dataclass(slots=True)
class _Provider:
    name: str
    sender: SmsSender
    limits: Limits
    _calls: deque[bool] = field(init=False)
    _rests_until: float | None = None
    _trying: bool = False

    def __post_init__(self) -> None:
        self._calls = deque(maxlen=self.limits.calls)

    def begin(self, now: float) -> bool:
        """Whether it may be called now; after its rest, by one call at a time."""
        if self._rests_until is None:
            return True
        if now < self._rests_until or self._trying:
            return False
        self._trying = True
        return True

    async def send(
        self, messages: Sequence[Sms], seconds: Seconds
    ) -> tuple[dict[str, str], frozenset[str]]:
        """Hand messages over; the provider's ids by ours, and what it has not answered for.

        After a rest one message goes first, so that no more of them hang on the answer.
        """
        taken: dict[str, str] = {}
        trying = self._trying
        batches = [messages[:1], messages[1:]] if trying else [messages]
        try:
            for batch in filter(None, batches):
                taken |= await self._hand_over(batch)
                self._went_well()
        except NotAllTaken as failure:
            self._failed(seconds())
            return taken | dict(failure.taken), failure.unanswered
        finally:
            if trying:
                self._trying = False
        return taken, frozenset()

    async def _hand_over(self, messages: Sequence[Sms]) -> dict[str, str]:
        try:
            provider_ids = await self.sender.send(messages)
        except NotAllTaken:
            raise
        except SmsNotTaken:
            raise NotAllTaken({}) from None
        return {
            message.message_id: provider_id
            for message, provider_id in zip(messages, provider_ids, strict=True)
        }

    def _went_well(self) -> None:
        if self._rests_until is not None:
            _LOG.info("sms: %s is well again", self.name)
            self._rests_until = None
            self._calls.clear()
        self._calls.append(True)

    def _failed(self, now: float) -> None:
        self._calls.append(False)
        calls, limits = len(self._calls), self.limits
        often = calls >= limits.least and self._calls.count(False) >= limits.error_rate * calls
        if often or self._rests_until is not None:
            _LOG.warning("sms: %s fails, and is left alone for a while", self.name)
            self._rests_until = now + limits.rest
