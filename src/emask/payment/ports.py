"""What payment asks of the outside: a gateway that takes money and tells of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from emask.rules.price import Method


class ForgedMessage(Exception):
    """A message that the gateway did not sign, or that it would never send; change nothing."""


class MessageKind(StrEnum):
    """What a gateway tells; an issued account is not money."""

    ACCOUNT_ISSUED = "account_issued"
    PAID = "paid"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """How to pay: a page to go to, or an account to transfer to, good until `expires_at`."""

    redirect_url: str | None
    bank_code: str | None
    account: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CheckoutForm:
    """What a payer's browser posts where, for gateways that take a trade from it alone."""

    action: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayMessage:
    """A verified message. `amount` is NT$; `valued_at` is the bank's value time.

    `message_id` is the same whenever the same message is sent. A `simulated` payment is no money.
    """

    trade_no: str
    message_id: str
    kind: MessageKind
    amount: int
    account: str | None
    valued_at: datetime
    simulated: bool
    bank_code: str | None = None


class Gateway(Protocol):
    """One provider of payments."""

    @property
    def name(self) -> str:
        """How the ledger calls it."""
        ...

    async def open(
        self, *, trade_no: str, amount: int, method: Method, expires_at: datetime
    ) -> Instruction:
        """Announce a trade of `amount` NT$ under our number for it."""
        ...

    def read(self, fields: Mapping[str, str]) -> GatewayMessage:
        """Verify and read a message. Raises ForgedMessage."""
        ...
