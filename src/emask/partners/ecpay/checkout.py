"""The form with which a payer's browser opens a trade at ECPay (B14).

It has to be the browser that posts it, the whole page and no frame: the answer is a page.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from emask.partners.ecpay.mac import signed
from emask.partners.ecpay.merchant import CHECKOUT, Merchant
from emask.partners.ecpay.wire import read_trade_no, stamp
from emask.payment.ports import CheckoutForm
from emask.rules.calendar import day_in_taipei
from emask.rules.words import Method

_CHOSEN: Final = {Method.CREDIT_CARD: "Credit", Method.WEB_ATM: "WebATM", Method.ATM: "ATM"}
_AMOUNTS: Final = {
    Method.CREDIT_CARD: range(5, 200_000),
    Method.WEB_ATM: range(11, 50_000),
    Method.ATM: range(11, 50_000),
}
_LONGEST_NAME: Final = 200
_LONGEST_DESCRIPTION: Final = 200
_LONGEST_URL: Final = 200
_MOST_DAYS: Final = 60
_SPECIAL: Final = frozenset("&=<>%'\"\\\r\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """One trade to open.

    Args:
        trade_no: our number for it, never used before.
        amount: NT$.
        method: the one way it may be paid.
        item: what is bought, as the payer reads it.
        description: likewise, in a few words.
        expires_at: when paying has to be over.
    """

    trade_no: str
    amount: int
    method: Method
    item: str
    description: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnAddresses:
    """Where the word of a trade goes, and its payer.

    Args:
        paid: ECPay's server tells of money there (ReturnURL).
        account_issued: likewise, of an account for a transfer (PaymentInfoURL).
        back: where the button back leads (ClientBackURL).
        result: where the browser is sent when the payer is done (OrderResultURL); it proves nothing
            and is left out for a transfer, as ECPay demands.
    """

    paid: str
    account_issued: str
    back: str
    result: str


class UnfitForCheckout(ValueError):
    """A trade that ECPay would refuse: says which field."""


def checkout_form(
    merchant: Merchant, purchase: Purchase, addresses: ReturnAddresses, *, at: datetime
) -> CheckoutForm:
    """The signed form that opens a trade. Raises UnfitForCheckout."""
    _check(purchase, addresses)
    fields = {
        "MerchantID": merchant.merchant_id,
        "MerchantTradeNo": purchase.trade_no,
        "MerchantTradeDate": stamp(at),
        "PaymentType": "aio",
        "TotalAmount": str(purchase.amount),
        "TradeDesc": purchase.description,
        "ItemName": purchase.item,
        "ReturnURL": addresses.paid,
        "ClientBackURL": addresses.back,
        "ChoosePayment": _CHOSEN[purchase.method],
        "EncryptType": "1",
    }
    if purchase.method is Method.ATM:
        fields["ExpireDate"] = str(expire_days(purchase.expires_at, at=at))
        fields["PaymentInfoURL"] = addresses.account_issued
    else:
        fields["OrderResultURL"] = addresses.result
    return CheckoutForm(f"{merchant.cashier}{CHECKOUT}", signed(fields, merchant.keys))


def expire_days(expires_at: datetime, *, at: datetime) -> int:
    """How many days an account lives, 1 to 60; it dies at the end of the last one.

    At least one: on the last day the account outlives `expires_at`, and late money goes back.
    """
    days = (day_in_taipei(expires_at) - day_in_taipei(at)).days
    return min(max(days, 1), _MOST_DAYS)


def _check(purchase: Purchase, addresses: ReturnAddresses) -> None:
    try:
        read_trade_no(purchase.trade_no)
    except ValueError:
        raise UnfitForCheckout("MerchantTradeNo") from None
    urls = (addresses.paid, addresses.account_issued, addresses.back, addresses.result)
    for field, fits in (
        ("TotalAmount", purchase.amount in _AMOUNTS[purchase.method]),
        # ECPay cuts a longer one inside a letter, after which the MAC does not fit
        ("ItemName", _plain(purchase.item, _LONGEST_NAME)),
        ("TradeDesc", _plain(purchase.description, _LONGEST_DESCRIPTION)),
        ("URL", all(0 < len(url) <= _LONGEST_URL for url in urls)),
    ):
        if not fits:
            raise UnfitForCheckout(field)


def _plain(text: str, longest: int) -> bool:
    """Fit to come back raw in the answer to a query, where an ampersand would end the field."""
    return 0 < len(text.encode()) <= longest and not _SPECIAL & set(text)
