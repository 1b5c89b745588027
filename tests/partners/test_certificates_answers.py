"""What an OCSP answer and a revocation list count for, each by itself."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import ocsp
from hypothesis import given
from hypothesis import strategies as st

from emask.database.vault import Keys
from emask.partners.certificates.chain import Link
from emask.partners.certificates.ocsp import judge_answer, question
from emask.partners.certificates.revocation_list import look_up, read_list
from emask.partners.certificates.standing import Standing
from emask.sandbox.certificates import Authority, Condition
from emask.sandbox.certificates.answers import Validity, ocsp_answer, revocation_list
from emask.sandbox.certificates.authority import Signer
from partners.citizens import BASE, HOLDER

LIST = f"{BASE}/ca/moica.crl"
ROOT_LIST = f"{BASE}/ca/root.crl"


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


def point(**scope: Any) -> x509.IssuingDistributionPoint:
    facts: dict[str, Any] = {
        "full_name": [x509.UniformResourceIdentifier(LIST)],
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**(facts | scope))


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

    def judged(responder: Signer) -> Standing | None:
        answer = ocsp_answer(asked, revoked=False, validity=fresh, responder=responder)
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
