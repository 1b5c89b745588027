"""The form that opens a trade at NewebPay says what its manual asks for, signed."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from emask.partners.newebpay import checkout_form
from emask.partners.newebpay.cipher import is_genuine
from emask.payment.ports import ReturnAddresses, UnfitForCheckout
from emask.rules.words import Method
from partners.newebpay import (
    ADDRESSES,
    KEYS,
    MERCHANT,
    NOW,
    PAY_UNTIL,
    ROOT,
    TRADE_NO,
    inside,
    purchase,
)


def fields_of(method: Method, **changes: Any) -> dict[str, str]:
    form = checkout_form(MERCHANT, purchase(method, **changes), ADDRESSES, at=NOW)
    assert form.action == f"{ROOT}/MPG/mpg_gateway"
    assert set(form.fields) == {"MerchantID", "TradeInfo", "TradeSha", "Version"}
    assert is_genuine(form.fields["TradeInfo"], form.fields["TradeSha"], KEYS)
    return {name: values[0] for name, values in parse_qs(inside(form.fields)).items()}


def test_a_transfer_has_an_account_that_dies_with_the_deadline() -> None:
    assert fields_of(Method.ATM) == {
        "MerchantID": MERCHANT.merchant_id,
        "RespondType": "JSON",
        "TimeStamp": "1584666000",
        "Version": "2.3",
        "LangType": "zh-tw",
        "MerchantOrderNo": TRADE_NO,
        "Amt": "22",
        "ItemDesc": "口罩 3 片",
        "NotifyURL": ADDRESSES.told,
        "ClientBackURL": ADDRESSES.back,
        "EmailModify": "0",
        "VACC": "1",
        "CustomerURL": ADDRESSES.returned,
        "ExpireDate": "20200323",
        "ExpireTime": "235959",
    }


@pytest.mark.parametrize(
    ("method", "flag"), [(Method.CREDIT_CARD, "CREDIT"), (Method.WEB_ATM, "WEBATM")]
)
def test_what_is_paid_at_once_is_paid_on_the_page(method: Method, flag: str) -> None:
    fields = fields_of(method, language="en")
    assert fields[flag] == "1"
    assert not {"CREDIT", "WEBATM", "VACC"} - {flag} & set(fields)
    assert fields["ReturnURL"] == ADDRESSES.returned
    assert fields["LangType"] == "en"
    assert "CustomerURL" not in fields
    assert "ExpireDate" not in fields


@pytest.mark.parametrize(("left", "limit"), [(5, "60"), (61, "61"), (899, "899"), (4000, "900")])
def test_the_page_closes_with_the_deadline(left: int, limit: str) -> None:
    until = NOW + timedelta(seconds=left)
    assert fields_of(Method.CREDIT_CARD, expires_at=until)["TradeLimit"] == limit


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"trade_no": ""}, "MerchantOrderNo"),
        ({"trade_no": "EM-1"}, "MerchantOrderNo"),
        ({"trade_no": "A" * 31}, "MerchantOrderNo"),
        ({"amount": 0}, "Amt"),
        ({"amount": 50_000}, "Amt"),
        ({"item": ""}, "ItemDesc"),
        ({"item": "<&>"}, "ItemDesc"),
        ({"expires_at": NOW}, "ExpireDate"),
        ({"expires_at": PAY_UNTIL + timedelta(days=180)}, "ExpireDate"),
    ],
)
def test_what_newebpay_would_refuse_is_refused_before(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(UnfitForCheckout, match=field):
        checkout_form(MERCHANT, purchase(**changes), ADDRESSES, at=NOW)


@pytest.mark.parametrize(
    ("item", "sent"),
    [("3 children's masks", "3 children’s masks"), ("口罩<b>&\n", "口罩b"), ("口" * 51, "口" * 50)],
)
def test_whatever_a_product_is_called_it_can_be_paid(item: str, sent: str) -> None:
    assert fields_of(Method.ATM, item=item)["ItemDesc"] == sent


@pytest.mark.parametrize(
    ("told", "returned", "field"),
    [
        ("https://a", "https://a", "NotifyURL"),
        ("https://b", "https://a", "NotifyURL"),
        ("https://a" * 30, "https://c", "URL"),
        ("https://a", "", "URL"),
    ],
)
def test_the_servers_news_has_an_address_of_its_own(told: str, returned: str, field: str) -> None:
    addresses = ReturnAddresses(told=told, returned=returned, back="https://b")
    with pytest.raises(UnfitForCheckout, match=field):
        checkout_form(MERCHANT, purchase(), addresses, at=NOW)
