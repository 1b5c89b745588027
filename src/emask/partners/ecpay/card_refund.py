"""Giving back money that was paid by card, step by step as the state of the payment demands.

There is no such call for a transfer: that goes back by hand. ECPay closes the day's payments by
itself at 20:15, for a quarter of an hour. Each step is one call, and the caller notes it before
and after: a step that got no answer may have been carried out, and is never simply repeated.
"""

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Final

import httpx2

from emask.partners.ecpay.calls import NoAnswer, post, read_answer
from emask.partners.ecpay.mac import signed
from emask.partners.ecpay.merchant import CARD_ACTION, Merchant
from emask.rules.calendar import TAIPEI

_CLOSING: Final = (time(20, 15), time(20, 30))  # Taipei
_DONE: Final = "1"


class CardState(StrEnum):
    """How far ECPay is with a card payment."""

    AUTHORISED = "authorised"
    TO_BE_CLOSED = "to_be_closed"
    CLOSED = "closed"
    GIVEN_BACK = "given_back"


class CardAction(StrEnum):
    """One step, by its letter on the wire."""

    CLOSE = "C"
    REFUND = "R"
    CANCEL_CLOSING = "E"
    ABANDON = "N"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRefund:
    """What goes back of a card payment.

    Args:
        trade_no: our number.
        gateway_trade_no: ECPay's.
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


class RefundRefused(Exception):
    """ECPay does not carry a step out; `code` is opaque. Nothing has changed."""

    def __init__(self, action: CardAction, code: str) -> None:
        super().__init__(f"{CARD_ACTION} {action}: {code}")
        self.code = code


class Closing(Exception):
    """ECPay is closing the day's payments; try again at `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"not before {until.isoformat()}")
        self.until = until


def next_step(refund: CardRefund, state: CardState) -> tuple[CardAction, CardState] | None:
    """The next step, and the state after it; None when the money has gone back."""
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
        "Action": action.value,
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


def _check_time(at: datetime) -> None:
    local = at.astimezone(TAIPEI)
    begin, end = _CLOSING
    if begin <= local.time() < end:
        raise Closing(datetime.combine(local.date(), end, TAIPEI))


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
