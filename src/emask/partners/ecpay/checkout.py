"""The form with which a payer's browser opens a trade at ECPay (B14).

It has to be the browser that posts it, the whole page and no frame: the answer is a page.
"""

from datetime import datetime
from typing import Final

from emask.partners.ecpay.mac import signed
from emask.partners.ecpay.merchant import CHECKOUT, Merchant
from emask.partners.ecpay.wire import read_trade_no, stamp
from emask.payment.ports import CheckoutForm, Purchase, ReturnAddresses, UnfitForCheckout
from emask.rules.calendar import day_in_taipei
from emask.rules.words import Method

_CHOSEN: Final = {Method.CREDIT_CARD: "Credit", Method.WEB_ATM: "WebATM", Method.ATM: "ATM"}
_AMOUNTS: Final = {
    Method.CREDIT_CARD: range(5, 200_000),
    Method.WEB_ATM: range(11, 50_000),
    Method.ATM: range(11, 50_000),
}
_DESCRIPTION: Final = "實名制口罩"
_ENGLISH: Final = "ENG"  # without a language its pages are in Chinese
_LONGEST_NAME: Final = 200
_LONGEST_URL: Final = 200
_MOST_DAYS: Final = 60
_UNWANTED: Final = str.maketrans({"'": "’", **dict.fromkeys('&=<>%#"\\\r\n\t')})


def checkout_form(
    merchant: Merchant, purchase: Purchase, addresses: ReturnAddresses, *, at: datetime
) -> CheckoutForm:
    """The signed form that opens a trade. Raises UnfitForCheckout."""
    item = _plain(purchase.item)
    _check(purchase, addresses, item)
    fields = {
        "MerchantID": merchant.merchant_id,
        "MerchantTradeNo": purchase.trade_no,
        "MerchantTradeDate": stamp(at),
        "PaymentType": "aio",
        "TotalAmount": str(purchase.amount),
        "TradeDesc": _DESCRIPTION,
        "ItemName": item,
        "ReturnURL": addresses.told,
        "ClientBackURL": addresses.back,
        "ChoosePayment": _CHOSEN[purchase.method],
        "EncryptType": "1",
    }
    if purchase.language == "en":
        fields["Language"] = _ENGLISH
    if purchase.method is Method.ATM:
        fields["ExpireDate"] = str(expire_days(purchase.expires_at, at=at))
        fields["PaymentInfoURL"] = addresses.told
    else:
        fields["OrderResultURL"] = addresses.returned  # ECPay takes none for a transfer
    return CheckoutForm(f"{merchant.cashier}{CHECKOUT}", signed(fields, merchant.keys))


def expire_days(expires_at: datetime, *, at: datetime) -> int:
    """How many days an account lives, 1 to 60; it dies at the end of the last one.

    At least one: on the last day the account outlives `expires_at`, and late money goes back.
    """
    days = (day_in_taipei(expires_at) - day_in_taipei(at)).days
    return min(max(days, 1), _MOST_DAYS)


def _check(purchase: Purchase, addresses: ReturnAddresses, item: str) -> None:
    try:
        read_trade_no(purchase.trade_no)
    except ValueError:
        raise UnfitForCheckout("MerchantTradeNo") from None
    urls = (addresses.told, addresses.returned, addresses.back)
    for field, fits in (
        ("TotalAmount", purchase.amount in _AMOUNTS[purchase.method]),
        ("ItemName", bool(item)),
        ("URL", all(0 < len(url) <= _LONGEST_URL for url in urls)),
    ):
        if not fits:
            raise UnfitForCheckout(field)


def _plain(text: str) -> str:
    """A text as ECPay takes it, without what its answers and its firewall would trip over.

    An ampersand would end the field in the raw answer to a query. A text that is too long ECPay
    cuts by itself, inside a letter, after which no MAC fits.
    """
    plain = text.translate(_UNWANTED).encode()[:_LONGEST_NAME]
    return plain.decode(errors="ignore").strip()
