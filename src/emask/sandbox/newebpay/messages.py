"""What the sandboxed NewebPay tells of a trade, in the manual's words, and how it is sent."""

import json
import secrets
from collections.abc import Mapping
from typing import Any, Final

import httpx2

from emask.partners.newebpay.cipher import BLOCK, LARGEST_PADDING, TradeKeys, sealed, trade_sha
from emask.partners.newebpay.stamps import moment_text
from emask.rules.calendar import TAIPEI
from emask.sandbox.newebpay.trades import Trade

BANK_CODE: Final = "008"
DECLINED: Final = "MPG03009"

_TRIES: Final = 3
_OK: Final = 200


def news(merchant_id: str, trade: Trade) -> tuple[str, dict[str, Any]]:
    """The status and result that tell how a trade stands."""
    result: dict[str, Any] = {
        "MerchantID": merchant_id,
        "Amt": trade.amount,
        "TradeNo": trade.gateway_no,
        "MerchantOrderNo": trade.trade_no,
        "PaymentType": trade.payment_type,
    }
    if trade.state == "issued":
        return "SUCCESS", result | _account(trade)
    result |= {"RespondType": "JSON", "IP": "192.0.2.1", "EscrowBank": "HNCB"}
    if trade.paid_at is None:
        return DECLINED, result | {"PayTime": None}
    result |= {"PayTime": moment_text(trade.paid_at)}
    if trade.payment_type == "CREDIT":
        return "SUCCESS", result | _CARD
    return "SUCCESS", result | {"PayBankCode": "822", "PayerAccount5Code": "12345"}


def push(
    merchant_id: str, trade: Trade, keys: TradeKeys, *, faults: Mapping[str, Any]
) -> dict[str, str]:
    """The fields of a push, which its faults may spoil (`wrong_sha`, `padded_32`)."""
    status, result = news(merchant_id, trade)
    text = json.dumps({"Status": status, "Message": _MESSAGES[status], "Result": result})
    padded_to = LARGEST_PADDING if "padded_32" in faults else BLOCK
    info = sealed(text, keys, padded_to=padded_to)
    sha = secrets.token_hex(32).upper() if "wrong_sha" in faults else trade_sha(info, keys)
    return {
        "Status": status,
        "MerchantID": merchant_id,
        "Version": "2.3",
        "TradeInfo": info,
        "TradeSha": sha,
    }


async def deliver(
    client: httpx2.AsyncClient, address: str, fields: Mapping[str, str], *, times: int
) -> None:
    """Send a push so many times; each again, thrice in all, until it is answered by 200."""
    for _ in range(times):
        for _ in range(_TRIES):
            if await _sent(client, address, fields):
                break


async def _sent(client: httpx2.AsyncClient, address: str, fields: Mapping[str, str]) -> bool:
    try:
        response = await client.post(address, data=dict(fields))
    except httpx2.HTTPError:
        return False
    return response.status_code == _OK


def _account(trade: Trade) -> dict[str, Any]:
    until = trade.expires_at.astimezone(TAIPEI)
    return {
        "BankCode": BANK_CODE,
        "CodeNo": trade.account,
        "ExpireDate": f"{until:%Y-%m-%d}",
        "ExpireTime": f"{until:%H:%M:%S}",
    }


_MESSAGES: Final = {"SUCCESS": "成功", DECLINED: "授權失敗"}
_CARD: Final = {
    "AuthBank": "KGI",
    "RespondCode": "00",
    "Auth": "115468",
    "Card6No": "400022",
    "Card4No": "1111",
    "ECI": "",
    "PaymentMethod": "CREDIT",
}
