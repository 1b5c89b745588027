"""What an order costs, how it may be paid, and what money does (B6, B13, B14)."""

from datetime import datetime
from enum import StrEnum

from emask.rules.calendar import Channel, Round
from emask.rules.refusals import (
    AlreadyPaid,
    MethodNotAllowed,
    NoPreorder,
    NotSelected,
    PaymentClosed,
    PaymentNotOpen,
)
from emask.rules.states import OrderState
from emask.rules.words import Method

__all__ = [
    "Method",
    "MoneyOutcome",
    "amount_due",
    "check_method",
    "check_payment_open",
    "judge_money",
    "methods_for",
]


class MoneyOutcome(StrEnum):
    """What money does to its order; all but SETTLES leave the order as it is."""

    SETTLES = "settles"
    LATE = "late"
    DOUBLE = "double"
    WRONG_AMOUNT = "wrong_amount"
    NOT_SELECTED = "not_selected"
    SIMULATED = "simulated"
    EARLY = "early"


def methods_for(channel: Channel) -> tuple[Method, ...]:
    """The methods of the channel on which the pre-order was last submitted (B14)."""
    if channel is Channel.COMPUTER:
        return (Method.WEB_ATM, Method.CREDIT_CARD, Method.ATM)
    return (Method.ATM,)  # B14: orders by phone are paid by ATM transfer only


def amount_due(round: Round) -> int:
    """NT$ for one pre-order (B13)."""
    return round.amount_due


def judge_money(
    *,
    round: Round,
    state: OrderState,
    amount: int,
    valued_at: datetime,
    known_at: datetime,
    simulated: bool = False,
) -> MoneyOutcome:
    """What money does that the bank valued at `valued_at` and that became known at `known_at`.

    Money valued before pay_until and known before release_at counts. `amount` is NT$.
    """
    late = valued_at >= round.pay_until or known_at >= round.release_at
    outcomes = (
        (simulated, MoneyOutcome.SIMULATED),
        (state in _NEVER_DUE, MoneyOutcome.NOT_SELECTED),
        (state in _PAID, MoneyOutcome.DOUBLE),
        (state is OrderState.REGISTERED or valued_at < round.pay_from, MoneyOutcome.EARLY),
        (state is OrderState.LAPSED or late, MoneyOutcome.LATE),
        (amount != round.amount_due, MoneyOutcome.WRONG_AMOUNT),
    )
    return next((outcome for applies, outcome in outcomes if applies), MoneyOutcome.SETTLES)


def check_payment_open(
    round: Round,
    now: datetime,
    state: OrderState,
) -> None:
    """May a payment be started now?

    Raises:
        NoPreorder (a cancelled one), NotSelected, AlreadyPaid, PaymentNotOpen, PaymentClosed.
    """
    if state is OrderState.CANCELLED:
        raise NoPreorder
    if state is OrderState.NOT_SELECTED:
        raise NotSelected
    if state in _PAID:
        raise AlreadyPaid
    if now < round.pay_from or state is OrderState.REGISTERED:
        raise PaymentNotOpen(pay_from=round.pay_from)
    if now >= round.pay_until or state is OrderState.LAPSED:
        raise PaymentClosed(pay_until=round.pay_until)


def check_method(channel: Channel, method: Method) -> None:
    """Raises MethodNotAllowed unless an order of this channel may be paid so."""
    allowed = methods_for(channel)
    if method not in allowed:
        raise MethodNotAllowed(allowed=allowed)


_NEVER_DUE = frozenset({OrderState.NOT_SELECTED, OrderState.CANCELLED})
_PAID = frozenset({OrderState.PAID, OrderState.ARRIVED, OrderState.COLLECTED, OrderState.FORFEITED})
