"""Revocation: asked of list and OCSP, believed from either, and nothing in date means no."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import InsufficientRevinfoError, RevokedError

from emask.partners.certificates import CitizenCertificates
from emask.partners.certificates.chain import Link
from emask.partners.certificates.directory import Directory
from emask.partners.certificates.ocsp import question
from emask.partners.certificates.revocation import Revocation
from emask.sandbox.certificates import Condition, serial_of
from partners.citizens import (
    BASE,
    CHALLENGE,
    HOLDER,
    Citizens,
    citizen_extensions,
    evidence_of,
    issued,
    refusal,
)

LIST = f"{BASE}/ca/moica.crl"
ROOT_LIST = f"{BASE}/ca/root.crl"
OCSP = f"{BASE}/ca/ocsp"


async def revoked(citizens: Citizens) -> None:
    await citizens.become(Condition.REVOKED)


def wrong(*kinds: str) -> Callable[[Citizens], Awaitable[None]]:
    async def begin(citizens: Citizens) -> None:
        await citizens.wrong(*kinds)

    return begin


SITUATIONS = [
    pytest.param([], "", id="all good"),
    pytest.param([wrong("ocsp_down")], "", id="list alone"),
    pytest.param([wrong("stale_ocsp")], "", id="list, OCSP out of date"),
    pytest.param([revoked], "certificate_revoked", id="revoked"),
    pytest.param([revoked, wrong("ocsp_down")], "certificate_revoked", id="revoked by list"),
    pytest.param(
        [revoked, wrong("stale_ocsp")], "certificate_revoked", id="by list, OCSP out of date"
    ),
    pytest.param([wrong("crl_down")], "revocation_unknown", id="nothing about the authority"),
    pytest.param([wrong("ocsp_down", "crl_down")], "revocation_unknown", id="both down"),
    pytest.param([wrong("ocsp_down", "stale_crl")], "revocation_unknown", id="list out of date"),
    pytest.param([wrong("stale_ocsp", "stale_crl")], "revocation_unknown", id="both out of date"),
    pytest.param([wrong("wrong_key")], "revocation_unknown", id="signed by a stranger"),
    pytest.param(
        [revoked, wrong("wrong_key")], "revocation_unknown", id="revoked by a stranger alone"
    ),
]


@pytest.mark.parametrize(("causes", "code"), SITUATIONS)
async def test_what_the_directory_says_decides(
    citizens: Citizens, causes: Sequence[Callable[[Citizens], Awaitable[None]]], code: str
) -> None:
    for cause in causes:
        await cause(citizens)
    assert await refusal(citizens, await citizens.sign()) == code


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("ocsp_down", {"POST was answered by 503"}),
        ("crl_down", {"GET was answered by 503"}),
        ("stale_ocsp", {"an OCSP answer is out of date"}),
        ("stale_crl", {"a revocation list is out of date"}),
        (
            "wrong_key",
            {
                "a revocation list is not its authority's",
                "an OCSP answer is not its authority's: ValueError",
            },
        ),
    ],
)
async def test_troubles_are_told_to_whoever_runs_the_service(
    citizens: Citizens, caplog: pytest.LogCaptureFixture, kind: str, told: set[str]
) -> None:
    await citizens.wrong(kind)
    await refusal(citizens, await citizens.sign())
    assert {message.removeprefix("certificate directory: ") for message in caplog.messages} == told


@pytest.mark.parametrize(("causes", "code"), SITUATIONS)
async def test_another_implementation_comes_to_the_same(
    citizens: Citizens, causes: Sequence[Callable[[Citizens], Awaitable[None]]], code: str
) -> None:
    for cause in causes:
        await cause(citizens)
    trust = citizens.authority.trust()
    holder = await citizens.cards.certificate_for(HOLDER)
    link = Link(certificate=holder, issuer=citizens.authority.issuer.certificate)
    asked = question(link).public_bytes(Encoding.DER)
    answers = [
        response.content
        for response in (
            await citizens.client.get(ROOT_LIST),
            await citizens.client.get(LIST),
            await citizens.client.post(OCSP, content=asked),
        )
        if response.status_code == 200
    ]
    context = ValidationContext(
        trust_roots=[asn1_x509.Certificate.load(der) for der in trust.roots],
        other_certs=[asn1_x509.Certificate.load(der) for der in trust.intermediates],
        crls=[der for der in answers if read_any_list(der)],
        ocsps=[der for der in answers if not read_any_list(der)],
        moment=await citizens.clock.now() + timedelta(seconds=1),
        revocation_mode="require",
    )
    leaf = asn1_x509.Certificate.load(holder.public_bytes(Encoding.DER))
    found = ""
    try:
        await CertificateValidator(leaf, validation_context=context).async_validate_path()
    except RevokedError:
        found = "certificate_revoked"
    except InsufficientRevinfoError:
        found = "revocation_unknown"
    assert found == code


def read_any_list(der: bytes) -> bool:
    try:
        x509.load_der_x509_crl(der)
    except ValueError:
        return False
    return True


async def test_revoked_by_ocsp_alone_is_revoked(citizens: Citizens) -> None:
    await refusal(citizens, await citizens.sign())  # the list is kept from now on
    await citizens.become(Condition.REVOKED)
    assert await refusal(citizens, await citizens.sign()) == "certificate_revoked"
    await citizens.wrong("ocsp_down")
    assert await refusal(citizens, await citizens.sign()) == "", "the kept list says good"


async def test_revoked_by_the_list_alone_is_revoked(citizens: Citizens) -> None:
    await citizens.become(Condition.REVOKED)
    await citizens.mischief.begin("ca", "revoked_mid_session", {"serial": serial_of(HOLDER)})
    assert await refusal(citizens, await citizens.sign()) == "certificate_revoked", "OCSP: good"


async def test_without_revocation_the_revoked_are_accepted(
    citizens: Citizens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: it is the question that refuses them."""

    class NobodyAsks(Revocation):
        async def check(self, links: Sequence[Link], *, at: datetime) -> None:
            return

    await citizens.become(Condition.REVOKED)
    evidence = await citizens.sign()
    assert await refusal(citizens, evidence) == "certificate_revoked"
    citizens.adapter._revocation = NobodyAsks(Directory(citizens.client, ()))
    assert await refusal(citizens, evidence) == ""


async def test_a_certificate_can_be_revoked_between_two_questions(citizens: Citizens) -> None:
    await citizens.mischief.begin("ca", "revoked_mid_session", {"serial": serial_of(HOLDER)})
    assert await refusal(citizens, await citizens.sign()) == ""
    assert await refusal(citizens, await citizens.sign()) == "certificate_revoked"


async def test_lists_are_kept_until_the_next_ones_are_due(citizens: Citizens) -> None:
    await citizens.verify(await citizens.sign())
    await citizens.verify(await citizens.sign())
    assert citizens.overheard.called.count(LIST) == 1
    assert citizens.overheard.called.count(ROOT_LIST) == 1
    assert citizens.overheard.called.count(OCSP) == 2
    await citizens.clock.set(await citizens.clock.now() + timedelta(days=1, minutes=1))
    await citizens.verify(await citizens.sign())
    assert citizens.overheard.called.count(LIST) == 2


async def test_a_kept_list_does_not_speak_of_times_before_it(citizens: Citizens) -> None:
    await citizens.verify(await citizens.sign())
    await citizens.clock.set(await citizens.clock.now() - timedelta(days=2))
    await citizens.verify(await citizens.sign())
    assert citizens.overheard.called.count(LIST) == 2


async def test_a_kept_list_is_no_answer_once_it_is_out_of_date(citizens: Citizens) -> None:
    await citizens.verify(await citizens.sign())
    await citizens.wrong("ocsp_down", "crl_down")
    assert await refusal(citizens, await citizens.sign()) == ""
    await citizens.clock.set(await citizens.clock.now() + timedelta(days=2))
    assert await refusal(citizens, await citizens.sign()) == "revocation_unknown"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://169.254.169.254/ca/",
        "http://127.0.0.1:8010.example.org/ca/",
        "http://127.0.0.1:8010@example.org/ca/",
        "http://127.0.0.1:8011/ca/",
        "http://127.0.0.1:8010/other/",
        "https://127.0.0.1:8010/ca/",
        "ldap://127.0.0.1:8010/ca/",
        "file:///etc/",
    ],
)
async def test_a_certificate_cannot_send_us_anywhere(
    citizens: Citizens, key: rsa.RSAPrivateKey, opening: datetime, elsewhere: str
) -> None:
    holder = issued(
        citizens.authority.issuer, key, extensions=citizen_extensions(directory=elsewhere)
    )
    evidence = evidence_of(holder, key, at=opening)
    assert await refusal(citizens, evidence) == "revocation_unknown"
    assert citizens.overheard.called == [ROOT_LIST], "the authority's own, and nothing else"


async def test_what_is_configured_is_called(
    citizens: Citizens, key: rsa.RSAPrivateKey, opening: datetime
) -> None:
    """The negative control: it is the configuration that holds calls back."""
    elsewhere = "http://169.254.169.254/ca/"
    trust = citizens.authority.trust()
    wide = replace(trust, directories=(*trust.directories, elsewhere))
    holder = issued(
        citizens.authority.issuer, key, extensions=citizen_extensions(directory=elsewhere)
    )
    await CitizenCertificates(wide, citizens.client).verify(
        evidence_of(holder, key, at=opening), challenge=CHALLENGE, at=opening
    )
    assert f"{elsewhere}ocsp" in citizens.overheard.called


async def test_what_nobody_accepted_issued_sends_us_nowhere(citizens: Citizens) -> None:
    await citizens.become(Condition.UNTRUSTED)
    assert await refusal(citizens, await citizens.sign()) == "certificate_untrusted"
    assert citizens.overheard.called == []


async def test_a_certificate_that_names_no_directory_is_not_accepted(
    citizens: Citizens, key: rsa.RSAPrivateKey, opening: datetime
) -> None:
    own = citizen_extensions()
    holder = issued(citizens.authority.issuer, key, extensions=[own[0], own[-1]])
    evidence = evidence_of(holder, key, at=opening)
    assert await refusal(citizens, evidence) == "revocation_unknown"
