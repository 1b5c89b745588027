"""What the sandboxed ECPay answers to a merchant's server: queries, card refunds, the file.

Codes of refusal are made up: ECPay's own are opaque, and nobody may rely on them.
"""

import csv
import io
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from emask.partners.ecpay.card_refund import CardAction, CardState
from emask.partners.ecpay.daily_file import AMOUNT, METHOD, OUR_NUMBER, PAID, STATUS, THEIR_NUMBER
from emask.partners.ecpay.mac import is_genuine, signed
from emask.partners.ecpay.merchant import Merchant
from emask.partners.ecpay.wire import read_amount, read_trade_no, stamp
from emask.sandbox.ecpay.exchange import Answer, Request
from emask.sandbox.ecpay.trades import Trade, Trades

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
        fields = self._genuine(request)
        asked_at = int(fields.get("TimeStamp", "0")) if fields else 0
        if not fields or abs(request.at.timestamp() - asked_at) > QUERY_LIVES.total_seconds():
            return _BAD
        trade_no = fields.get("MerchantTradeNo", "")
        trade = await self._trades.find(trade_no)
        told = _established(trade) if trade else _not_established(trade_no)
        return self._raw({"MerchantID": self._merchant.merchant_id, **told})

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
        yesterday = (request.at + timedelta(hours=8)).date() - timedelta(days=1)
        return Answer(body=_csv(await self._trades.paid_between(begin, min(end, yesterday))))

    async def _act(self, request: Request, fields: Mapping[str, str]) -> bool:
        trade = await self._trades.find(read_trade_no(fields["MerchantTradeNo"]))
        if trade is None or trade.gateway_trade_no != fields["TradeNo"]:
            return False
        state, action = trade.standing(request.at), CardAction(fields["Action"])
        amount = read_amount(fields["TotalAmount"])
        to = _AFTER.get((state, action)) if state else None
        if to is None or not 0 < amount <= trade.amount - trade.refunded:
            return False
        if action is not CardAction.REFUND:
            gone = trade.amount if to is CardState.GIVEN_BACK else trade.refunded
            return amount == trade.amount and await self._trades.move_card(
                trade, to=to, refunded=gone
            )
        refunded = trade.refunded + amount
        left = state if refunded < trade.amount and state else to
        return await self._trades.move_card(trade, to=left, refunded=refunded)

    def _genuine(self, request: Request) -> dict[str, str]:
        """The fields of our merchant's request; none if anybody else's."""
        fields = request.form()
        ours = fields.get("MerchantID") == self._merchant.merchant_id
        return fields if ours and is_genuine(fields, self._merchant.keys) else {}

    def _raw(self, told: Mapping[str, str]) -> Answer:
        """Signed, and not URL-encoded, as ECPay answers."""
        fields = signed(told, self._merchant.keys)
        return Answer(body="&".join(f"{name}={value}" for name, value in fields.items()))


def _established(trade: Trade) -> dict[str, str]:
    return {
        "MerchantTradeNo": trade.trade_no,
        "StoreID": "",
        "TradeNo": trade.gateway_trade_no,
        "TradeAmt": str(trade.amount),
        "PaymentDate": stamp(trade.paid_at) if trade.paid_at else "",
        "PaymentType": trade.method,
        "HandlingCharge": "0",
        "PaymentTypeChargeFee": "0",
        "TradeDate": stamp(trade.opened_at),
        "TradeStatus": "1" if trade.state == "paid" else "0",
        "ItemName": trade.fields["ItemName"],
    }


def _not_established(trade_no: str) -> dict[str, str]:
    return {"MerchantTradeNo": trade_no, "TradeNo": "", "TradeAmt": "0", "TradeStatus": "10200095"}


def _csv(trades: list[Trade]) -> str:
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["訂單日期", OUR_NUMBER, THEIR_NUMBER, METHOD, STATUS, AMOUNT])
    for trade in trades:
        paid = f"{stamp(trade.paid_at)} {PAID}" if trade.paid_at else ""
        cells = (
            stamp(trade.opened_at),
            trade.trade_no,
            trade.gateway_trade_no,
            trade.method,
            paid,
            str(trade.amount),
        )
        rows.writerow([f'="{cell}"' for cell in cells])
    return out.getvalue()


_AFTER: Final = {
    (CardState.AUTHORISED, CardAction.ABANDON): CardState.GIVEN_BACK,
    (CardState.AUTHORISED, CardAction.CLOSE): CardState.TO_BE_CLOSED,
    (CardState.TO_BE_CLOSED, CardAction.CANCEL_CLOSING): CardState.AUTHORISED,
    (CardState.TO_BE_CLOSED, CardAction.REFUND): CardState.GIVEN_BACK,
    (CardState.CLOSED, CardAction.REFUND): CardState.GIVEN_BACK,
}
