"""What notices ask of the outside: somebody who sends short messages and tells what became of them.

Ids of messages are a provider's own here; the outbox writes them after its name and a colon.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """One message. `message_id` is the same whenever the same notice is sent."""

    message_id: str
    number: str
    text: str


@dataclass(frozen=True, slots=True)
class Handed:
    """What a provider has said of a message: its own id for it, or why it will never take it.

    `refused_code` is the provider's and opaque; exactly one of the two is given.
    """

    provider_id: str | None
    refused_code: str | None = None


class SmsNotTaken(Exception):
    """The provider took none of the messages; they are sent again later."""


class NotAllTaken(SmsNotTaken):
    """The provider did not take all of the messages; the message tells figures alone.

    Attributes:
        taken: what it has said, by `message_id`.
        unanswered: the ids of those of which nobody knows, because it did not answer in time.
            Whoever tries these elsewhere may send them twice.
    """

    def __init__(
        self, taken: Mapping[str, Handed], unanswered: frozenset[str] = frozenset()
    ) -> None:
        super().__init__(f"{len(taken)} taken, {len(unanswered)} without an answer")
        self.taken = taken
        self.unanswered = unanswered


class Delivery(StrEnum):
    """How far a message has come; WAITING is not final, and UNKNOWN only until more is known."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """How far a message had come by an instant, if the provider tells one."""

    provider_id: str
    delivery: Delivery
    at: datetime | None

    def of(self, provider: str) -> Self:
        """The same receipt, by the id that the outbox knows the message by."""
        return replace(self, provider_id=f"{provider}:{self.provider_id}")


class SmsProvider(Protocol):
    """One provider of short messages."""

    @property
    def name(self) -> str:
        """How the outbox calls it."""
        ...

    @property
    def remembers(self) -> timedelta:
        """For how long it knows a `message_id` again and sends it no second time; zero if never."""
        ...

    @property
    def at_once(self) -> int:
        """How many messages it is handed at once: so many hang on one answer."""
        ...

    async def send(self, messages: Sequence[Sms]) -> Sequence[Handed]:
        """Hand messages over, and hear of each in the same order.

        Raises:
            NotAllTaken: some are to be handed over again.
            SmsNotTaken: the provider took none.
        """
        ...

    async def query(self, provider_ids: Sequence[str]) -> Sequence[Receipt]:
        """How far messages have come; nothing of those of which it cannot tell.

        Raises:
            SmsNotTaken: the provider does not answer.
        """
        ...


class SmsSender(Protocol):
    """Providers, of which those that are well send."""

    @property
    def providers(self) -> Sequence[SmsProvider]:
        """All of them."""
        ...

    async def ready(self) -> Sequence[SmsProvider]:
        """Those that may be handed messages now, the preferred one first; waits for their pace.

        From now on they tell of messages, if they do that over a session.
        """
        ...

    async def aclose(self) -> None:
        """End what sessions they have."""
        ...


class SoleProvider(SmsProvider, SmsSender, Protocol):
    """A provider that sends by itself, or as one of several."""
