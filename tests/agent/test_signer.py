"""The signer by itself: what happens between the two looks at a card."""

from pathlib import Path

import pkcs11
import pytest
from pkcs11 import Attribute, CertificateType, ObjectClass

from agent.made_up_certificates import Chain, make_chain
from agent.pcsc import PcscService
from agent.running import OPENSC
from agent.soft_token import PIN, make_soft_token
from emask.sandbox.virtual_cards.piv_card import VirtualPivCard
from emask_card_agent.problems import Code, Problem
from emask_card_agent.signer import Signer

pytestmark = [pytest.mark.cards, pytest.mark.xdist_group("cards")]


@pytest.fixture(scope="module")
def chain() -> Chain:
    return make_chain()


@pytest.fixture
def signer(pcsc: PcscService, monkeypatch: pytest.MonkeyPatch) -> Signer:
    for name, value in pcsc.environment.items():
        monkeypatch.setenv(name, value)
    return Signer(OPENSC)


def card_of(chain: Chain, *, pin: str = PIN) -> VirtualPivCard:
    return VirtualPivCard(chain.person.key, chain.person.certificate, pin=pin)


def test_no_module_means_no_certificate() -> None:
    with pytest.raises(Problem) as refused:
        Signer(None).find()
    assert refused.value.code is Code.NO_CERTIFICATE


def test_something_that_is_no_module(tmp_path: Path) -> None:
    (tmp_path / "module.so").write_text("nothing")
    with pytest.raises(Problem) as refused:
        Signer(tmp_path / "module.so").find()
    assert refused.value.code is Code.UNREADABLE


def test_a_card_pulled_out_while_the_pin_was_typed(
    signer: Signer, pcsc: PcscService, chain: Chain
) -> None:
    with pcsc.card(card_of(chain)):
        found = signer.find()
    with pcsc.card(card_of(chain), slot=1), pytest.raises(Problem) as refused:
        signer.sign(found, PIN, b"challenge")
    assert refused.value.code is Code.CARD_REMOVED


def test_the_pin_goes_to_no_other_card(signer: Signer, pcsc: PcscService, chain: Chain) -> None:
    other = card_of(make_chain(), pin="135790")
    with pcsc.card(card_of(chain)):
        found = signer.find()
    with pcsc.card(other), pytest.raises(Problem) as refused:
        signer.sign(found, PIN, b"challenge")
    assert refused.value.code is Code.CARD_REMOVED
    assert other.tries_left == 3


class PulledOutWhileSigning(VirtualPivCard):
    """Leaves the reader the moment it is asked to sign."""

    def _sign(self, template: bytes) -> bytes:
        raise ConnectionAbortedError


def test_a_card_pulled_out_while_it_signed(signer: Signer, pcsc: PcscService, chain: Chain) -> None:
    card = PulledOutWhileSigning(chain.person.key, chain.person.certificate, pin=PIN)
    with pcsc.card(card), pytest.raises(Problem) as refused:
        signer.sign(signer.find(), PIN, b"challenge")
    assert refused.value.code is Code.CARD_REMOVED


def test_a_token_seen_later(
    signer: Signer, chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module is looked at anew each time: what is plugged in meanwhile is found."""
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "softhsm2.conf").write_text(f"directories.tokendir = {empty}\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(empty / "softhsm2.conf"))
    token = make_soft_token(tmp_path, chain.person.key, chain.person.certificate)
    soft = Signer(token.module)
    with pytest.raises(Problem) as refused:
        soft.find()
    assert refused.value.code is Code.NO_CERTIFICATE
    for name, value in token.environment.items():
        monkeypatch.setenv(name, value)
    assert soft.sign(soft.find(), PIN, b"challenge")


def test_what_is_no_certificate_is_passed_over(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = make_soft_token(tmp_path, chain.person.key, chain.person.certificate)
    for name, value in token.environment.items():
        monkeypatch.setenv(name, value)
    library = pkcs11.lib(str(token.module))
    with library.get_token(token_label="citizen").open(rw=True, user_pin=PIN) as session:
        for number, junk in enumerate((b"junk", b"\x30\x03\x02\x01\x01", b"\x30\x82")):
            session.create_object(
                {
                    Attribute.CLASS: ObjectClass.CERTIFICATE,
                    Attribute.CERTIFICATE_TYPE: CertificateType.X_509,
                    Attribute.ID: bytes((9, number)),
                    Attribute.SUBJECT: b"",
                    Attribute.VALUE: junk,
                    Attribute.TOKEN: True,
                    Attribute.PRIVATE: False,
                }
            )
    library.finalize()
    signer = Signer(token.module)
    assert signer.sign(signer.find(), PIN, b"challenge")
