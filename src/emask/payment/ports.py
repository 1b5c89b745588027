"""What payment asks of the outside: gateways that take money, tell of it and give it back.

A gateway takes a trade from the payer's browser alone, tells of it when it likes, and answers
questions. Amounts are whole NT$, instants are aware.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from emask.rules.calendar import Language
from emask.rules.price import Method


class ForgedMessage(Exception):
    """A message that the gateway did not sign, or that it would never send; change nothing."""


class UnfitForCheckout(ValueError):
    """A trade that the gateway would refuse: says which field."""


class NoAnswer(Exception):
    """No answer, or none in the agreed form; what was asked for may have been done or not."""


class Paused(Exception):
    """The gateway was asked too often; it is not to be asked anything before `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"no calls before {until.isoformat()}")
        self.until = until


class RefundRefused(Exception):
    """The gateway does not carry a step of a refund out; `code` is opaque. Nothing has changed."""

    def __init__(self, action: "CardAction", code: str) -> None:
        super().__init__(f"{action}: {code}")
        self.code = code


class Closing(Exception):
    """The bank has first to take the money; nothing was asked. Try again at `until`, if known."""

    def __init__(self, until: datetime | None = None) -> None:
        super().__init__("the bank is taking the money")
        self.until = until


class MessageKind(StrEnum):
    """What a gateway tells; an issued account is not money."""

    ACCOUNT_ISSUED = "account_issued"
    PAID = "paid"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayMessage:
    """What a gateway has told, or answered, and signed.

    Args:
        trade_no: our number.
        message_id: the same for every way of telling the same thing.
        kind: what it tells.
        amount: of the payment, or of what is to be transferred.
        bank_code, account: where to transfer to, of an account that was issued.
        valued_at: the bank's value time.
        simulated: it only looks paid, and is no money.
        gateway_trade_no: the gateway's own number, which a refund needs.
    """

    trade_no: str
    message_id: str
    kind: MessageKind
    amount: int
    account: str | None
    valued_at: datetime
    simulated: bool
    bank_code: str | None = None
    gateway_trade_no: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """One trade to open.

    Args:
        trade_no: our number for it, never used before: up to 20 letters and digits.
        amount: NT$.
        method: the one way it may be paid.
        item: what is bought, as the payer reads it.
        language: of the gateway's pages.
        expires_at: when paying has to be over.
    """

    trade_no: str
    amount: int
    method: Method
    item: str
    language: Language
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnAddresses:
    """Where the word of a trade goes, and its payer.

    Args:
        told: the gateway's server tells there of money and of accounts.
        returned: the payer's browser is sent there with the result, by POST.
        back: where the gateway's button back leads, by GET.
    """

    told: str
    returned: str
    back: str


@dataclass(frozen=True, slots=True)
class CheckoutForm:
    """What the payer's browser posts where: the whole page, never a frame."""

    action: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a gateway wants to hear in answer to a message: status and whole text."""

    status: int
    content: str


class CardState(StrEnum):
    """How far a gateway is with a card payment."""

    AUTHORISED = "authorised"
    TO_BE_CLOSED = "to_be_closed"
    CLOSING = "closing"
    CLOSED = "closed"
    GIVEN_BACK = "given_back"


class CardAction(StrEnum):
    """One step of giving a card payment back."""

    CLOSE = "close"
    REFUND = "refund"
    CANCEL_CLOSING = "cancel_closing"
    ABANDON = "abandon"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRefund:
    """What goes back of a card payment.

    Args:
        trade_no: our number.
        gateway_trade_no: the gateway's.
        paid: NT$ of the whole payment.
        back: NT$ that go back.
    """

    trade_no: str
    gateway_trade_no: str
    paid: int
    back: int

    def __post_init__(self) -> None:
        if not 0 < self.back <= self.paid:
            raise ValueError("what goes back is part of what was paid")

    @property
    def is_whole(self) -> bool:
        """Whether all of it goes back."""
        return self.back == self.paid

    def amount(self, action: CardAction) -> int:
        """NT$ that a step is about: only a refund can be of a part."""
        return self.back if action is CardAction.REFUND else self.paid


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which trade is asked about; `amount` is NT$ of the whole trade."""

    trade_no: str
    amount: int
    method: Method
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeStanding:
    """How a trade stands.

    Args:
        messages: what the gateway would tell of it by itself; taken in as such.
        card: of a card payment, how far it is.
        card_reckoned: `card` follows from the clock; the gateway does not say.
        refundable: NT$ of a card payment that can still go back, where the gateway says.
    """

    messages: Sequence[GatewayMessage] = field(default=())
    card: CardState | None = None
    card_reckoned: bool = False
    refundable: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledRow:
    """One row of a gateway's daily file.

    `amount` is NT$, below zero for what went back; `valued_at` None where the file has no time.
    """

    trade_no: str
    gateway_trade_no: str
    method: str
    amount: int
    valued_at: datetime | None


class UnreadableFile(ValueError):
    """Not a file of trades; says where it cannot be read, and nothing of what stands there."""


class Gateway(Protocol):
    """One provider of payments."""

    @property
    def name(self) -> str:
        """How the ledger calls it."""
        ...

    @property
    def cashier(self) -> str:
        """The origin of the pages that payers are sent to."""
        ...

    @property
    def taken(self) -> Reply:
        """What it hears of a message that has been dealt with."""
        ...

    @property
    def not_genuine(self) -> Reply:
        """What it hears of any other; should our keys be wrong, it tells it again."""
        ...

    def checkout(
        self, purchase: Purchase, addresses: ReturnAddresses, *, at: datetime
    ) -> CheckoutForm:
        """The signed form that opens a trade. Raises UnfitForCheckout."""
        ...

    def read(self, body: bytes, *, at: datetime) -> GatewayMessage:
        """Verify and read what its server posted. Raises ForgedMessage."""
        ...

    def read_returned(self, body: bytes, *, at: datetime) -> GatewayMessage | None:
        """Of what the payer's browser brought, a message that is told in no other way, or None."""
        ...

    async def ask(self, question: Question, *, at: datetime) -> TradeStanding:
        """How a trade stands. Raises NoAnswer and Paused."""
        ...

    def next_step(
        self, refund: CardRefund, state: CardState
    ) -> tuple[CardAction, CardState] | None:
        """The next step, and the state after it; None when the money is back. Raises Closing."""
        ...

    async def take_step(self, refund: CardRefund, action: CardAction, *, at: datetime) -> None:
        """Have one step carried out; returns when it has been.

        Raises:
            Closing: it is not the time; nothing was asked.
            RefundRefused, Paused: nothing has changed.
            NoAnswer: it may have been done, and is not to be asked again blindly.
        """
        ...

    async def settled(self, day: date, *, at: datetime) -> Sequence[SettledRow] | None:
        """Its file of a day's money; None if it gives out none. Raises NoAnswer, Paused.

        Raises:
            UnreadableFile: what came is no file.
        """
        ...

    def read_settled(self, content: bytes) -> Sequence[SettledRow]:
        """A file that was fetched by hand. Raises UnreadableFile."""
        ...


class Gateways:
    """The gateways that are on, and which of them takes new trades of a method.

    Args:
        gateways: every one, also those that only finish old trades.
        choice: the name of one for each method.

    Raises:
        ValueError: a method without a gateway, or a name that none has.
    """

    def __init__(self, gateways: Sequence[Gateway], choice: Mapping[Method, str]) -> None:
        self._by_name = {gateway.name: gateway for gateway in gateways}
        unknown = [name for name in choice.values() if name not in self._by_name]
        missing = [method for method in Method if method not in choice]
        if unknown or missing:
            raise ValueError(f"gateways: unknown {unknown}, missing {missing}")
        self._choice = dict(choice)

    def __iter__(self) -> Iterator[Gateway]:
        return iter(self._by_name.values())

    def named(self, name: str) -> Gateway:
        """The gateway that the ledger calls so. Raises LookupError."""
        return self._by_name[name]

    def taking(self, method: Method) -> Gateway:
        """The gateway at which new trades of a method are opened."""
        return self._by_name[self._choice[method]]
