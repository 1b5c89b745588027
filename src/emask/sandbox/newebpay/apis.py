"""What merchants' servers ask the sandboxed NewebPay: queries, and about cards' money."""

from collections.abc import Mapping
from typing import Any, Final

from emask.partners.newebpay.cipher import (
    NotSealed,
    check_code,
    check_value,
    opened,
    same,
)
from emask.partners.newebpay.merchant import Merchant
from emask.partners.newebpay.stamps import moment_text
from emask.sandbox.newebpay.exchange import (
    Answer,
    Request,
    Trouble,
    check_time,
    form_fields,
    result,
    whole,
)
from emask.sandbox.newebpay.messages import BANK_CODE
from emask.sandbox.newebpay.trades import Trade, Trades

_TAKEN: Final = 3
_TO_BE_TAKEN: Final = 1


class Apis:
    """Answers the merchant that holds the keys."""

    def __init__(self, merchant: Merchant, trades: Trades) -> None:
        self._merchant_id = merchant.merchant_id
        self._keys = merchant.keys
        self._trades = trades

    async def query(self, request: Request) -> Answer:
        """NPA-B02: a trade that its payer has only looked at is not known."""
        fields = request.fields
        check_time(fields, request.at, code="TRA40014")
        amount, number = whole(fields, "Amt", code="TRA10003"), fields.get("MerchantOrderNo", "")
        expected = check_value(
            amount=amount, merchant_id=self._merchant_id, trade_no=number, keys=self._keys
        )
        if not same(expected, fields.get("CheckValue", "")):
            raise Trouble("TRA10054")
        trade = await self._trades.of_merchant(number)
        if trade is None or trade.state == "opened" or trade.amount != amount:
            raise Trouble("TRA10021")
        return result("SUCCESS", self._told(trade, request))

    async def cancel(self, request: Request) -> Answer:
        """NPA-B01: let an authorisation go, all of it."""
        asked, trade, amount = await self._about_card(request)
        if amount != trade.amount:
            raise Trouble("TRA10050")
        if trade.close_status(request.at) != 0:
            raise Trouble("TRA10048")
        if await self._trades.let_go(asked["MerchantOrderNo"]) is None:
            raise Trouble("TRA10047")
        return result("SUCCESS", self._signed(trade))

    async def close(self, request: Request) -> Answer:
        """NPA-B03: have money taken or not, have it go back."""
        asked, trade, amount = await self._about_card(request)
        status = trade.close_status(request.at)
        match asked.get("CloseType"), asked.get("Cancel", "0"):
            case "1", "1":
                changed = await self._close(trade, wanted=False) if status == _TO_BE_TAKEN else None
            case "1", "0":
                changed = await self._close(trade, wanted=True) if status == 0 else None
            case "2", "0" if status == _TAKEN:
                changed = await self._trades.give_back(trade.trade_no, amount)
                if changed is None:
                    raise Trouble("TRA10036")
            case _:
                raise Trouble("TRA10035")
        if changed is None:
            raise Trouble("TRA10027")
        return result("SUCCESS", self._signed(changed) | {"Amt": amount})

    async def _close(self, trade: Trade, *, wanted: bool) -> Trade | None:
        return await self._trades.close(trade.trade_no, wanted=wanted)

    async def _about_card(self, request: Request) -> tuple[Mapping[str, str], Trade, int]:
        """What PostData_ asks, of which trade, about NT$ how much. Raises Trouble."""
        if request.fields.get("MerchantID_") != self._merchant_id:
            raise Trouble("TRA10001")
        try:
            asked = form_fields(opened(request.fields.get("PostData_", ""), self._keys).encode())
        except NotSealed:
            raise Trouble("TRA10008") from None
        check_time(asked, request.at, code="MEM40014")
        trade = await self._trades.of_merchant(asked.get("MerchantOrderNo", ""))
        if trade is None or trade.payment_type != "CREDIT" or trade.paid_at is None:
            raise Trouble("TRA10021")
        return asked, trade, whole(asked, "Amt", code="TRA10003")

    def _signed(self, trade: Trade) -> dict[str, Any]:
        four = {
            "MerchantID": self._merchant_id,
            "Amt": str(trade.amount),
            "TradeNo": trade.gateway_no,
            "MerchantOrderNo": trade.trade_no,
        }
        return four | {"Amt": trade.amount, "CheckCode": check_code(four, self._keys)}

    def _told(self, trade: Trade, request: Request) -> dict[str, Any]:
        paid = trade.paid_at
        told = self._signed(trade) | {
            "TradeStatus": _status(trade),
            "PaymentType": trade.payment_type,
            "CreateTime": moment_text(trade.opened_at),
            "PayTime": moment_text(paid) if paid else "0000-00-00 00:00:00",
            "FundTime": "0000-00-00",
        }
        if trade.payment_type == "CREDIT":
            return told | {
                "CloseAmt": None,
                "CloseStatus": str(trade.close_status(request.at)),
                "BackBalance": str(trade.amount - trade.returned),
                "BackStatus": "1" if trade.returned else "0",
            }
        return told | {
            "PayInfo": f"({BANK_CODE}){trade.account}" if trade.account else "",
            "ExpireDate": moment_text(trade.expires_at),
            "OrderStatus": int(_status(trade)),
        }


def _status(trade: Trade) -> str:
    if trade.state == "paid" and trade.returned == trade.amount:
        return "6"
    return _STATUS[trade.state]


_STATUS: Final = {"issued": "0", "paid": "1", "failed": "2", "let_go": "3"}
