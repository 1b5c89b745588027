"""Revocation: asked of list and OCSP, believed from either, and nothing in date means no."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import httpx2
import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import given
from hypothesis import strategies as st
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import InsufficientRevinfoError, RevokedError

from emask.database.vault import Keys
from emask.partners.certificates import directory
from emask.partners.certificates.chain import Link
from emask.partners.certificates.directory import Directory
from emask.partners.certificates.ocsp import judge_answer, question
from emask.partners.certificates.revocation import Revocation
from emask.partners.certificates.revocation_list import look_up, read_list
from emask.partners.certificates.standing import Standing
from emask.sandbox.certificates import Authority, Condition, serial_of
from emask.sandbox.certificates.answers import Validity, ocsp_answer, revocation_list
from partners.citizens import (
    BASE,
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


class Answering:
    """A directory with one answer to everything."""

    def __init__(self, response: httpx2.Response, *, after: float = 0) -> None:
        self._response = response
        self._after = after

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(self._after)
        return self._response

    def directory(self) -> Directory:
        client = httpx2.AsyncClient(transport=httpx2.MockTransport(self), follow_redirects=True)
        return Directory(client, [f"{BASE}/ca/"])


async def test_redirects_are_not_followed() -> None:
    moved = Answering(httpx2.Response(302, headers={"location": "http://169.254.169.254/"}))
    assert await moved.directory().get(LIST) is None


async def test_a_long_answer_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "LARGEST", 1000)

    async def chunks(count: int) -> AsyncIterator[bytes]:
        for _ in range(count):
            yield b"0" * 250

    async def got(count: int) -> bytes | None:
        response = httpx2.Response(200, content=chunks(count))
        return await Answering(response).directory().get(LIST)

    assert await got(4) == b"0" * 1000
    assert await got(5) is None
    assert await got(10**9) is None, "read no further than that"


async def test_a_slow_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "SECONDS", 0.05)
    slow = Answering(httpx2.Response(200, content=b"0"), after=5)
    assert await slow.directory().get(LIST) is None


async def test_a_connection_that_fails_is_no_answer() -> None:
    def fail(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    client = httpx2.AsyncClient(transport=httpx2.MockTransport(fail))
    assert await Directory(client, [f"{BASE}/ca/"]).get(LIST) is None


@pytest.fixture(scope="session")
def authority(keys: Keys) -> Authority:
    return Authority(keys, BASE)


@pytest.fixture(scope="session")
def link(authority: Authority, key: rsa.RSAPrivateKey) -> Link:
    holder = authority.issue(HOLDER, key.public_key(), Condition.GOOD)
    return Link(certificate=holder, issuer=authority.issuer.certificate)


def a_list(
    authority: Authority, opening: datetime, *extensions: tuple[x509.ExtensionType, bool]
) -> x509.CertificateRevocationList:
    builder = x509.CertificateRevocationListBuilder(
        issuer_name=authority.issuer.certificate.subject,
        last_update=opening,
        next_update=opening + timedelta(days=1),
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(authority.issuer.key, hashes.SHA256())


def point(**scope: object) -> x509.IssuingDistributionPoint:
    facts: dict[str, object] = {
        "full_name": [x509.UniformResourceIdentifier(LIST)],
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**(facts | scope))  # type: ignore[arg-type]


SCOPES = [
    pytest.param(point(), Standing.GOOD, id="this point"),
    pytest.param(
        point(full_name=None, only_contains_user_certs=True), Standing.GOOD, id="citizens"
    ),
    pytest.param(point(full_name=None, only_contains_ca_certs=True), None, id="authorities"),
    pytest.param(
        point(full_name=[x509.UniformResourceIdentifier(ROOT_LIST)]), None, id="another point"
    ),
    pytest.param(
        point(only_some_reasons=frozenset([x509.ReasonFlags.key_compromise])), None, id="one reason"
    ),
    pytest.param(point(indirect_crl=True), None, id="of several authorities"),
    pytest.param(
        point(full_name=None, only_contains_attribute_certs=True), None, id="other certificates"
    ),
    pytest.param(x509.DeltaCRLIndicator(1), None, id="changes alone"),
]


@pytest.mark.parametrize(("scope", "standing"), SCOPES)
def test_a_list_speaks_of_its_scope_alone(
    authority: Authority,
    link: Link,
    opening: datetime,
    scope: x509.ExtensionType,
    standing: Standing | None,
) -> None:
    assert look_up(a_list(authority, opening, (scope, True)), link=link, address=LIST) is standing


def test_the_responder_has_to_be_appointed(
    authority: Authority, link: Link, opening: datetime
) -> None:
    asked = question(link)
    fresh = Validity.fresh(opening)

    def judged(responder: object) -> Standing | None:
        answer = ocsp_answer(asked, revoked=False, validity=fresh, responder=responder)  # type: ignore[arg-type]
        return judge_answer(answer, asked=asked, link=link, at=opening)

    assert judged(authority.responder) is Standing.GOOD
    assert judged(authority.issuer) is Standing.GOOD, "the issuer itself"
    assert judged(authority.imposter) is None
    assert judged(authority.root) is None, "not even the root speaks for it"


def test_an_answer_to_another_question_is_none(
    authority: Authority, key: rsa.RSAPrivateKey, link: Link, opening: datetime
) -> None:
    asked, earlier = question(link), question(link)
    fresh = Validity.fresh(opening)
    answer = ocsp_answer(earlier, revoked=False, validity=fresh, responder=authority.responder)
    assert judge_answer(answer, asked=earlier, link=link, at=opening) is Standing.GOOD
    assert judge_answer(answer, asked=asked, link=link, at=opening) is None, "another nonce"
    neighbour = authority.issue("B123456780", key.public_key(), Condition.GOOD)
    other = question(Link(certificate=neighbour, issuer=link.issuer))
    about = ocsp_answer(other, revoked=False, validity=fresh, responder=authority.responder)
    assert judge_answer(about, asked=asked, link=link, at=opening) is None, "another certificate"


@pytest.mark.parametrize(
    ("since", "standing"),
    [
        (timedelta(hours=-1), None),
        (timedelta(0), Standing.GOOD),
        (timedelta(days=1), Standing.GOOD),
        (timedelta(days=1, seconds=1), None),
    ],
)
def test_an_answer_holds_from_when_it_was_given_until_the_next_is_due(
    authority: Authority, link: Link, opening: datetime, since: timedelta, standing: Standing | None
) -> None:
    asked = question(link)
    answer = ocsp_answer(
        asked, revoked=False, validity=Validity.fresh(opening), responder=authority.responder
    )
    assert judge_answer(answer, asked=asked, link=link, at=opening + since) is standing


AT = datetime.fromisoformat("2020-03-12T09:00:00+08:00")


@pytest.fixture(scope="session")
def messages(authority: Authority, link: Link) -> tuple[ocsp.OCSPRequest, bytes, bytes]:
    """A question, the answer that the certificate is revoked, and a revocation list."""
    asked, fresh, issuer = question(link), Validity.fresh(AT), authority.issuer
    answer = ocsp_answer(asked, revoked=True, validity=fresh, responder=authority.responder)
    return asked, answer, revocation_list(issuer, [5, 6], validity=fresh, key=issuer.key)


@given(st.data())
def test_nothing_but_no_answer_comes_of_mangled_answers(
    messages: tuple[ocsp.OCSPRequest, bytes, bytes], link: Link, data: st.DataObject
) -> None:
    asked, answer, revocations = messages

    def mangled(message: bytes) -> bytes:
        start = data.draw(st.integers(0, len(message) - 1))
        end = start + data.draw(st.integers(0, 4))
        return message[:start] + data.draw(st.binary(max_size=4)) + message[end:]

    said = judge_answer(mangled(answer), asked=asked, link=link, at=AT)
    assert said is not Standing.GOOD
    read_list(mangled(revocations), link.issuer)
