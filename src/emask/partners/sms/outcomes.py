"""What providers say of messages: taken, refused for good, delivered or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from emask.notices.ports import Sms, SmsNotTaken

_REFUSED: Final = "refused:"


class NotAllTaken(SmsNotTaken):
    """The provider did not take all of the messages; the message tells figures alone.

    Attributes:
        taken: what it took, or refused for good: its ids by `message_id`.
        unanswered: the ids of those of which nobody knows, because it did not answer in time.
            Whoever tries these elsewhere may send them twice.
    """

    def __init__(self, taken: Mapping[str, str], unanswered: frozenset[str] = frozenset()) -> None:
        super().__init__(f"{len(taken)} taken, {len(unanswered)} without an answer")
        self.taken = taken
        self.unanswered = unanswered


def refusal(code: str) -> str:
    """What stands for the provider's id of a message that it will never take."""
    return f"{_REFUSED}{code}"


def is_refusal(provider_id: str) -> bool:
    """Whether it stands for a message that the provider will never take."""
    return _REFUSED in provider_id


def ids_of(
    messages: Sequence[Sms],
    taken: Mapping[str, str],
    unanswered: frozenset[str] = frozenset(),
) -> list[str]:
    """The provider's ids in the messages' order.

    Raises:
        NotAllTaken: there is not one for each.
    """
    if any(message.message_id not in taken for message in messages):
        raise NotAllTaken(taken, unanswered)
    return [taken[message.message_id] for message in messages]


class Delivery(StrEnum):
    """How far a message has come; all but WAITING are final."""

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
