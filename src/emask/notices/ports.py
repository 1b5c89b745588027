"""What notices ask of the outside: somebody who sends short messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class SmsNotTaken(Exception):
    """The provider took none of the messages; they are sent again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """One message. `message_id` is the same whenever the same notice is sent."""

    message_id: str
    number: str
    text: str


class SmsSender(Protocol):
    """A provider of short messages."""

    async def send(self, messages: Sequence[Sms]) -> Sequence[str]:
        """Hand messages over and get the provider's ids in the same order.

        A message that was handed over before is not sent again.

        Raises:
            SmsNotTaken: the provider took none.
        """
        ...
