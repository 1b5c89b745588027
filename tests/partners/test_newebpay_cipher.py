"""NewebPay's cipher as its manual shows it, and nothing passes that was changed on the way."""

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import assume, given
from hypothesis import strategies as st

from emask.partners.newebpay.cipher import (
    BLOCK,
    LARGEST_PADDING,
    NotSealed,
    TradeKeys,
    check_code,
    check_value,
    is_genuine,
    opened,
    same,
    sealed,
    trade_sha,
)

# Published by NewebPay in the examples of its manual.
KEYS = TradeKeys("Fs5cX1TGqYM2PpdbE14a9H83YQSQF5jn", "C6AcmfqJILwgnhIP")
OTHER = TradeKeys("a" * 32, "b" * 16)
MERCHANT = "MS127874575"
ORDER = (
    "MerchantID=MS127874575&RespondType=String&TimeStamp=1695795410&Version=2.0"
    "&MerchantOrderNo=Vanespl_ec_1695795410&Amt=30&ItemDesc=test"
    "&NotifyURL=https%3A%2F%2Fwebhook.site%2Fd4db5ad1-2278-466a-9d66-78585c0dbadb"
)
ORDER_INFO = (
    "f79eac33c4f3245d58f17b544c5d38b09457a6d77e77bae6f10fcc7236fe153ccef1a80001c0746afc063a7570f8"
    "0ad970d8a32c72332c9ec5547410188007876bdca2bafa52d07d31b6b183f2204d6e4feee6d245e286ab198cf954"
    "22ad5843c7696fc943cbb65979ad207607d4b5d97dac4a90ccd5e7a37adb7d7062e838be09d94e8c5dfa145c048e"
    "17feabe58c2e310792f0f50f5af32961ffb07ff6649ae1021ad558242551de5f09316e3182e198775e5d1ad5b66a"
    "70be290004de750fa85d86b0c2f087b40005d89e048be2ab6fd83f1c522494c093426a10a1f73fe4"
)
ORDER_SHA = "84E4D9F96537E029F8450BE1E759080F9AF6995921B7F6F9AAFDDD2C36E7B287"
NOTICE = (
    "Status=SUCCESS&Message=%E6%8E%88%E6%AC%8A%E6%88%90%E5%8A%9F&MerchantID=MS127874575&Amt=30"
    "&TradeNo=23092714215835071&MerchantOrderNo=Vanespl_ec_1695795668&RespondType=String"
    "&IP=123.51.237.115&EscrowBank=HNCB&PaymentType=CREDIT&RespondCode=00&Auth=115468"
    "&Card6No=400022&Card4No=1111&Exp=2609&AuthBank=KGI&TokenUseStatus=0&InstFirst=0&InstEach=0"
    "&Inst=0&ECI=&PayTime=2023-09-27+14%3A21%3A59&PaymentMethod=CREDIT"
)
NOTICE_INFO = (
    "ee11d1501e6dc8433c75988258f2343d11f4d0a423be672e8e02aaf373c53c2363aeffdb4992579693277359b3e4"
    "49ebe644d2075fdfbc10150b1c40e7d24cb215febefdb85b16a5cde449f6b06c58a5510d31e8d34c95284d459ae4"
    "b52afc1509c2800976a5c0b99ef24cfd28a2dfc8004215a0c98a1d3c77707773c2f2132f9a9a4ce3475cb888c2ad"
    "372485971876f8e2fec0589927544c3463d30c785c2d3bd947c06c8c33cf43e131f57939e1f7e3b3d8c3f08a84f3"
    "4ef1a67a08efe177f1e663ecc6bedc7f82640a1ced807b548633cfa72d060864271ec79854ee2f5a170aa902000e"
    "7c61d1269165de330fce7d10663d1668c711571776365bfdcd7ddc915dcb90d31a9f27af9b79a443ca8302e508b0"
    "dbaac817d44cfc44247ae613075dde4ac960f1bdff4173b915e4344bc4567bd32e86be7d796e6d9b9cf20476e499"
    "6e98ccc315f1ed03a34139f936797d971f2a3f90bc18f8a155a290bcbcf04f4277171c305bf554f5cba243154b30"
    "082748a81f2e5aa432ef9950cc9668cd4330ef7c37537a6dcb5e6ef01b4eca9705e4b097cf6913ee96e81d0389e5"
    "f775"
)
NOTICE_SHA = "C80876AEBAC0036268C0E240E5BFF69C0470DE9606EEE083C5C8DD64FDB3347A"


def test_the_published_order() -> None:
    assert sealed(ORDER, KEYS) == ORDER_INFO
    assert trade_sha(ORDER_INFO, KEYS) == ORDER_SHA
    assert is_genuine(ORDER_INFO, ORDER_SHA, KEYS)
    assert opened(ORDER_INFO, KEYS) == ORDER


def test_the_published_notice() -> None:
    assert is_genuine(NOTICE_INFO, NOTICE_SHA, KEYS)
    assert opened(NOTICE_INFO, KEYS) == NOTICE
    assert sealed(NOTICE, KEYS, padded_to=LARGEST_PADDING) == NOTICE_INFO


def test_the_published_check_value() -> None:
    value = check_value(
        amount=30, merchant_id=MERCHANT, trade_no="Vanespl_ec_1695795668", keys=KEYS
    )
    assert value == "CD326F689018E7862727547F85CECD7DD7AE0FDB7782DE2C1E46B4417245B51F"


def test_a_check_code_signs_four_fields_and_no_other() -> None:
    told = {
        "MerchantID": MERCHANT,
        "Amt": "30",
        "MerchantOrderNo": "Vanespl_ec_1695795668",
        "TradeNo": "23092714215835071",
    }
    code = check_code(told, KEYS)
    assert check_code(told | {"TradeStatus": "1"}, KEYS) == code
    for name in told:
        changed = check_code(told | {name: "1"}, KEYS)
        assert not same(code, changed)
        with pytest.raises(KeyError):
            check_code({each: text for each, text in told.items() if each != name}, KEYS)
    assert not same(code, "\ud800")


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=100)


@given(text=TEXT, padded_to=st.sampled_from([BLOCK, LARGEST_PADDING]))
def test_every_text_comes_back_however_far_it_is_padded(text: str, padded_to: int) -> None:
    info = sealed(text, KEYS, padded_to=padded_to)
    assert len(info) % (2 * padded_to) == 0
    assert opened(info, KEYS) == text
    assert opened(info.upper(), KEYS) == text
    assert is_genuine(info, trade_sha(info, KEYS), KEYS)
    assert not is_genuine(info, trade_sha(info, OTHER), KEYS)


def test_padding_of_more_than_a_block_is_what_a_strict_reader_stumbles_over() -> None:
    info = sealed("x" * 10, KEYS, padded_to=LARGEST_PADDING)
    assert len(info) == 2 * LARGEST_PADDING
    assert opened(info, KEYS) == "x" * 10


@given(info=st.text(max_size=80) | st.text("0123456789abcdef", max_size=160))
def test_nothing_else_comes_of_any_text_than_a_refusal(info: str) -> None:
    try:
        text = opened(info, KEYS)
    except NotSealed:
        return
    assert info.lower() in {sealed(text, KEYS, padded_to=size) for size in (BLOCK, LARGEST_PADDING)}


@given(info=st.text(max_size=40), sha=st.text(max_size=70))
def test_another_hash_is_refused_whatever_it_is(info: str, sha: str) -> None:
    assume(not info.isascii() or sha != trade_sha(info, KEYS))
    assert not is_genuine(info, sha, KEYS)


@pytest.mark.parametrize(
    "padded",
    [
        b"\x00" * 16,
        b"a" * 15 + b"\x21",
        b"a" * 15 + b"\x11",
        b"a" * 14 + b"\x03\x02",
        b"\xff" * 15 + b"\x01",
    ],
)
def test_what_is_not_padded_text_is_refused(padded: bytes) -> None:
    with pytest.raises(NotSealed):
        opened(bare(padded), KEYS)


def bare(block: bytes) -> str:
    """A block as it is, without padding."""
    cipher = Cipher(algorithms.AES(KEYS.hash_key.encode()), modes.CBC(KEYS.hash_iv.encode()))
    encryptor = cipher.encryptor()
    return (encryptor.update(block) + encryptor.finalize()).hex()


@pytest.mark.parametrize(
    ("hash_key", "hash_iv"),
    [("a" * 31, "b" * 16), ("a" * 32, "b" * 17), ("", ""), ("é" * 32, "b" * 16)],
)
def test_keys_have_their_lengths(hash_key: str, hash_iv: str) -> None:
    with pytest.raises(ValueError, match="HashKey has 32"):
        TradeKeys(hash_key, hash_iv)


def test_the_secrets_do_not_show() -> None:
    assert repr(KEYS) == "TradeKeys()"
