"""A certificate's signature: the real agent with SoftHSM, and with a card that locks its PIN."""

import subprocess
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives.serialization import Encoding

from agent.fake_pinentry import CANCEL, NO_WINDOW, TIMEOUT, fake_pinentry
from agent.made_up_certificates import ENCRYPTION, Chain, certified, make_chain
from agent.page import Page, page
from agent.pcsc import PcscService
from agent.running import running_agent
from agent.site import SmallSite
from agent.soft_token import PIN, SoftToken, make_soft_token
from emask.identity.site_tokens import Purpose
from emask.partners.certificates.signature import read_signature
from emask.sandbox.virtual_cards.nhi_card import VirtualNhiCard
from emask.sandbox.virtual_cards.piv_card import VirtualPivCard

pytestmark = [pytest.mark.cards, pytest.mark.xdist_group("cards")]

WRONG = "111111"


@pytest.fixture(scope="module")
def chain() -> Chain:
    return make_chain()


@pytest.fixture
def soft_token(tmp_path: Path, chain: Chain) -> SoftToken:
    above = [chain.authority.certificate]
    return make_soft_token(tmp_path, chain.person.key, chain.person.certificate, above)


@pytest.fixture
def piv_card(chain: Chain) -> VirtualPivCard:
    return VirtualPivCard(chain.person.key, chain.person.certificate, pin=PIN)


@asynccontextmanager
async def visiting(
    site: SmallSite,
    pinentry: Path | None,
    *,
    reader: PcscService | None = None,
    soft_token: SoftToken | None = None,
) -> AsyncIterator[Page]:
    async with running_agent(
        site_origin=site.origin, reader=reader, soft_token=soft_token, pinentry=pinentry
    ) as agent:
        visitor = page(agent.url, site.origin)
        async with visitor.client:
            yield visitor


async def refusal(visitor: Page, site: SmallSite) -> tuple[int, str]:
    return await visitor.refusal("/signature", site.token(Purpose.SIGN))


def verify_with_openssl(folder: Path, evidence: bytes, content: bytes, chain: Chain) -> None:
    (folder / "evidence").write_bytes(evidence)
    (folder / "content").write_bytes(content)
    (folder / "authorities.pem").write_bytes(
        b"".join(
            holder.certificate.public_bytes(Encoding.PEM)
            for holder in (chain.root, chain.authority)
        )
    )
    subprocess.run(
        [
            *("/usr/bin/openssl", "cms", "-verify", "-binary", "-inform", "DER"),
            *("-in", folder / "evidence", "-content", folder / "content"),
            *("-CAfile", folder / "authorities.pem"),
            *("-purpose", "any", "-out", folder / "verified"),
        ],
        check=True,
        capture_output=True,
    )


async def test_soft_hsm_signs_the_site_s_own_challenge(
    site: SmallSite, soft_token: SoftToken, chain: Chain, tmp_path: Path
) -> None:
    pinentry = fake_pinentry(tmp_path, [PIN])
    token = site.token(Purpose.SIGN)
    async with visiting(site, pinentry, soft_token=soft_token) as visitor:
        evidence = b64decode(await visitor.evidence("/signature", token), validate=True)
    verify_with_openssl(tmp_path, evidence, token.encode("ascii"), chain)
    with pytest.raises(subprocess.CalledProcessError):
        verify_with_openssl(tmp_path, evidence, token.encode("ascii") + b" ", chain)


async def test_the_signature_has_the_one_form_that_the_site_accepts(
    site: SmallSite, soft_token: SoftToken, chain: Chain, tmp_path: Path
) -> None:
    token = site.token(Purpose.SIGN)
    async with visiting(site, fake_pinentry(tmp_path, [PIN]), soft_token=soft_token) as visitor:
        evidence = await visitor.evidence("/signature", token)
    read_signature(evidence, challenge=token).check(chain.person.certificate)
    signed = cms.ContentInfo.load(b64decode(evidence))["content"]
    (signer,) = signed["signer_infos"]
    assert signed["encap_content_info"]["content"].native is None
    assert signer["digest_algorithm"]["algorithm"].native == "sha256"
    assert signer["signature_algorithm"].signature_algo == "rsassa_pkcs1v15"
    assert {one["type"].native for one in signer["signed_attrs"]} == {
        "content_type",
        "message_digest",
    }
    serials = {one.chosen.serial_number for one in signed["certificates"]}
    assert serials == {
        chain.person.certificate.serial_number,
        chain.authority.certificate.serial_number,
    }


async def test_the_window_names_the_site_and_the_pin_is_told_to_nobody(
    site: SmallSite, soft_token: SoftToken, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with visiting(site, fake_pinentry(tmp_path, [PIN]), soft_token=soft_token) as visitor:
        answer = await visitor.ask("/signature", site.token(Purpose.SIGN))
    assert answer.status_code == 200
    said = (tmp_path / "said").read_text()
    assert f"SETDESC {site.origin}%0A" in said
    assert PIN not in said
    assert PIN not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        (WRONG, (403, "wrong_pin")),
        ("1", (403, "wrong_pin")),
        ("", (409, "pin_cancelled")),
        (CANCEL, (409, "pin_cancelled")),
        (TIMEOUT, (409, "pin_cancelled")),
        (NO_WINDOW, (500, "unreadable")),
    ],
)
async def test_no_pin_no_signature(
    site: SmallSite,
    soft_token: SoftToken,
    tmp_path: Path,
    answer: str,
    refused: tuple[int, str],
) -> None:
    async with visiting(site, fake_pinentry(tmp_path, [answer]), soft_token=soft_token) as visitor:
        assert await refusal(visitor, site) == refused


async def test_no_program_for_the_pin(site: SmallSite, soft_token: SoftToken) -> None:
    async with visiting(site, None, soft_token=soft_token) as visitor:
        assert await refusal(visitor, site) == (500, "unreadable")


async def test_the_newest_certificate_for_signatures_signs(
    site: SmallSite, chain: Chain, tmp_path: Path
) -> None:
    """A card holds one for encryption too; a renewed one stands beside the old one."""
    others = [
        certified(
            "encryption", usages=(ENCRYPTION,), issuer=chain.authority, since=2025
        ).certificate,
        certified(
            "old", usages=("digital_signature",), issuer=chain.authority, since=2015
        ).certificate,
    ]
    token = make_soft_token(tmp_path, chain.person.key, chain.person.certificate, others)
    challenge = site.token(Purpose.SIGN)
    async with visiting(site, fake_pinentry(tmp_path, [PIN]), soft_token=token) as visitor:
        evidence = b64decode(await visitor.evidence("/signature", challenge))
    (only,) = cms.ContentInfo.load(evidence)["content"]["certificates"]
    assert only.chosen.serial_number == chain.person.certificate.serial_number


async def test_no_certificate_for_signatures(site: SmallSite, chain: Chain, tmp_path: Path) -> None:
    person = certified("encryption", usages=(ENCRYPTION,), issuer=chain.authority)
    token = make_soft_token(tmp_path, person.key, person.certificate)
    async with visiting(site, fake_pinentry(tmp_path, [PIN]), soft_token=token) as visitor:
        assert await refusal(visitor, site) == (409, "no_certificate")
    assert not (tmp_path / "said").exists()  # nobody was asked for a PIN in vain


async def test_a_card_signs(
    site: SmallSite, pcsc: PcscService, piv_card: VirtualPivCard, chain: Chain, tmp_path: Path
) -> None:
    token = site.token(Purpose.SIGN)
    with pcsc.card(piv_card):
        async with visiting(site, fake_pinentry(tmp_path, [PIN]), reader=pcsc) as visitor:
            evidence = b64decode(await visitor.evidence("/signature", token))
    verify_with_openssl(tmp_path, evidence, token.encode(), chain)


async def test_three_wrong_pins_lock_the_card(
    site: SmallSite, pcsc: PcscService, piv_card: VirtualPivCard, tmp_path: Path
) -> None:
    pinentry = fake_pinentry(tmp_path, [WRONG, WRONG, WRONG, PIN])
    with pcsc.card(piv_card):
        async with visiting(site, pinentry, reader=pcsc) as visitor:
            first, second, third, fourth = [
                await visitor.ask("/signature", site.token(Purpose.SIGN)) for _ in range(4)
            ]
    assert (first.status_code, first.json()) == (403, {"code": "wrong_pin"})
    assert (second.status_code, second.json()) == (403, {"code": "wrong_pin", "tries_left": 1})
    assert (third.status_code, third.json()) == (423, {"code": "pin_locked"})
    assert (fourth.status_code, fourth.json()) == (423, {"code": "pin_locked"})
    said = (tmp_path / "said").read_text()
    assert said.count("GETPIN") == 3  # a locked card asks for no PIN
    assert [("One more wrong PIN" in line) for line in said.splitlines() if "SETDESC" in line] == [
        False,
        False,
        True,
    ]


async def test_the_right_pin_gives_all_tries_back(
    site: SmallSite, pcsc: PcscService, piv_card: VirtualPivCard, tmp_path: Path
) -> None:
    pinentry = fake_pinentry(tmp_path, [WRONG, WRONG, PIN, WRONG])
    with pcsc.card(piv_card):
        async with visiting(site, pinentry, reader=pcsc) as visitor:
            for _ in range(2):
                assert await refusal(visitor, site) == (403, "wrong_pin")
            await visitor.evidence("/signature", site.token(Purpose.SIGN))
            assert await refusal(visitor, site) == (403, "wrong_pin")
    assert piv_card.tries_left == 2


async def test_no_certificate_card(
    site: SmallSite, pcsc: PcscService, record: bytes, tmp_path: Path
) -> None:
    async with visiting(site, fake_pinentry(tmp_path, []), reader=pcsc) as visitor:
        assert await refusal(visitor, site) == (409, "no_card")
        with pcsc.card(VirtualNhiCard(record)):
            assert await refusal(visitor, site) == (409, "other_card")


async def test_no_reader_for_certificates(site: SmallSite, tmp_path: Path) -> None:
    async with visiting(site, fake_pinentry(tmp_path, [])) as visitor:
        assert await refusal(visitor, site) == (409, "no_reader")


async def test_both_cards_in_turn(
    site: SmallSite,
    pcsc: PcscService,
    piv_card: VirtualPivCard,
    record: bytes,
    tmp_path: Path,
) -> None:
    """After a signature nothing holds the reader."""
    async with visiting(site, fake_pinentry(tmp_path, [PIN]), reader=pcsc) as visitor:
        with pcsc.card(piv_card):
            await visitor.evidence("/signature", site.token(Purpose.SIGN))
        with pcsc.card(VirtualNhiCard(record)):
            await visitor.evidence("/card", site.token(Purpose.READ))
