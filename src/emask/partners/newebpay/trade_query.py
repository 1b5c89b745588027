"""Asking what became of a trade: before anything lapses, and when a push may have been lost.

The end of an account is never told, so whoever lets orders lapse asks first. Who asks too often
within an hour about trades that no payer has opened is locked out for four.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import httpx2
import msgspec

from emask.partners.newebpay.calls import Refused, post
from emask.partners.newebpay.cipher import check_code, check_value, same
from emask.partners.newebpay.merchant import FLAGS, TRADE_INFO, Merchant
from emask.partners.newebpay.pushes import METHODS, Push, PushKind
from emask.partners.newebpay.stamps import NEVER, moment
from emask.payment.ports import CardState, NoAnswer
from emask.rules.words import Method

VERSION: Final = "1.3"

_UNKNOWN: Final = frozenset({"TRA10021", "TRA20002"})
_WAITS_FOR_THE_BANK: Final = "9"
_PAY_INFO: Final = re.compile(r"\(([0-9]{3,7})\)([0-9]{6,30})")
_GATEWAY_NO: Final = re.compile(r"[A-Za-z0-9]{1,20}")


class TradeStatus(StrEnum):
    """How a trade stands."""

    UNPAID = "unpaid"
    PAID = "paid"
    FAILED = "failed"
    GIVEN_BACK = "given_back"
    """It was paid; some or all of the money went back, or was let go."""
    NOT_ESTABLISHED = "not_established"
    """The payer never came as far as a payment."""
    UNCLEAR = "unclear"
    """The bank has not confirmed it, or a code of no meaning: nothing follows from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardStanding:
    """Of a card payment, how far it is, and NT$ that can still go back."""

    state: CardState
    refundable: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeInfo:
    """The answer about one trade.

    Args:
        trade_no: our number.
        status: how it stands.
        payment: what a push of the same payment says, if it was ever paid.
        account: likewise, of an account that was issued and has not been paid to.
        card: of a payment by card.
    """

    trade_no: str
    status: TradeStatus
    payment: Push | None = None
    account: Push | None = None
    card: CardStanding | None = None


class _Result(msgspec.Struct, frozen=True, rename="pascal"):
    """Figures come as numbers or as text, from one version to the next."""

    merchant_id: str = msgspec.field(name="MerchantID")
    amt: int | str
    trade_no: str
    merchant_order_no: str
    trade_status: int | str
    check_code: str
    payment_type: str = ""
    pay_time: str | None = None
    pay_info: str | None = None
    expire_date: str | None = None
    order_status: int | str | None = None
    close_status: int | str | None = None
    back_balance: int | str | None = None


async def query_trade(
    client: httpx2.AsyncClient, merchant: Merchant, trade_no: str, *, amount: int, at: datetime
) -> TradeInfo:
    """How the trade of NT$ `amount` under our number stands.

    Raises:
        Refused, Paused: as they say.
        NoAnswer: nothing is known.
    """
    merchant_id = merchant.merchant_id
    fields = {
        "MerchantID": merchant_id,
        "Version": VERSION,
        "RespondType": "JSON",
        "CheckValue": check_value(
            amount=amount, merchant_id=merchant_id, trade_no=trade_no, keys=merchant.keys
        ),
        "TimeStamp": str(int(at.timestamp())),
        "MerchantOrderNo": trade_no,
        "Amt": str(amount),
    }
    try:
        raw = await post(client, merchant, TRADE_INFO, fields, at=at)
    except Refused as refused:
        if refused.code in _UNKNOWN:
            return TradeInfo(trade_no=trade_no, status=TradeStatus.NOT_ESTABLISHED)
        raise
    try:
        result = msgspec.json.decode(raw, type=_Result)
        _check(result, merchant, trade_no)
        return _trade_info(result, at=at)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise NoAnswer(TRADE_INFO) from None


def _check(result: _Result, merchant: Merchant, trade_no: str) -> None:
    """Raises ValueError for an answer that is not signed, or to another question."""
    if (result.merchant_id, result.merchant_order_no) != (merchant.merchant_id, trade_no):
        raise ValueError("about another trade")
    signed = {
        "Amt": str(result.amt),
        "MerchantID": result.merchant_id,
        "MerchantOrderNo": result.merchant_order_no,
        "TradeNo": result.trade_no,
    }
    if not same(check_code(signed, merchant.keys), result.check_code):
        raise ValueError("not signed")
    if not _GATEWAY_NO.fullmatch(result.trade_no) or int(result.amt) < 1:
        raise ValueError("not in form")


def _trade_info(result: _Result, *, at: datetime) -> TradeInfo:
    status = _status(result)
    paid = status in (TradeStatus.PAID, TradeStatus.GIVEN_BACK)
    return TradeInfo(
        trade_no=result.merchant_order_no,
        status=status,
        payment=_payment(result) if paid else None,
        account=_account(result, at=at) if status is TradeStatus.UNPAID else None,
        card=_card(result, status) if paid and _is_card(result) else None,
    )


def _status(result: _Result) -> TradeStatus:
    if str(result.order_status) == _WAITS_FOR_THE_BANK:
        return TradeStatus.UNCLEAR
    return _STATUS.get(str(result.trade_status), TradeStatus.UNCLEAR)


def _payment(result: _Result) -> Push:
    return Push(
        kind=PushKind.PAID,
        trade_no=result.merchant_order_no,
        gateway_trade_no=result.trade_no,
        amount=int(result.amt),
        method=METHODS.get(result.payment_type),
        valued_at=moment(result.pay_time or ""),
    )


def _account(result: _Result, *, at: datetime) -> Push | None:
    issued = _PAY_INFO.fullmatch(result.pay_info or "")
    if issued is None:
        return None
    until = result.expire_date or ""
    return Push(
        kind=PushKind.ACCOUNT_ISSUED,
        trade_no=result.merchant_order_no,
        gateway_trade_no=result.trade_no,
        amount=int(result.amt),
        method=METHODS.get(result.payment_type),
        valued_at=at,
        bank_code=issued[1],
        account=issued[2],
        expires_at=None if until in NEVER else moment(until),
    )


def _is_card(result: _Result) -> bool:
    return result.payment_type == FLAGS[Method.CREDIT_CARD]


def _card(result: _Result, status: TradeStatus) -> CardStanding:
    """What is still to go back is all of it, unless it says so or money went back."""
    given_back = status is TradeStatus.GIVEN_BACK
    left = result.back_balance
    if left is None or left == "" or str(result.trade_status) == _CANCELLED:
        left = 0 if given_back else result.amt
    if int(left) == 0:
        return CardStanding(state=CardState.GIVEN_BACK, refundable=0)
    state = _CARDS.get(str(result.close_status))
    if state is None or int(left) < 0:
        raise ValueError("not in form")
    return CardStanding(state=state, refundable=int(left))


_CANCELLED: Final = "3"
_STATUS: Final = {
    "0": TradeStatus.UNPAID,
    "1": TradeStatus.PAID,
    "2": TradeStatus.FAILED,
    _CANCELLED: TradeStatus.GIVEN_BACK,
    "6": TradeStatus.GIVEN_BACK,
}
_CARDS: Final = {
    "0": CardState.AUTHORISED,
    "1": CardState.TO_BE_CLOSED,
    "2": CardState.CLOSING,
    "3": CardState.CLOSED,
}
