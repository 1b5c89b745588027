"""A push is believed if ECPay signed it, and says what its code says; the rest is refused."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emask.partners.ecpay.mac import signed
from emask.partners.ecpay.pushes import (
    BAD_MAC,
    TAKEN,
    NotGenuine,
    Push,
    PushKind,
    read_push,
    read_push_body,
)
from emask.partners.ecpay.wire import form_body
from partners.ecpay import ISSUED, MERCHANT, PAID, TRADE, sent


def read(fields: dict[str, str]) -> Push:
    return read_push(fields, MERCHANT)


def test_the_answers_are_exact() -> None:
    assert (TAKEN, BAD_MAC) == ("1|OK", "0|CheckMacValue Error")


def test_money() -> None:
    assert read(sent(PAID)) == Push(
        kind=PushKind.PAID,
        trade_no=TRADE,
        gateway_trade_no="2003191030001234",
        amount=22,
        method="WebATM_BOT",
        code="1",
        valued_at=datetime(2020, 3, 19, 2, 31, 5, tzinfo=UTC),
    )


def test_an_account_that_was_issued_is_no_money() -> None:
    push = read(sent(ISSUED))
    assert push.kind is PushKind.ACCOUNT_ISSUED
    assert (push.bank_code, push.account) == ("004", "9103522175887271")
    assert push.valued_at == datetime(2020, 3, 19, 2, 30, tzinfo=UTC)


def test_a_simulated_payment_is_no_money() -> None:
    assert read(sent(PAID, SimulatePaid="1")).kind is PushKind.SIMULATED


@pytest.mark.parametrize("code", ["0", "10100058", "10200047", "01", "11", "10100073"])
def test_every_other_code_is_a_failure(code: str) -> None:
    push = read(sent(PAID, RtnCode=code, PaymentDate=""))
    assert push.kind is PushKind.FAILED
    assert push.code == code


def test_fields_that_ecpay_adds_are_in_the_mac() -> None:
    assert read(sent(PAID, ATMAccNo="12345", gwsr="11944770")).kind is PushKind.PAID
    with pytest.raises(NotGenuine):
        read(sent(PAID) | {"ATMAccNo": "12345"})


def test_a_body_is_read_with_its_empty_fields() -> None:
    assert read_push_body(form_body(sent(PAID)), MERCHANT) == read(sent(PAID))


@pytest.mark.parametrize(
    "changed",
    [
        {"MerchantID": "2000132"},
        {"MerchantTradeNo": ""},
        {"MerchantTradeNo": "EM-1"},
        {"MerchantTradeNo": "E" * 21},
        {"TradeNo": ""},
        {"TradeAmt": "-22"},
        {"TradeAmt": "22.0"},
        {"TradeAmt": "２２"},
        {"TradeAmt": ""},
        {"TradeAmt": "9" * 5000},
        {"PaymentDate": ""},
        {"PaymentDate": "2020-03-19 10:31:05"},
        {"PaymentDate": "2020/02/30 10:31:05"},
        {"SimulatePaid": ""},
        {"SimulatePaid": "2"},
        {"RtnCode": "one"},
        {"PaymentType": "<b>"},
        {"RtnCode": "1\n"},
    ],
)
def test_signed_nonsense_is_refused(changed: dict[str, str]) -> None:
    with pytest.raises(NotGenuine):
        read(sent(PAID, **changed))


@pytest.mark.parametrize("missing", ["MerchantTradeNo", "TradeAmt", "SimulatePaid", "RtnCode"])
def test_a_field_that_is_needed_is_asked_for(missing: str) -> None:
    fields = {name: value for name, value in PAID.items() if name != missing}
    with pytest.raises(NotGenuine):
        read(sent(fields))


@pytest.mark.parametrize("account", ["", "12a", "1" * 17])
def test_an_account_is_digits(account: str) -> None:
    with pytest.raises(NotGenuine):
        read(sent(ISSUED, vAccount=account))


def test_a_simulation_cannot_be_hidden_in_the_field_before_it() -> None:
    """The MAC alone would let it pass."""
    genuine = sent(PAID, SimulatePaid="1")
    hidden = {name: value for name, value in genuine.items() if name != "SimulatePaid"}
    hidden["RtnMsg"] += "&SimulatePaid=1"
    assert signed(hidden, MERCHANT.keys) == hidden
    with pytest.raises(NotGenuine):
        read(hidden)
    with pytest.raises(NotGenuine):
        read(hidden | {"SimulatePaid": "0"})


def test_the_same_told_again_in_other_letters_counts_once() -> None:
    genuine = sent(PAID, TradeNo="AB12")
    assert read(genuine | {"TradeNo": "aB12"}).message_id == read(genuine).message_id


def test_what_is_refused_is_not_repeated() -> None:
    with pytest.raises(NotGenuine) as caught:
        read(sent(ISSUED, vAccount="secret"))
    assert str(caught.value) == ""
    assert caught.value.__suppress_context__


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
VALUES = TEXT | st.sampled_from([*PAID.values(), *ISSUED.values()])
NAMES = st.sampled_from([*ISSUED, *PAID]) | TEXT
BASES = st.sampled_from([PAID, ISSUED, {}])


@given(base=BASES, changes=st.dictionaries(NAMES, VALUES))
def test_a_signed_push_of_anything_is_read_or_refused(
    base: dict[str, str], changes: dict[str, str]
) -> None:
    fields = base | changes
    try:
        push = read(sent(fields))
    except NotGenuine:
        return
    money = (fields["RtnCode"], fields.get("SimulatePaid")) == ("1", "0")
    assert (push.kind is PushKind.PAID) is money


@given(base=BASES, changes=st.dictionaries(st.text(max_size=10), st.text(max_size=30)))
def test_an_unsigned_push_of_anything_is_refused(
    base: dict[str, str], changes: dict[str, str]
) -> None:
    """Half a letter (a lone surrogate) too."""
    with pytest.raises(NotGenuine):
        read(base | changes)


@given(body=st.binary(max_size=200) | TEXT.map(str.encode))
def test_a_body_of_anything_is_refused(body: bytes) -> None:
    with pytest.raises(NotGenuine):
        read_push_body(body, MERCHANT)


@pytest.mark.parametrize(
    "body",
    [
        b"\xff=1",
        b"%FF=1",
        form_body(sent(PAID)) + b"&TradeAmt=1",
        b"&".join(b"a%d=1" % number for number in range(200)),
    ],
)
def test_a_body_that_is_no_form_is_refused(body: bytes) -> None:
    with pytest.raises(NotGenuine):
        read_push_body(body, MERCHANT)
