"""Where payers are: the form that opens a trade, the pages to pay on, and an ATM.

Faults: `simulated` (whoever pays, no money moves), `paid_after_expiry` (the ATM still takes money
for an account that is dead).
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from emask.partners.ecpay.mac import MacKeys, is_genuine, signed
from emask.partners.ecpay.merchant import Merchant
from emask.partners.ecpay.wire import read_amount, read_stamp, read_trade_no
from emask.rules.calendar import day_in_taipei
from emask.sandbox.ecpay.exchange import Answer, Request
from emask.sandbox.ecpay.pages import (
    TEST_CARD,
    account_page,
    atm_page,
    card_page,
    refusal_page,
    result_page,
    web_atm_page,
)
from emask.sandbox.ecpay.pushing import Pushes, failed_fields, issued_fields, paid_fields
from emask.sandbox.ecpay.trades import Trade, Trades

_PAGES: Final = {"Credit": card_page, "WebATM": web_atm_page, "ATM": account_page}
_SUSPECT: Final = ("echo", "curl", "cmd")  # ECPay's firewall stops texts with such words
_DAYS: Final = range(1, 61)
_UNKNOWN: Final = "沒有這筆交易 There is no such trade"


class Cashier:
    """One merchant's payers."""

    def __init__(self, merchant: Merchant, trades: Trades, pushes: Pushes) -> None:
        self._merchant = merchant
        self._trades = trades
        self._pushes = pushes

    async def check_out(self, request: Request) -> Answer:
        """Open a trade; an account for a transfer is issued and told of at once."""
        fields = request.form()
        if fields.get("MerchantID") != self._merchant.merchant_id:
            return refusal_page("10200052", "MerchantID Error")
        if not is_genuine(fields, self._merchant.keys):
            return refusal_page("10200073", "CheckMacValue Error")
        if reason := _unfit(fields):
            return refusal_page("10200050", f"{reason} Error")
        if any(word in fields["ItemName"] + fields["TradeDesc"] for word in _SUSPECT):
            return refusal_page("10400011", "Error")
        trade = await self._trades.open(
            fields, expires_on=_expiry(fields, request.at), at=request.at
        )
        if trade is None:
            return refusal_page("10200047", "MerchantTradeNo Error")
        if trade.expires_on and (url := fields.get("PaymentInfoURL")):
            await self._pushes.tell(url, issued_fields(trade), at=request.at)
        return _PAGES[fields["ChoosePayment"]](trade)

    async def pay(self, request: Request) -> Answer:
        """Pay on a page, or be refused by the bank."""
        form = request.form()
        trade = await self._trades.find(form.get("MerchantTradeNo", ""))
        if trade is None or trade.expires_on:
            return refusal_page("10200047", _UNKNOWN)
        by_card = trade.fields["ChoosePayment"] == "Credit"
        refused = form.get("decision") != "pay" or (by_card and form.get("card") != TEST_CARD)
        if not refused:
            return await self._take(trade, request)
        failed = await self._trades.refuse(trade.trade_no)
        if failed is None:
            return refusal_page("10200047", "已付款 Paid already")
        told = failed_fields(failed)
        await self._pushes.tell(trade.fields["ReturnURL"], told, at=request.at)
        return result_page(failed, signed(told, self._keys), "付款失敗 Not paid")

    async def show_atm(self, _: Request) -> Answer:
        """An ATM."""
        return atm_page()

    async def transfer(self, request: Request) -> Answer:
        """A transfer: the bank takes the right amount for a living account, once."""
        form = request.form()
        trade = await self._trades.find_account("".join(form.get("account", "").split()))
        if trade is None:
            return atm_page("沒有這個帳號 There is no such account")
        if form.get("amount") != str(trade.amount):
            return atm_page("金額不對 The amount is wrong")
        dead = trade.expires_on and day_in_taipei(request.at) > trade.expires_on
        if dead and "paid_after_expiry" not in request.faults:
            return atm_page("帳號已過期 The account is dead")
        await self._take(trade, request)
        return atm_page("轉帳完成 Transferred")

    async def _take(self, trade: Trade, request: Request) -> Answer:
        """Take the money, unless it is none; tell of it either way."""
        simulated = "simulated" in request.faults
        paid = trade if simulated else await self._trades.pay(trade.trade_no, at=request.at)
        if paid is None:
            return refusal_page("10200047", "已付款 Paid already")
        told = paid_fields(paid, at=request.at, simulated="1" if simulated else "0")
        await self._pushes.tell(trade.fields["ReturnURL"], told, at=request.at)
        return result_page(paid, signed(told, self._keys), "付款完成 Paid")

    @property
    def _keys(self) -> MacKeys:
        return self._merchant.keys


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
        "ChoosePayment": fields.get("ChoosePayment") in _PAGES,
        "TotalAmount": amount > 0,
        "ExpireDate": fields.get("ExpireDate", "3") in map(str, _DAYS),
        "OrderResultURL": "OrderResultURL" not in fields or fields["ChoosePayment"] != "ATM",
        **{name: bool(fields.get(name)) for name in ("ItemName", "TradeDesc", "ReturnURL")},
    }
    return next((name for name, fit in fits.items() if not fit), "")


def _expiry(fields: Mapping[str, str], at: datetime) -> date | None:
    if fields["ChoosePayment"] != "ATM":
        return None
    return day_in_taipei(at) + timedelta(days=int(fields.get("ExpireDate", "3")))
