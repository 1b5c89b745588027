"""Where payers pay: the sandboxed NewebPay's order form, its pages and a bank's cash machine."""

import secrets
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Final

import httpx2

from emask.partners.newebpay.cipher import NotSealed, is_genuine, opened
from emask.partners.newebpay.merchant import Merchant
from emask.rules.calendar import TAIPEI
from emask.sandbox.newebpay.exchange import (
    Answer,
    Request,
    Trouble,
    check_time,
    form_fields,
    html,
    whole,
)
from emask.sandbox.newebpay.messages import deliver, push
from emask.sandbox.newebpay.pages import (
    TEST_CARD,
    account_page,
    atm_page,
    done_page,
    pay_page,
)
from emask.sandbox.newebpay.trades import Trade, Trades

_WAYS: Final = ("CREDIT", "WEBATM", "VACC")
_USUAL_DAYS: Final = timedelta(days=6)


class Cashier:
    """Takes orders from browsers and money from payers, and tells the merchant of it."""

    def __init__(self, merchant: Merchant, trades: Trades, client: httpx2.AsyncClient) -> None:
        self._merchant_id = merchant.merchant_id
        self._keys = merchant.keys
        self._trades = trades
        self._client = client

    async def order(self, request: Request) -> Answer:
        """MPG: a browser brings an order."""
        info = request.fields.get("TradeInfo", "")
        sha = request.fields.get("TradeSha", "")
        if request.fields.get("MerchantID") != self._merchant_id:
            raise Trouble("MPG03007")
        if not is_genuine(info, sha, self._keys):
            raise Trouble("MPG03009")
        try:
            order = form_fields(opened(info, self._keys).encode())
        except NotSealed:
            raise Trouble("MPG03009") from None
        trade = self._trade(order, request.at)
        if not await self._trades.open(trade):
            raise Trouble("MPG03008")
        return html(pay_page(trade))

    async def pay(self, request: Request) -> Answer:
        """The payer pays by card or WebATM; the server tells before the browser does."""
        trade = await self._asked(request, "CREDIT", "WEBATM")
        card = request.fields.get("card", "").replace(" ", "").replace("-", "")
        unknown_card = trade.payment_type == "CREDIT" and card != TEST_CARD
        if unknown_card or request.fields.get("decision") == "decline":
            ended = await self._trades.decline(trade.trade_no)
        else:
            ended = await self._trades.pay(trade.trade_no, at=request.at)
        if ended is None:
            raise Trouble("MPG03008")
        await self._tell(ended, request)
        return html(done_page(ended, self._push(ended, request)))

    async def account(self, request: Request) -> Answer:
        """The payer takes an account; the browser alone brings it to the merchant."""
        trade = await self._asked(request, "VACC")
        account = f"91{secrets.randbelow(10**14):014}"
        issued = await self._trades.issue(trade.trade_no, account)
        if issued is None:
            raise Trouble("MPG03008")
        return html(account_page(issued, self._push(issued, request)))

    async def machine(self, request: Request) -> Answer:
        """A bank's cash machine: it takes the exact amount, and until the account is over."""
        return html(atm_page(await self._transfer(request), language=request.language))

    async def machine_page(self, request: Request) -> Answer:
        """The same before anything is typed."""
        return html(atm_page(language=request.language))

    async def _transfer(self, request: Request) -> str:
        """What came of a transfer, by the name of :func:`emask.sandbox.newebpay.pages.atm_page`."""
        trade = await self._trades.of_account("".join(request.fields.get("account", "").split()))
        if trade is None:
            return "unknown"
        if request.fields.get("amount") != str(trade.amount):
            return "wrong"
        if request.at > trade.expires_at:
            return "dead"
        paid = await self._trades.pay(trade.trade_no, at=request.at)
        if paid is None:
            return "twice"
        await self._tell(paid, request)
        return "done"

    async def _asked(self, request: Request, *ways: str) -> Trade:
        trade = await self._trades.of_gateway(request.fields.get("number", ""))
        if trade is None or trade.payment_type not in ways:
            raise Trouble("MPG03007")
        return trade

    def _push(self, trade: Trade, request: Request) -> dict[str, str]:
        return push(self._merchant_id, trade, self._keys, faults=request.faults)

    async def _tell(self, trade: Trade, request: Request) -> None:
        times = 2 if "duplicate" in request.faults else 1
        await deliver(self._client, trade.notify_url, self._push(trade, request), times=times)

    def _trade(self, order: Mapping[str, str], at: datetime) -> Trade:
        """Raises Trouble for an order that the manual does not allow."""
        check_time(order, at, code="MPG02004")
        number = order.get("MerchantOrderNo", "")
        if not number or not number.isascii() or not number.replace("_", "").isalnum():
            raise Trouble("MPG01012")
        ways = [way for way in _WAYS if order.get(way) == "1"]
        if order.get("MerchantID") != self._merchant_id:
            raise Trouble("MPG03007")
        if len(ways) != 1:  # NewebPay would let the payer choose; this merchant never asks for that
            raise Trouble("MPG02003")
        return Trade(
            trade_no=number,
            gateway_no=f"{at.astimezone(TAIPEI):%y%m%d%H%M%S}{secrets.randbelow(10**5):05}",
            amount=whole(order, "Amt", code="MPG01015"),
            payment_type=ways[0],
            item=order.get("ItemDesc", ""),
            language="en" if order.get("LangType") == "en" else "zh-tw",
            notify_url=order.get("NotifyURL", ""),
            account_url=order.get("CustomerURL", ""),
            return_url=order.get("ReturnURL", ""),
            back_url=order.get("ClientBackURL", ""),
            expires_at=_until(order.get("ExpireDate", ""), at),
            opened_at=at,
        )


def _until(day: str, at: datetime) -> datetime:
    """The last second of a day, the seventh if none is named: the bank knows days alone."""
    try:
        last = datetime.strptime(day, "%Y%m%d").replace(tzinfo=TAIPEI) if day else at + _USUAL_DAYS
    except ValueError:
        raise Trouble("MPG01018") from None
    return datetime.combine(last.astimezone(TAIPEI).date(), time(23, 59, 59), TAIPEI)
