"""A merchant of NewebPay, and what its server could send him, for tests."""

import json
from datetime import datetime
from typing import Any

from emask.partners.newebpay import Merchant, TradeKeys
from emask.partners.newebpay.cipher import LARGEST_PADDING, opened, sealed, trade_sha
from emask.payment.ports import Purchase, ReturnAddresses
from emask.rules.calendar import TAIPEI
from emask.rules.words import Method

NOW = datetime(2020, 3, 20, 9, 0, tzinfo=TAIPEI)
PAY_UNTIL = datetime(2020, 3, 24, 0, 0, tzinfo=TAIPEI)
KEYS = TradeKeys("0123456789abcdef0123456789abcdef", "fedcba9876543210")
ROOT = "http://partners/newebpay"
MERCHANT = Merchant(merchant_id="MS127874575", keys=KEYS, root=ROOT)
TRADE_NO = "EM0123456789ABCDEF01"
ADDRESSES = ReturnAddresses(
    told="https://emask.example/pushes/newebpay",
    returned="https://emask.example/newebpay/returned",
    back="https://emask.example/back",
)

RESULT = {"MerchantID": MERCHANT.merchant_id, "Amt": 22, "MerchantOrderNo": TRADE_NO}
PAID = RESULT | {
    "TradeNo": "20032009000012345",
    "PaymentType": "VACC",
    "PayTime": "2020-03-20 10:15:30",
    "IP": "192.0.2.7",
    "EscrowBank": "HNCB",
    "PayBankCode": "822",
    "PayerAccount5Code": "12345",
}
ISSUED = RESULT | {
    "TradeNo": "20032009000012345",
    "PaymentType": "VACC",
    "ExpireDate": "2020-03-23",
    "ExpireTime": "23:59:59",
    "BankCode": "008",
    "CodeNo": "9103522175887271",
}


def purchase(method: Method = Method.ATM, **changes: Any) -> Purchase:
    facts: dict[str, Any] = {
        "trade_no": TRADE_NO,
        "amount": 22,
        "method": method,
        "item": "口罩 3 片",
        "language": "zh",
        "expires_at": PAY_UNTIL,
    }
    return Purchase(**(facts | changes))


def told(status: str, result: Any) -> str:
    """What stands in a push."""
    return json.dumps({"Status": status, "Message": "訊息", "Result": result})


def push(text: str, *, padded_to: int = LARGEST_PADDING, keys: TradeKeys = KEYS) -> dict[str, str]:
    """A push as NewebPay's server sends it."""
    info = sealed(text, keys, padded_to=padded_to)
    return {
        "Status": "SUCCESS",
        "MerchantID": MERCHANT.merchant_id,
        "Version": "2.3",
        "TradeInfo": info,
        "TradeSha": trade_sha(info, keys),
    }


def inside(fields: Any) -> str:
    """What a form or push hides."""
    return opened(fields["TradeInfo"], KEYS)
