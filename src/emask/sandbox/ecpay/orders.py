"""Whether ECPay takes the form that a payer's browser brings, and the trade that it opens."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from emask.partners.ecpay.mac import is_genuine
from emask.partners.ecpay.merchant import Merchant
from emask.partners.ecpay.wire import read_amount, read_stamp, read_trade_no
from emask.rules.calendar import day_in_taipei
from emask.sandbox.ecpay.trades import Trade, Trades

_SUSPECT: Final = ("echo", "curl", "cmd")  # ECPay's firewall stops texts with such words
_WAYS: Final = frozenset({"Credit", "WebATM", "ATM"})
_LANGUAGES: Final = frozenset({"ENG", "KOR", "JPN", "CHI"})
_DAYS: Final = range(1, 61)


class RefusedOrder(ValueError):
    """ECPay does not take a form, by a code of its own."""

    def __init__(self, code: str, said: str) -> None:
        super().__init__(f"{code}: {said}")
        self.code, self.said = code, said


async def take_order(
    fields: Mapping[str, str], merchant: Merchant, trades: Trades, *, at: datetime
) -> Trade:
    """Open a trade. Raises RefusedOrder."""
    if fields.get("MerchantID") != merchant.merchant_id:
        raise RefusedOrder("10200052", "MerchantID Error")
    if not is_genuine(fields, merchant.keys):
        raise RefusedOrder("10200073", "CheckMacValue Error")
    if reason := _unfit(fields):
        raise RefusedOrder("10200050", f"{reason} Error")
    if any(word in fields["ItemName"] + fields["TradeDesc"] for word in _SUSPECT):
        raise RefusedOrder("10400011", "Error")
    trade = await trades.open(fields, expires_on=_expiry(fields, at), at=at)
    if trade is None:
        raise RefusedOrder("10200047", "MerchantTradeNo Error")
    return trade


def _unfit(fields: Mapping[str, str]) -> str:
    """Which field ECPay would not take; empty if it takes all of them."""
    try:
        read_trade_no(fields["MerchantTradeNo"])
        read_stamp(fields["MerchantTradeDate"])
        amount = read_amount(fields["TotalAmount"])
    except (KeyError, ValueError):
        return "MerchantTradeNo, MerchantTradeDate or TotalAmount"
    fits = {
        "PaymentType": fields.get("PaymentType") == "aio",
        "EncryptType": fields.get("EncryptType") == "1",
        "ChoosePayment": fields.get("ChoosePayment") in _WAYS,
        "TotalAmount": amount > 0,
        "Language": fields.get("Language", "ENG") in _LANGUAGES,
        "ExpireDate": fields.get("ExpireDate", "3") in map(str, _DAYS),
        "OrderResultURL": "OrderResultURL" not in fields or fields["ChoosePayment"] != "ATM",
        **{name: bool(fields.get(name)) for name in ("ItemName", "TradeDesc", "ReturnURL")},
    }
    return next((name for name, fit in fits.items() if not fit), "")


def _expiry(fields: Mapping[str, str], at: datetime) -> date | None:
    if fields["ChoosePayment"] != "ATM":
        return None
    return day_in_taipei(at) + timedelta(days=int(fields.get("ExpireDate", "3")))
