"""Pushes of NewebPay: what they tell, and that nothing else is ever believed."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emask.partners.newebpay import (
    NotGenuine,
    Push,
    PushKind,
    TradeKeys,
    checkout_form,
    read_push,
    read_push_body,
)
from emask.partners.newebpay.cipher import BLOCK, LARGEST_PADDING, trade_sha
from emask.rules.calendar import TAIPEI
from emask.rules.words import Method
from partners.newebpay import (
    ADDRESSES,
    ISSUED,
    KEYS,
    MERCHANT,
    NOW,
    PAID,
    RESULT,
    TRADE_NO,
    purchase,
    push,
    told,
)

STRANGER = TradeKeys("x" * 32, "y" * 16)


def read(fields: Mapping[str, str]) -> Push:
    return read_push(fields, MERCHANT, at=NOW)


@pytest.mark.parametrize("padded_to", [BLOCK, LARGEST_PADDING])
def test_money(padded_to: int) -> None:
    said = read(push(told("SUCCESS", PAID), padded_to=padded_to))
    assert said == Push(
        kind=PushKind.PAID,
        trade_no=TRADE_NO,
        gateway_trade_no="20032009000012345",
        amount=22,
        method=Method.ATM,
        valued_at=datetime(2020, 3, 20, 10, 15, 30, tzinfo=TAIPEI),
        payer_bank_code="822",
    )
    assert said.message_id == "paid:20032009000012345"


def test_an_issued_account_is_no_money() -> None:
    said = read(push(told("SUCCESS", ISSUED)))
    assert said.kind is PushKind.ACCOUNT_ISSUED
    assert (said.bank_code, said.account) == ("008", "9103522175887271")
    assert said.expires_at == datetime(2020, 3, 23, 23, 59, 59, tzinfo=TAIPEI)
    assert said.message_id == "account_issued:20032009000012345"


@pytest.mark.parametrize("clock", ["235959", "23:59:59", "", None])
def test_the_last_moment_of_an_account_is_written_in_several_ways(clock: str | None) -> None:
    said = read(push(told("SUCCESS", ISSUED | {"ExpireTime": clock})))
    assert said.expires_at == datetime(2020, 3, 23, 23, 59, 59, tzinfo=TAIPEI)


@pytest.mark.parametrize("number", ["20032009000012345", "", None])
def test_a_failure_has_a_code_and_perhaps_a_number(number: str | None) -> None:
    said = read(push(told("MPG03009", RESULT | {"TradeNo": number, "PaymentType": "CREDIT"})))
    assert said.kind is PushKind.FAILED
    assert said.message_id == f"failed:{number or TRADE_NO}:MPG03009"


def test_a_failure_with_a_time_of_payment_is_no_money() -> None:
    assert read(push(told("MPG03009", PAID))).kind is PushKind.FAILED


@pytest.mark.parametrize(
    "changes",
    [
        {"Amt": "22"},
        {"PayBankCode": "unheard of"},
        {"PayBankCode": None},
        {"PaymentType": "APPLEPAY"},
        {"PaymentType": None},
        {"Surprise": [1]},
    ],
)
def test_money_counts_whatever_else_is_said_of_it(changes: dict[str, Any]) -> None:
    said = read(push(told("SUCCESS", PAID | changes)))
    assert (said.kind, said.amount) == (PushKind.PAID, 22)


def test_our_own_order_is_no_push() -> None:
    """The payer's browser holds it, and it verifies."""
    form = checkout_form(MERCHANT, purchase(), ADDRESSES, at=NOW)
    with pytest.raises(NotGenuine, match="signed, not in form"):
        read(form.fields)


def test_fields_beside_what_is_signed_say_nothing() -> None:
    fields = push(told("SUCCESS", PAID)) | {"Status": "MPG03009", "MerchantID": "MS1"}
    assert read(fields).kind is PushKind.PAID
    fields = push(told("MPG03009", PAID)) | {"Status": "SUCCESS"}
    assert read(fields).kind is PushKind.FAILED


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"TradeInfo": "", "TradeSha": ""},
        push(told("SUCCESS", PAID), keys=STRANGER),
        push(told("SUCCESS", PAID)) | {"TradeSha": "0" * 64},
        push(told("SUCCESS", PAID)) | {"TradeSha": "\ud800"},
        push(told("SUCCESS", PAID)) | {"TradeInfo": "\ud800"},
        push("x" * 5000),
    ],
)
def test_what_is_not_signed_is_refused_before_it_is_opened(fields: dict[str, str]) -> None:
    with pytest.raises(NotGenuine, match=r"^not signed$"):
        read(fields)


def test_the_hash_decides_before_the_cipher_is_asked() -> None:
    """Negative control: the same damage under a right hash fails in another way."""
    fields = push(told("SUCCESS", PAID))
    damaged = fields | {"TradeInfo": fields["TradeInfo"][:-2] + "zz"}
    with pytest.raises(NotGenuine, match=r"^not signed$"):
        read(damaged)
    resigned = damaged | {"TradeSha": trade_sha(damaged["TradeInfo"], KEYS)}
    with pytest.raises(NotGenuine, match=r"^signed, not in form$"):
        read(resigned)


@pytest.mark.parametrize(
    "result",
    [
        [],
        None,
        RESULT,
        PAID | {"MerchantID": "MS999"},
        PAID | {"Amt": 0},
        PAID | {"Amt": -22},
        PAID | {"Amt": 2**31},
        PAID | {"Amt": 10**30},
        PAID | {"Amt": None},
        PAID | {"Amt": 22.5},
        PAID | {"MerchantOrderNo": "EM1\x00"},
        PAID | {"TradeNo": ""},
        PAID | {"PayTime": "2020-03-20"},
        PAID | {"PayTime": "0001-01-01 00:00:00"},
        PAID | {"PayTime": "2020-02-30 00:00:00"},
        ISSUED | {"CodeNo": ""},
        ISSUED | {"BankCode": ""},
        ISSUED | {"ExpireDate": ""},
        ISSUED | {"ExpireTime": "25:00:00"},
        PAID | {"PayTime": ""},
        PAID | {"PayTime": "0000-00-00 00:00:00"},
    ],
)
def test_what_newebpay_never_says_is_refused(result: Any) -> None:
    with pytest.raises(NotGenuine, match=r"^signed"):
        read(push(told("SUCCESS", result)))


def test_a_push_comes_as_a_form() -> None:
    fields = push(told("SUCCESS", PAID))
    body = urlencode(fields).encode()
    assert read_push_body(body, MERCHANT, at=NOW) == read(fields)
    for bad in (body + b"&TradeSha=1", b"\xff", b"a=%ff", b"", b"x" * 9000):
        with pytest.raises(NotGenuine):
            read_push_body(bad, MERCHANT, at=NOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)
NAMES = st.sampled_from(sorted({*PAID, *ISSUED}))
RESULTS = st.builds(
    lambda base, changes: base | changes,
    st.sampled_from([PAID, ISSUED, RESULT]),
    st.dictionaries(NAMES, JSON, max_size=3),
)


@given(status=st.text(max_size=12) | st.just("SUCCESS"), result=RESULTS | JSON)
def test_whatever_is_signed_is_a_push_or_not_genuine(status: str, result: Any) -> None:
    try:
        said = read(push(told(status, result)))
    except NotGenuine:
        return
    assert said.amount >= 1
    assert said.trade_no.isascii()


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=200) | JSON.map(json.dumps))
def test_any_signed_text_is_a_push_or_not_genuine(text: str) -> None:
    with pytest.raises(NotGenuine):
        read(push(text))


@given(
    fields=st.dictionaries(
        st.sampled_from(["TradeInfo", "TradeSha", "Status", "MerchantID"]),
        st.text(max_size=80) | st.text("0123456789abcdef", max_size=128),
    ),
    body=st.binary(max_size=200),
)
def test_any_fields_and_any_body_are_not_genuine(fields: dict[str, str], body: bytes) -> None:
    with pytest.raises(NotGenuine):
        read(fields)
    with pytest.raises(NotGenuine):
        read_push_body(body, MERCHANT, at=NOW)


@given(depth=st.integers(1, 3000))
def test_depth_is_no_way_in(depth: int) -> None:
    with pytest.raises(NotGenuine):
        read(push("[" * depth))
