"""The virtual PIV card: its PIN, its counter, its signature, without any reader."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from agent.made_up_certificates import certified
from emask.sandbox.virtual_cards.piv_card import VirtualPivCard

SELECT = bytes.fromhex("00A4040009A00000030800001000")
GET_CERTIFICATE = bytes.fromhex("00CB3FFF055C035FC10500")
ASK_STATE = bytes.fromhex("00200080")
DONE = b"\x90\x00"
LOCKED = b"\x69\x83"


@pytest.fixture(scope="module")
def holder() -> tuple[RSAPrivateKey, x509.Certificate]:
    made = certified("王小明", usages=("digital_signature",))
    return made.key, made.certificate


@pytest.fixture
def card(holder: tuple[RSAPrivateKey, x509.Certificate]) -> VirtualPivCard:
    card = VirtualPivCard(*holder, pin="246810")
    assert whole(card, SELECT)
    return card


def whole(card: VirtualPivCard, command: bytes) -> bytes:
    """The data of a reply that comes in pieces."""
    reply = card.answer(command)
    assert reply is not None
    data = b""
    while reply[-2] == 0x61:
        data += reply[:-2]
        reply = card.answer(b"\x00\xc0\x00\x00" + reply[-1:])
        assert reply is not None
    assert reply[-2:] == DONE
    return data + reply[:-2]


def verify(card: VirtualPivCard, pin: str) -> bytes | None:
    return card.answer(ASK_STATE + b"\x08" + pin.encode().ljust(8, b"\xff"))


def sign(card: VirtualPivCard, block: bytes) -> bytes:
    template = b"\x7c\x82\x01\x06\x82\x00\x81\x82\x01\x00" + block
    assert card.answer(b"\x10\x87\x07\x9a\xff" + template[:255]) == DONE
    rest = template[255:]
    return whole(card, b"\x00\x87\x07\x9a" + bytes((len(rest),)) + rest + b"\x00")


def test_it_gives_its_certificate_without_a_pin(
    card: VirtualPivCard, holder: tuple[RSAPrivateKey, x509.Certificate]
) -> None:
    assert holder[1].public_bytes(Encoding.DER) in whole(card, GET_CERTIFICATE)


def test_nothing_is_there_before_its_application_is_selected(
    holder: tuple[RSAPrivateKey, x509.Certificate],
) -> None:
    card = VirtualPivCard(*holder, pin="246810")
    assert card.answer(GET_CERTIFICATE) == b"\x6d\x00"
    assert card.answer(bytes.fromhex("00A4040005A000000001")) == b"\x6a\x82"


def test_it_signs_after_the_right_pin(
    card: VirtualPivCard, holder: tuple[RSAPrivateKey, x509.Certificate]
) -> None:
    key, _ = holder
    wanted = key.sign(b"challenge", padding.PKCS1v15(), hashes.SHA256())
    public = key.public_key().public_numbers()
    block = pow(int.from_bytes(wanted), public.e, public.n).to_bytes(256)
    assert verify(card, "246810") == DONE
    assert card.answer(ASK_STATE) == DONE
    assert wanted in sign(card, block)


def test_it_does_not_sign_without(card: VirtualPivCard) -> None:
    refused = bytes.fromhex("0087079A0A7C0882008104") + b"1234"
    assert card.answer(refused) == b"\x69\x82"


def test_a_reset_forgets_the_pin(card: VirtualPivCard) -> None:
    verify(card, "246810")
    card.reset()
    whole(card, SELECT)
    assert card.answer(ASK_STATE) == b"\x63\xc3"


def test_three_wrong_pins_lock_it_for_good(card: VirtualPivCard) -> None:
    answers = [verify(card, "111111") for _ in range(3)]
    assert answers == [b"\x63\xc2", b"\x63\xc1", LOCKED]
    card.reset()
    whole(card, SELECT)
    assert verify(card, "246810") == LOCKED
    assert card.answer(ASK_STATE) == LOCKED


def test_the_right_pin_gives_all_tries_back(card: VirtualPivCard) -> None:
    verify(card, "111111")
    verify(card, "111111")
    assert card.answer(ASK_STATE) == b"\x63\xc1"
    assert verify(card, "246810") == DONE
    assert card.tries_left == 3


def test_a_wrong_pin_takes_the_right_one_s_effect_away(card: VirtualPivCard) -> None:
    verify(card, "246810")
    verify(card, "111111")
    assert card.answer(ASK_STATE) == b"\x63\xc2"


def test_its_key_has_the_size_that_its_commands_name(
    holder: tuple[RSAPrivateKey, x509.Certificate],
) -> None:
    with pytest.raises(ValueError, match="2048"):
        VirtualPivCard(rsa.generate_private_key(65537, 3072), holder[1], pin="246810")
