"""CheckMacValue as ECPay computes it, and nothing passes that was changed on the way."""

from string import ascii_lowercase, ascii_uppercase

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from emask.partners.ecpay.mac import (
    FIELD,
    Digest,
    MacKeys,
    check_mac_value,
    is_genuine,
    signed,
)

# Published by ECPay for its staging host.
PAYMENT = MacKeys("pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs")
LOGISTICS = MacKeys("5294y06JbISpM5x9", "v77hoKGq4kWxNNIS")
MERCHANT = {"MerchantID": "3002607"}

ORDER = MERCHANT | {
    "ChoosePayment": "ALL",
    "EncryptType": "1",
    "ItemName": "Apple iphone 15",
    "MerchantTradeDate": "2023/03/12 15:30:23",
    "MerchantTradeNo": "ecpay20230312153023",
    "PaymentType": "aio",
    "ReturnURL": "https://www.ecpay.com.tw/receive.php",
    "TotalAmount": "30000",
    "TradeDesc": "促銷方案",
}
CALLBACK = MERCHANT | {
    "MerchantTradeNo": "Test1234567890",
    "RtnCode": "1",
    "RtnMsg": "Succeeded",
    "TradeNo": "2301011234567890",
    "TradeAmt": "100",
    "PaymentDate": "2025/01/01 12:05:00",
    "PaymentType": "Credit_CreditCard",
    "TradeDate": "2025/01/01 12:00:00",
    "SimulatePaid": "0",
}
PARCEL = {
    "MerchantID": "2000132",
    "LogisticsType": "CVS",
    "LogisticsSubType": "UNIMART",
    "MerchantTradeDate": "2025/01/01 12:00:00",
}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (ORDER, "6C51C9E6888DE861FD62FB1DD17029FC742634498FD813DC43D4243B5685B840"),
        (
            MERCHANT | {"ItemName": "Tom's Shop", "TotalAmount": "100"},
            "CF0A3D4901D99459D8641516EC57210700E8A5C9AB26B1D021301E9CB93EF78D",
        ),
        (
            MERCHANT | {"ItemName": "Test~Product", "TotalAmount": "200"},
            "CEEAE01D2F9A8E74D4AC0DCE7735B046D73F35A5EC99558A31A2EE03159DA1C9",
        ),
        (
            MERCHANT | {"ItemName": "My Test Product", "TotalAmount": "300"},
            "7712A5E6EDC3B57086063C88568084C66CE882A21D40E74DE5ACA3B478C6F316",
        ),
        (CALLBACK, "2AB536D86AFF8E1086744D59175040A32538C96B1C28C4135B551BD728E913B8"),
    ],
)
def test_the_published_vectors_of_payment(fields: dict[str, str], expected: str) -> None:
    assert check_mac_value(fields, PAYMENT) == expected
    assert is_genuine(fields | {FIELD: expected}, PAYMENT)


def test_the_published_vector_of_logistics() -> None:
    expected = "545E6146FD45BDA683C88454DB34CE8D"
    assert check_mac_value(PARCEL, LOGISTICS, Digest.MD5) == expected
    assert is_genuine(PARCEL | {FIELD: expected}, LOGISTICS, Digest.MD5)
    assert not is_genuine(PARCEL | {FIELD: expected}, LOGISTICS)


def test_an_empty_field_counts_and_one_that_was_not_sent_does_not() -> None:
    assert check_mac_value(CALLBACK | {"StoreID": ""}, PAYMENT) != check_mac_value(
        CALLBACK, PAYMENT
    )


def test_names_are_sorted_without_their_case() -> None:
    assert check_mac_value({"b": "1", "A": "2", "C": "3"}, PAYMENT) == check_mac_value(
        {"C": "3", "A": "2", "b": "1"}, PAYMENT
    )


def test_the_secrets_do_not_show() -> None:
    assert repr(PAYMENT) == "MacKeys()"


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAMES = st.text(ascii_uppercase + ascii_lowercase + "0123456789_", min_size=1, max_size=12)
FIELDS = st.dictionaries(NAMES.filter(lambda name: name != FIELD), TEXT, max_size=8)
_FOLD = str.maketrans(ascii_uppercase, ascii_lowercase)


def folded(text: str) -> str:
    return text.translate(_FOLD)


@given(fields=FIELDS, digest=st.sampled_from(Digest))
def test_every_field_set_verifies_in_any_order(fields: dict[str, str], digest: Digest) -> None:
    assume(len({folded(name) for name in fields}) == len(fields))
    sent = signed(fields, PAYMENT, digest)
    assert is_genuine(sent, PAYMENT, digest)
    assert is_genuine(dict(reversed(sent.items())), PAYMENT, digest)
    assert not is_genuine(sent, LOGISTICS, digest)


@given(
    fields=FIELDS.filter(bool),
    value=TEXT,
    digest=st.sampled_from(Digest),
    data=st.data(),
)
def test_a_changed_value_is_noticed_unless_only_its_case_is_changed(
    fields: dict[str, str], value: str, digest: Digest, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(fields)))
    changed = signed(fields, PAYMENT, digest) | {name: value}
    assert is_genuine(changed, PAYMENT, digest) is (folded(value) == folded(fields[name]))


@given(fields=FIELDS.filter(bool), added=NAMES, value=TEXT, data=st.data())
def test_a_field_taken_away_added_or_renamed_is_noticed(
    fields: dict[str, str], added: str, value: str, data: st.DataObject
) -> None:
    assume(added != FIELD)
    assume(folded(added) not in {folded(name) for name in fields})
    sent = signed(fields, PAYMENT)
    name = data.draw(st.sampled_from(sorted(fields)))
    fewer = {each: told for each, told in sent.items() if each != name}
    assert not is_genuine(fewer, PAYMENT)
    assert not is_genuine(sent | {added: value}, PAYMENT)
    assert not is_genuine(fewer | {added: fields[name]}, PAYMENT)


@given(said=st.text(max_size=70))
def test_another_mac_is_refused_whatever_it_is(said: str) -> None:
    assert not is_genuine(CALLBACK | {FIELD: said}, PAYMENT)


def test_a_missing_mac_and_text_that_is_none_are_refused() -> None:
    assert not is_genuine(CALLBACK, PAYMENT)
    assert not is_genuine(signed(CALLBACK, PAYMENT) | {"RtnMsg": "\ud800"}, PAYMENT)
    assert not is_genuine(signed(CALLBACK, PAYMENT) | {"\udcff": ""}, PAYMENT)
    assert not is_genuine(signed(CALLBACK, PAYMENT) | {FIELD: "\ud800"}, PAYMENT)
