"""The form with which a payer's browser opens a trade at NewebPay (B14).

It has to be the browser that posts it, the whole page and no frame: the answer is a page.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from emask.partners.newebpay.cipher import sealed, trade_sha
from emask.partners.newebpay.merchant import CHECKOUT, FLAGS, Merchant
from emask.payment.ports import CheckoutForm, Purchase, ReturnAddresses, UnfitForCheckout
from emask.rules.calendar import TAIPEI, Language
from emask.rules.words import Method

VERSION: Final = "2.3"

_LANGUAGES: Final[Mapping[Language, str]] = {"zh": "zh-tw", "en": "en"}
_TRADE_NO: Final = re.compile(r"[A-Za-z0-9_]{1,30}")
_UNWANTED: Final = re.compile(r"[\"<>&\\\x00-\x1f\x7f]")
_LONGEST_ITEM: Final = 50
_LONGEST_URL: Final = 200
_AMOUNTS: Final = {
    Method.CREDIT_CARD: range(1, 200_000),
    Method.WEB_ATM: range(1, 50_000),
    Method.ATM: range(1, 50_000),
}
_MOST_DAYS: Final = timedelta(days=180)
_PAGE_SECONDS: Final = (60, 900)


def checkout_form(
    merchant: Merchant, purchase: Purchase, addresses: ReturnAddresses, *, at: datetime
) -> CheckoutForm:
    """The signed form that opens a trade, to be sent within two minutes. Raises UnfitForCheckout.

    Most banks let an account live to the end of a day; what they take after `expires_at` comes
    late, and goes back.
    """
    item = _plain(purchase.item)
    _check(purchase, addresses, item, at=at)
    method = purchase.method
    fields = {
        "MerchantID": merchant.merchant_id,
        "RespondType": "JSON",
        "TimeStamp": str(int(at.timestamp())),
        "Version": VERSION,
        "LangType": _LANGUAGES[purchase.language],
        "MerchantOrderNo": purchase.trade_no,
        "Amt": str(purchase.amount),
        "ItemDesc": item,
        "NotifyURL": addresses.told,
        "ClientBackURL": addresses.back,
        "EmailModify": "0",
        FLAGS[method]: "1",
    }
    if method is Method.ATM:
        fields |= {"CustomerURL": addresses.returned, **_last_second(purchase.expires_at)}
    else:
        fields |= {"ReturnURL": addresses.returned, **_page_limit(purchase.expires_at - at)}
    info = sealed(urlencode(fields), merchant.keys)
    outer = {
        "MerchantID": merchant.merchant_id,
        "TradeInfo": info,
        "TradeSha": trade_sha(info, merchant.keys),
        "Version": VERSION,
    }
    return CheckoutForm(f"{merchant.root}{CHECKOUT}", outer)


def _last_second(expires_at: datetime) -> Mapping[str, str]:
    last = (expires_at - timedelta(seconds=1)).astimezone(TAIPEI)
    return {"ExpireDate": f"{last:%Y%m%d}", "ExpireTime": f"{last:%H%M%S}"}


def _page_limit(left: timedelta) -> Mapping[str, str]:
    shortest, longest = _PAGE_SECONDS
    return {"TradeLimit": str(min(max(int(left.total_seconds()), shortest), longest))}


def _plain(text: str) -> str:
    """A text without what NewebPay refuses, and no longer than it takes."""
    return _UNWANTED.sub("", text.replace("'", "’"))[:_LONGEST_ITEM].strip()


def _check(purchase: Purchase, addresses: ReturnAddresses, item: str, *, at: datetime) -> None:
    urls = (addresses.told, addresses.returned, addresses.back)
    left = purchase.expires_at - at
    for field, fits in (
        ("MerchantOrderNo", _TRADE_NO.fullmatch(purchase.trade_no) is not None),
        ("Amt", purchase.amount in _AMOUNTS[purchase.method]),
        ("ItemDesc", bool(item)),
        ("ExpireDate", timedelta(0) < left <= _MOST_DAYS),
        (
            "NotifyURL",
            addresses.told not in (addresses.returned, addresses.back),
        ),  # else told twice
        ("URL", all(0 < len(url) <= _LONGEST_URL for url in urls)),
    ):
        if not fits:
            raise UnfitForCheckout(field)
