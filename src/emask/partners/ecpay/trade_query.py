"""Asking what became of a trade: before anything lapses, and when a push may have been lost.

The end of an account is never told, so whoever lets orders lapse asks first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import httpx2

from emask.partners.ecpay.calls import NoAnswer, post, read_genuine_answer
from emask.partners.ecpay.mac import signed
from emask.partners.ecpay.merchant import TRADE_INFO, Merchant
from emask.partners.ecpay.pushes import Push, told_by
from emask.partners.ecpay.wire import check_names


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
    fields = {
        "MerchantID": merchant.merchant_id,
        "MerchantTradeNo": trade_no,
        "TimeStamp": str(int(at.timestamp())),
    }
    body = await post(
        client, merchant, f"{merchant.cashier}{TRADE_INFO}", signed(fields, merchant.keys), at=at
    )
    try:
        return _trade_info(read_genuine_answer(body, merchant), merchant, trade_no)
    except (KeyError, ValueError):
        raise NoAnswer(TRADE_INFO) from None


def _trade_info(fields: Mapping[str, str], merchant: Merchant, trade_no: str) -> TradeInfo:
    check_names(fields)
    asked = (merchant.merchant_id, trade_no)
    if (fields["MerchantID"], fields["MerchantTradeNo"]) != asked:
        raise ValueError("about another trade")
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
