"""Refunds as their work-lists see them; all amounts are NT$."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from emask.payment.model import Refund
from emask.payment.ports import CardAction, CardRefund, CardState, Question, TradeStanding


def reference_of(event_id: UUID) -> str:
    """What banks and operators call a refund by: 20 letters and digits of its event."""
    return event_id.hex[:20].upper()


class StepOutcome(StrEnum):
    """What is noted of a step, before and after it."""

    BEGUN = "begun"
    DONE = "done"
    REFUSED = "refused"
    UNCLEAR = "unclear"
    NOT_DONE = "not_done"
    """It was not carried out: not its time, or an operator has looked."""
    RETURNED = "returned"
    """A bank sent it back: the account is none."""


class RefundNotDue(LookupError):
    """There is no such refund, or it does not wait for what was to be done."""


class Overtaken(Exception):
    """Somebody else went on with the same refund; nothing is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardJob:
    """One refund by card that its worker has to itself until `lease`.

    Args:
        question: about its trade.
        message_id: of the payment; a trade that was paid twice has two.
        gateway_trade_no: the gateway's own number, None where no message has told it.
        amount, paid, given_back: NT$ of this refund, of the whole payment, and what other parts
            of the payment have had back.
        step: how many steps were noted so far; `action` and `outcome` are of the last.
        moved: how a step, of any part, has last moved the payment, short of giving it back.
    """

    person_id: UUID
    event_id: UUID
    lease: datetime
    gateway: str
    question: Question
    message_id: str
    gateway_trade_no: str | None
    amount: int
    paid: int
    given_back: int
    step: int
    action: CardAction | None
    outcome: StepOutcome | None
    moved: CardAction | None

    @property
    def interrupted(self) -> CardAction | None:
        """The last step, if nobody knows what came of it."""
        open_ended = self.outcome in (StepOutcome.BEGUN, StepOutcome.UNCLEAR)
        return self.action if open_ended else None

    def refund(self, standing: TradeStanding) -> CardRefund:
        """What the gateway is to be asked for."""
        told = (each.gateway_trade_no for each in standing.messages if self._is_of(each.message_id))
        return CardRefund(
            trade_no=self.question.trade_no,
            gateway_trade_no=self.gateway_trade_no or next(filter(None, told), ""),
            paid=self.paid,
            back=self.amount,
        )

    def state(self, standing: TradeStanding) -> CardState | None:
        """How far the payment is; a gateway that only reckons does not know of our steps."""
        if standing.card_reckoned and standing.card is CardState.AUTHORISED:
            return _MOVED.get(self.moved, CardState.AUTHORISED)
        return standing.card

    def carried_out(self, action: CardAction, standing: TradeStanding) -> bool | None:
        """Whether the interrupted step gave the money back; None if nobody can tell."""
        if standing.card_reckoned:
            return None
        if standing.card is CardState.GIVEN_BACK:
            return True
        if self.amount == self.paid or action is not CardAction.REFUND:
            return False  # the state tells how far it came, and it goes on from there
        left = self.paid - self.given_back
        if standing.refundable == left:
            return False
        return True if standing.refundable == left - self.amount else None

    def _is_of(self, message_id: str) -> bool:
        return message_id == self.message_id


_MOVED: dict[CardAction | None, CardState] = {CardAction.CLOSE: CardState.TO_BE_CLOSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class CardWork:
    """A refund by card that is not done, as operators see it.

    `step` counts its steps; `action`, `outcome`, `detail` and `noted_at` are of the last, None
    before the first. `detail` is a gateway's opaque code.
    """

    refund: Refund
    gateway: str
    trade_no: str
    next_at: datetime
    step: int
    action: str | None
    outcome: str | None
    detail: str | None
    noted_at: datetime | None

    @property
    def refused(self) -> bool:
        """The gateway would not; it is asked again in a day."""
        return self.refund.state == "due" and self.outcome == StepOutcome.REFUSED

    @property
    def unclear(self) -> bool:
        """It waits for somebody who looks."""
        return self.refund.state == "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """Where a person wants a refund sent."""

    bank_code: str
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferWork:
    """A refund by transfer that is due; `given_at` is when its account was given, if it was."""

    refund: Refund
    given_at: datetime | None
    returned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOfTransfers:
    """A file for the bank: made by one operator, released by another (or not yet)."""

    file_id: UUID
    made_at: datetime
    made_by: str
    transfers: int
    total: int
    released_at: datetime | None
    released_by: str | None
    ended_at: datetime | None
    outcome: str | None
