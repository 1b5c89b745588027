"""Where payers are: the form that opens a trade, the pages to pay on, and an ATM.

Faults: `simulated` (whoever pays, no money moves), `paid_after_expiry` (the ATM still takes money
for an account that is dead).
"""

from typing import Final

from emask.partners.ecpay.mac import signed
from emask.partners.ecpay.merchant import Merchant
from emask.rules.calendar import day_in_taipei
from emask.sandbox.ecpay.exchange import Answer, Request
from emask.sandbox.ecpay.orders import RefusedOrder, take_order
from emask.sandbox.ecpay.pages import (
    TEST_CARD,
    account_page,
    atm_page,
    card_page,
    language_of,
    refusal_page,
    result_page,
    web_atm_page,
)
from emask.sandbox.ecpay.pushing import (
    Pushes,
    failed_fields,
    issued_fields,
    paid_fields,
    simulated_fields,
)
from emask.sandbox.ecpay.trades import Trade, Trades

_PAGES: Final = {"Credit": card_page, "WebATM": web_atm_page, "ATM": account_page}
_UNKNOWN: Final = "沒有這筆交易 There is no such trade"
_PAID: Final = "已付款 Paid already"


class Cashier:
    """One merchant's payers."""

    def __init__(self, merchant: Merchant, trades: Trades, pushes: Pushes) -> None:
        self._merchant = merchant
        self._trades = trades
        self._pushes = pushes

    async def check_out(self, request: Request) -> Answer:
        """Open a trade; an account for a transfer is issued and told of at once."""
        try:
            trade = await take_order(request.form(), self._merchant, self._trades, at=request.at)
        except RefusedOrder as refused:
            return refusal_page(refused.code, refused.said)
        if trade.expires_on and (url := trade.fields.get("PaymentInfoURL")):
            await self._pushes.tell(url, issued_fields(trade), at=request.at)
        return _PAGES[trade.fields["ChoosePayment"]](trade)

    async def pay(self, request: Request) -> Answer:
        """Pay on a page, or be refused by the bank."""
        form = request.form()
        trade = await self._trades.find(form.get("MerchantTradeNo", ""))
        if trade is None or trade.expires_on:
            return refusal_page("10200047", _UNKNOWN)
        by_card = trade.fields["ChoosePayment"] == "Credit"
        card = "".join(form.get("card", "").split())
        refused = form.get("decision") != "pay" or (by_card and card != TEST_CARD)
        told = await (self._refuse(trade) if refused else self._take(trade, request))
        if told is None:
            return refusal_page("10200047", _PAID)
        await self._pushes.tell(trade.fields["ReturnURL"], told, at=request.at)
        return result_page(trade, signed(told, self._merchant.keys), paid=not refused)

    async def show_atm(self, request: Request) -> Answer:
        """An ATM."""
        return atm_page(language=request.language)

    async def transfer(self, request: Request) -> Answer:
        """A transfer: the bank takes the right amount for a living account, once."""
        form = request.form()
        language = language_of(form) if "Language" in form else request.language
        if form.get("decision") == "show":
            return atm_page(form, language=language)
        trade = await self._trades.find_account("".join(form.get("account", "").split()))
        said = await self._transfer(trade, form.get("amount", ""), request) if trade else "unknown"
        back = trade.fields.get("ClientBackURL", "") if trade and said == "done" else ""
        return atm_page(said=said, back=back, language=language)

    async def _transfer(self, trade: Trade, amount: str, request: Request) -> str:
        """What came of it, by the name of :func:`emask.sandbox.ecpay.pages.atm_page`."""
        if amount != str(trade.amount):
            return "wrong"
        dead = trade.expires_on and day_in_taipei(request.at) > trade.expires_on
        if dead and "paid_after_expiry" not in request.faults:
            return "dead"
        told = await self._take(trade, request)
        if told is None:
            return "paid"
        await self._pushes.tell(trade.fields["ReturnURL"], told, at=request.at)
        return "done"

    async def _take(self, trade: Trade, request: Request) -> dict[str, str] | None:
        """Take the money, unless it is none; what is told of it, None if it was paid before."""
        if "simulated" in request.faults:
            return simulated_fields(trade, at=request.at)
        payment = await self._trades.pay(trade, at=request.at)
        return paid_fields(trade, payment) if payment else None

    async def _refuse(self, trade: Trade) -> dict[str, str] | None:
        failed = await self._trades.refuse(trade.trade_no)
        return failed_fields(failed) if failed else None
