"""The form that opens a trade: what ECPay asks for, signed, and nothing that it would refuse."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from emask.partners.ecpay.checkout import checkout_form, expire_days
from emask.partners.ecpay.mac import FIELD, is_genuine
from emask.payment.ports import Purchase, ReturnAddresses, UnfitForCheckout
from emask.rules.words import Method
from partners.ecpay import MERCHANT, TRADE

NOW = datetime(2020, 3, 19, 16, 30, tzinfo=UTC)  # 3/20 00:30 in Taipei
UNTIL = datetime(2020, 3, 21, 15, 59, tzinfo=UTC)
PURCHASE = Purchase(
    trade_no=TRADE,
    amount=22,
    method=Method.ATM,
    item="口罩 3 片",
    language="zh",
    expires_at=UNTIL,
)
ADDRESSES = ReturnAddresses(
    told="https://emask.test/told",
    returned="https://emask.test/returned",
    back="https://emask.test/progress",
)


def test_a_transfer() -> None:
    form = checkout_form(MERCHANT, PURCHASE, ADDRESSES, at=NOW)
    assert form.action == "https://cashier.test/Cashier/AioCheckOut/V5"
    fields = dict(form.fields)
    assert is_genuine(fields, MERCHANT.keys)
    fields.pop(FIELD)
    assert fields == {
        "MerchantID": "3002607",
        "MerchantTradeNo": TRADE,
        "MerchantTradeDate": "2020/03/20 00:30:00",
        "PaymentType": "aio",
        "TotalAmount": "22",
        "TradeDesc": "實名制口罩",
        "ItemName": "口罩 3 片",
        "ReturnURL": ADDRESSES.told,
        "ClientBackURL": ADDRESSES.back,
        "ChoosePayment": "ATM",
        "EncryptType": "1",
        "ExpireDate": "1",
        "PaymentInfoURL": ADDRESSES.told,
    }


@pytest.mark.parametrize(
    ("method", "chosen"), [(Method.CREDIT_CARD, "Credit"), (Method.WEB_ATM, "WebATM")]
)
def test_the_others_come_back_with_their_result(method: Method, chosen: str) -> None:
    fields = checkout_form(MERCHANT, replace(PURCHASE, method=method), ADDRESSES, at=NOW).fields
    assert (fields["ChoosePayment"], fields["OrderResultURL"]) == (chosen, ADDRESSES.returned)
    assert not {"ExpireDate", "PaymentInfoURL"} & set(fields)


def test_the_pages_are_in_english_for_those_who_read_it() -> None:
    fields = checkout_form(MERCHANT, replace(PURCHASE, language="en"), ADDRESSES, at=NOW).fields
    assert fields["Language"] == "ENG"


@pytest.mark.parametrize(
    ("until", "days"),
    [
        (datetime(2020, 3, 21, 15, 59, tzinfo=UTC), 1),
        (datetime(2020, 3, 21, 16, 0, tzinfo=UTC), 2),
        (datetime(2020, 3, 20, 3, 0, tzinfo=UTC), 1),
        (datetime(2021, 3, 20, 3, 0, tzinfo=UTC), 60),
    ],
)
def test_an_account_lives_whole_days_of_taipei(until: datetime, days: int) -> None:
    assert expire_days(until, at=NOW) == days


@pytest.mark.parametrize(
    ("unfit", "field"),
    [
        (replace(PURCHASE, trade_no="EM-1"), "MerchantTradeNo"),
        (replace(PURCHASE, amount=10), "TotalAmount"),
        (replace(PURCHASE, amount=50_000), "TotalAmount"),
        (replace(PURCHASE, amount=200_000, method=Method.CREDIT_CARD), "TotalAmount"),
        (replace(PURCHASE, item=""), "ItemName"),
        (replace(PURCHASE, item="<&>"), "ItemName"),
    ],
)
def test_what_ecpay_would_refuse_is_not_sent(unfit: Purchase, field: str) -> None:
    with pytest.raises(UnfitForCheckout, match=field):
        checkout_form(MERCHANT, unfit, ADDRESSES, at=NOW)


@pytest.mark.parametrize(
    ("item", "sent"),
    [
        ("3 children's masks", "3 children’s masks"),
        ("口罩&TradeStatus=1", "口罩TradeStatus1"),
        ("口罩#<b>", "口罩b"),
        ("口" * 67, "口" * 66),
        ("a" * 201, "a" * 200),
    ],
)
def test_whatever_a_product_is_called_it_can_be_paid(item: str, sent: str) -> None:
    fields = checkout_form(MERCHANT, replace(PURCHASE, item=item), ADDRESSES, at=NOW).fields
    assert fields["ItemName"] == sent
    assert is_genuine(fields, MERCHANT.keys)


def test_a_long_address_is_refused() -> None:
    with pytest.raises(UnfitForCheckout, match="URL"):
        checkout_form(MERCHANT, PURCHASE, replace(ADDRESSES, told="x" * 201), at=NOW)
