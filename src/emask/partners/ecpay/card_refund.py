"""Giving back money that was paid by card, step by step as the state of the payment demands.

There is no such call for a transfer: that goes back by hand. ECPay closes the day's payments by
itself at 20:15, for a quarter of an hour. Each step is one call, and the caller notes it before
and after: a step that got no answer may have been carried out, and is never simply repeated.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple

import httpx2

from emask.partners.ecpay.calls import post, read_answer
from emask.partners.ecpay.mac import signed
from emask.partners.ecpay.merchant import CARD_ACTION, Merchant
from emask.payment.ports import (
    CardAction,
    CardRefund,
    CardState,
    Closing,
    NoAnswer,
    RefundRefused,
)
from emask.rules.calendar import TAIPEI

_CLOSING: Final = (time(20, 15), time(20, 30))  # Taipei
_DONE: Final = "1"


LETTERS: Final[Mapping[CardAction, str]] = {
    CardAction.CLOSE: "C",
    CardAction.REFUND: "R",
    CardAction.CANCEL_CLOSING: "E",
    CardAction.ABANDON: "N",
}
"""The steps by their letters on the wire."""


def reckoned_state(paid_at: datetime, *, at: datetime) -> CardState:
    """How far a payment must be at an instant if no step was ever taken: ECPay does not say.

    What is paid before the closing of a day is closed with it, what is paid later on the next.
    """
    closing = _closing_on(paid_at.astimezone(TAIPEI).date())
    if paid_at >= closing.begin:
        closing = _closing_on(paid_at.astimezone(TAIPEI).date() + timedelta(days=1))
    if at < closing.begin:
        return CardState.AUTHORISED
    return CardState.CLOSING if at < closing.end else CardState.CLOSED


def next_step(refund: CardRefund, state: CardState) -> tuple[CardAction, CardState] | None:
    """The next step, and the state after it; None when the money has gone back. Raises Closing."""
    if state is CardState.CLOSING:
        raise Closing
    return (_WHOLE if refund.is_whole else _PART).get(state)


async def take_step(
    client: httpx2.AsyncClient,
    merchant: Merchant,
    refund: CardRefund,
    action: CardAction,
    *,
    at: datetime,
) -> None:
    """Have ECPay carry one step out; returns when it has.

    Raises:
        Closing: it is not the time; nothing was asked.
        RefundRefused: nothing has changed.
        Paused: asked too often; nothing has changed.
        NoAnswer: it may have been done. Somebody has to look before it is asked again.
    """
    _check_time(at)
    fields = {
        "MerchantID": merchant.merchant_id,
        "MerchantTradeNo": refund.trade_no,
        "TradeNo": refund.gateway_trade_no,
        "Action": LETTERS[action],
        "TotalAmount": str(refund.amount(action)),
    }
    body = await post(
        client, merchant, f"{merchant.cashier}{CARD_ACTION}", signed(fields, merchant.keys), at=at
    )
    try:
        code = read_answer(body)["RtnCode"]
    except (KeyError, ValueError):
        raise NoAnswer(CARD_ACTION) from None
    if not code.isdecimal():
        raise NoAnswer(CARD_ACTION)
    if code != _DONE:
        raise RefundRefused(action, code[:10])


class _Period(NamedTuple):
    begin: datetime
    end: datetime


def _closing_on(day: date) -> _Period:
    begin, end = _CLOSING
    return _Period(datetime.combine(day, begin, TAIPEI), datetime.combine(day, end, TAIPEI))


def _check_time(at: datetime) -> None:
    closing = _closing_on(at.astimezone(TAIPEI).date())
    if closing.begin <= at < closing.end:
        raise Closing(closing.end)


_WHOLE: Final = {
    CardState.AUTHORISED: (CardAction.ABANDON, CardState.GIVEN_BACK),
    CardState.TO_BE_CLOSED: (CardAction.CANCEL_CLOSING, CardState.AUTHORISED),
    CardState.CLOSED: (CardAction.REFUND, CardState.GIVEN_BACK),
}
_PART: Final = {
    CardState.AUTHORISED: (CardAction.CLOSE, CardState.TO_BE_CLOSED),
    CardState.TO_BE_CLOSED: (CardAction.REFUND, CardState.GIVEN_BACK),
    CardState.CLOSED: (CardAction.REFUND, CardState.GIVEN_BACK),
}
