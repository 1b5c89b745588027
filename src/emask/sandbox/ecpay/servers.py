"""What the sandboxed ECPay answers to a merchant's server: queries, card refunds, the file.

Codes of refusal are made up: ECPay's own are opaque, and nobody may rely on them.
"""

import csv
import io
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Final

from emask.partners.ecpay.card_refund import LETTERS
from emask.partners.ecpay.daily_file import AMOUNT, METHOD, OUR_NUMBER, PAID, STATUS, THEIR_NUMBER
from emask.partners.ecpay.mac import is_genuine, signed
from emask.partners.ecpay.merchant import Merchant
from emask.partners.ecpay.wire import read_amount, read_trade_no, stamp
from emask.payment.ports import CardAction, CardState
from emask.rules.calendar import TAIPEI, day_in_taipei
from emask.sandbox.ecpay.exchange import Answer, Request
from emask.sandbox.ecpay.pushing import issued_fields
from emask.sandbox.ecpay.trades import Payment, Trade, Trades, payment_type

QUERY_LIVES: Final = timedelta(minutes=3)
_DONE: Final = ("1", "Succeeded.")
_REFUSED: Final = ("10100999", "Refused.")
_BAD: Final = Answer(body="0|CheckMacValue Error")


class Servers:
    """The calls of one merchant's server."""

    def __init__(self, merchant: Merchant, trades: Trades) -> None:
        self._merchant = merchant
        self._trades = trades

    async def trade_info(self, request: Request) -> Answer:
        """QueryTradeInfo: how a trade stands. A simulated payment leaves it unpaid."""
        trade_no = self._asked(request)
        if trade_no is None:
            return _BAD
        trade = await self._trades.find(trade_no)
        if trade is None:
            return self._raw(_not_established(trade_no))
        return self._raw(_established(trade, await self._trades.payment_of(trade)))

    async def payment_info(self, request: Request) -> Answer:
        """QueryPaymentInfo: the account that was issued, in the words of its push."""
        trade_no = self._asked(request)
        if trade_no is None:
            return _BAD
        trade = await self._trades.find(trade_no)
        if trade is None or trade.expires_on is None:
            return self._raw({"MerchantTradeNo": trade_no, "RtnCode": "10200047", "RtnMsg": ""})
        return self._raw(issued_fields(trade))

    async def card_action(self, request: Request) -> Answer:
        """DoAction: one step of a refund. The answer is not signed."""
        fields = self._genuine(request)
        if not fields:
            return _BAD
        code, message = _DONE if await self._act(request, fields) else _REFUSED
        told = {
            "MerchantID": self._merchant.merchant_id,
            "MerchantTradeNo": fields.get("MerchantTradeNo", ""),
            "TradeNo": fields.get("TradeNo", ""),
            "RtnCode": code,
            "RtnMsg": message,
        }
        return Answer(body="&".join(f"{name}={value}" for name, value in told.items()))

    async def daily_file(self, request: Request) -> Answer:
        """TradeNoAio: what was paid on the days asked for, if they are over."""
        fields = self._genuine(request)
        if not fields:
            return _BAD
        begin = date.fromisoformat(fields["BeginDate"])
        end = date.fromisoformat(fields["EndDate"])
        yesterday = day_in_taipei(request.at) - timedelta(days=1)
        return Answer(body=_csv(await self._trades.paid_between(begin, min(end, yesterday))))

    async def _act(self, request: Request, fields: Mapping[str, str]) -> bool:
        payment = await self._trades.payment(read_trade_no(fields["TradeNo"]))
        if payment is None or payment.trade_no != fields["MerchantTradeNo"]:
            return False
        state, action = payment.standing(request.at), _ACTIONS[fields["Action"]]
        amount = read_amount(fields["TotalAmount"])
        to = _AFTER.get((state, action)) if state else None
        left = payment.amount - payment.refunded
        if to is None or _is_closing(request.at) or not 0 < amount <= left:
            return False
        if action is not CardAction.REFUND:
            gone = payment.amount if to is CardState.GIVEN_BACK else payment.refunded
            return amount == payment.amount and await self._trades.move_card(
                payment, to=to, refunded=gone
            )
        after = state if amount < left and state else to
        return await self._trades.move_card(payment, to=after, refunded=payment.refunded + amount)

    def _asked(self, request: Request) -> str | None:
        """Which trade is asked about; None if the question is not ours, or of another time."""
        fields = self._genuine(request)
        asked_at = int(fields.get("TimeStamp", "0"))
        if abs(request.at.timestamp() - asked_at) > QUERY_LIVES.total_seconds():
            return None
        return fields.get("MerchantTradeNo", "")

    def _genuine(self, request: Request) -> dict[str, str]:
        """The fields of our merchant's request; none if anybody else's."""
        fields = request.form()
        ours = fields.get("MerchantID") == self._merchant.merchant_id
        return fields if ours and is_genuine(fields, self._merchant.keys) else {}

    def _raw(self, told: Mapping[str, str]) -> Answer:
        """Signed, and not URL-encoded, as ECPay answers."""
        whole = {"MerchantID": self._merchant.merchant_id, **told}
        fields = signed(whole, self._merchant.keys)
        return Answer(body="&".join(f"{name}={value}" for name, value in fields.items()))


def _established(trade: Trade, payment: Payment | None) -> dict[str, str]:
    return {
        "MerchantTradeNo": trade.trade_no,
        "StoreID": "",
        "TradeNo": trade.gateway_trade_no,
        "TradeAmt": str(payment.amount if payment else trade.amount),
        "PaymentDate": stamp(payment.paid_at) if payment else "",
        "PaymentType": trade.method,
        "HandlingCharge": "0",
        "PaymentTypeChargeFee": "0",
        "TradeDate": stamp(trade.opened_at),
        "TradeStatus": "1" if payment else "0",
        "ItemName": trade.fields["ItemName"],
    }


def _not_established(trade_no: str) -> dict[str, str]:
    return {"MerchantTradeNo": trade_no, "TradeNo": "", "TradeAmt": "0", "TradeStatus": "10200095"}


def _csv(payments: list[Payment]) -> str:
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["訂單日期", OUR_NUMBER, THEIR_NUMBER, METHOD, STATUS, AMOUNT])
    for payment in payments:
        cells = (
            stamp(payment.opened_at),
            payment.trade_no,
            payment.gateway_trade_no,
            payment_type(payment.chosen),
            f"{stamp(payment.paid_at)} {PAID}",
            str(payment.amount),
        )
        rows.writerow([f'="{cell}"' for cell in cells])
    return out.getvalue()


def _is_closing(now: datetime) -> bool:
    begin, end = _CLOSING
    return begin <= now.astimezone(TAIPEI).time() < end


_CLOSING: Final = (time(20, 15), time(20, 30))
_ACTIONS: Final = {letter: action for action, letter in LETTERS.items()}
_AFTER: Final = {
    (CardState.AUTHORISED, CardAction.ABANDON): CardState.GIVEN_BACK,
    (CardState.AUTHORISED, CardAction.CLOSE): CardState.TO_BE_CLOSED,
    (CardState.TO_BE_CLOSED, CardAction.CANCEL_CLOSING): CardState.AUTHORISED,
    (CardState.TO_BE_CLOSED, CardAction.REFUND): CardState.GIVEN_BACK,
    (CardState.CLOSED, CardAction.REFUND): CardState.GIVEN_BACK,
}
