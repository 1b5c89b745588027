"""Asking what became of a trade: before anything lapses, and when a push may have been lost.

The end of an account is never told, so whoever lets orders lapse asks first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import httpx2

from emask.partners.ecpay.calls import post, read_genuine_answer
from emask.partners.ecpay.mac import signed
from emask.partners.ecpay.merchant import PAYMENT_INFO, TRADE_INFO, Merchant
from emask.partners.ecpay.pushes import ISSUED, Push, told_by
from emask.partners.ecpay.wire import check_names
from emask.payment.ports import NoAnswer


class TradeStatus(StrEnum):
    """How a trade stands."""

    UNPAID = "unpaid"
    PAID = "paid"
    NOT_ESTABLISHED = "not_established"
    """The payer never came as far as a payment."""
    UNCLEAR = "unclear"
    """A code that ECPay itself explains in two ways: nothing follows from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeInfo:
    """The answer about one trade; `payment` is what a push of the same payment says."""

    trade_no: str
    status: TradeStatus
    payment: Push | None = None


async def query_trade(
    client: httpx2.AsyncClient, merchant: Merchant, trade_no: str, *, at: datetime
) -> TradeInfo:
    """How the trade under our number stands; of a card, not before ten minutes have passed.

    Raises:
        Paused: ECPay was asked too often.
        NoAnswer: nothing is known.
    """
    fields = await _ask(client, merchant, TRADE_INFO, trade_no, at=at)
    try:
        return _trade_info(fields, trade_no)
    except (KeyError, ValueError):
        raise NoAnswer(TRADE_INFO) from None


async def query_account(
    client: httpx2.AsyncClient, merchant: Merchant, trade_no: str, *, at: datetime
) -> Push | None:
    """What a push told of the account for a transfer; None if none was issued.

    Raises:
        Paused, NoAnswer: as :func:`query_trade`.
    """
    fields = await _ask(client, merchant, PAYMENT_INFO, trade_no, at=at)
    if fields.get("RtnCode") != ISSUED:
        return None
    try:
        return told_by(fields)
    except (KeyError, ValueError):
        raise NoAnswer(PAYMENT_INFO) from None


async def _ask(
    client: httpx2.AsyncClient, merchant: Merchant, path: str, trade_no: str, *, at: datetime
) -> Mapping[str, str]:
    """The genuine answer about this very trade. Raises Paused and NoAnswer."""
    asked = {"MerchantID": merchant.merchant_id, "MerchantTradeNo": trade_no}
    fields = signed({**asked, "TimeStamp": str(int(at.timestamp()))}, merchant.keys)
    body = await post(client, merchant, f"{merchant.cashier}{path}", fields, at=at)
    try:
        told = read_genuine_answer(body, merchant)
        check_names(told)
    except ValueError:
        raise NoAnswer(path) from None
    if any(told.get(name) != value for name, value in asked.items()):
        raise NoAnswer(path)
    return told


def _trade_info(fields: Mapping[str, str], trade_no: str) -> TradeInfo:
    status = _STATUS.get(fields["TradeStatus"], TradeStatus.UNCLEAR)
    if status is not TradeStatus.PAID:
        return TradeInfo(trade_no=trade_no, status=status)
    payment = told_by({"SimulatePaid": "0", **fields, "RtnCode": "1"})
    return TradeInfo(trade_no=trade_no, status=status, payment=payment)


_STATUS: Final = {
    "0": TradeStatus.UNPAID,
    "1": TradeStatus.PAID,
    "10200095": TradeStatus.NOT_ESTABLISHED,
}
