"""What reads a certificate card's signature, and what an authority's directory says of it."""

import asyncio
from base64 import b64encode
from datetime import UTC, datetime
from functools import cache
from typing import Final

import httpx2
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import ocsp

from emask.database.vault import Keys
from emask.partners.certificates import CitizenCertificates, revocation_list
from emask.partners.certificates.chain import Link
from emask.partners.certificates.ocsp import judge_answer, question
from emask.rules.refusals import Refusal
from emask.sandbox.certificates import Authority, Condition, answers
from emask.sandbox.certificates.answers import Validity
from emask.sandbox.certificates.signing import signed_message
from emask.sandbox.population import made_up_people

_NOON: Final = datetime(2020, 3, 12, 4, tzinfo=UTC)
_CHALLENGE: Final = "a token of this site"
_SITE: Final = "http://localhost"
_AUTHORITY: Final = Authority(Keys(identity=bytes(32), data=bytes(32), session=bytes(32)), _SITE)


def read_signature(data: bytes) -> None:
    """A citizen certificate's evidence: as DER, and as what stands where base64 should."""
    certificates, loop = _verifier()
    for evidence in (b64encode(data).decode(), data.decode("latin-1")):
        try:
            reading = loop.run_until_complete(
                certificates.verify(evidence, challenge=_CHALLENGE, at=_NOON)
            )
        except Refusal:
            continue
        raise AssertionError(f"nobody has answered for {reading.serial_number}")


def read_list(data: bytes) -> None:
    """A list of revoked certificates."""
    link = _link()
    revoked = revocation_list.read_list(data, link.issuer)
    if revoked is not None:
        revocation_list.list_in_date(revoked, at=_NOON)
        revocation_list.look_up(revoked, link=link, address=f"{_SITE}/ca/moica.crl")


def read_answer(data: bytes) -> None:
    """An answer to a question about one certificate."""
    judge_answer(data, asked=_question(), link=_link(), at=_NOON)


def signature_seeds() -> list[bytes]:
    ids = [person.id_number for person in made_up_people(2)]
    return [
        signed_message(
            content.encode(),
            key=_key(),
            certificates=(
                _AUTHORITY.issue(id_number, _key().public_key(), condition),
                _AUTHORITY.issuer.certificate,
            ),
            at=_NOON,
        )
        for content in (_CHALLENGE, "a token of another site")
        for id_number in ids
        for condition in (Condition.GOOD, Condition.UNTRUSTED)
    ]


def list_seeds() -> list[bytes]:
    issuer = _AUTHORITY.issuer
    return [
        answers.revocation_list(issuer, numbers, validity=Validity.fresh(_NOON), key=issuer.key)
        for numbers in ((), (1, 2), range(1, 9))
    ]


def answer_seeds() -> list[bytes]:
    return [
        answers.ocsp_refusal(ocsp.OCSPResponseStatus.TRY_LATER),
        *(
            answers.ocsp_answer(
                _question(),
                revoked=revoked,
                validity=Validity.fresh(_NOON),
                responder=responder,
            )
            for revoked in (False, True)
            for responder in (_AUTHORITY.responder, _AUTHORITY.imposter)
        ),
    ]


@cache
def _verifier() -> tuple[CitizenCertificates, asyncio.AbstractEventLoop]:
    """That of an installation whose directories do not answer."""

    def silent(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("nobody is there", request=request)

    client = httpx2.AsyncClient(transport=httpx2.MockTransport(silent))
    return CitizenCertificates(_AUTHORITY.trust(), client), asyncio.new_event_loop()


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def _link() -> Link:
    (person,) = made_up_people(1)
    return Link(
        certificate=_AUTHORITY.issue(person.id_number, _key().public_key(), Condition.GOOD),
        issuer=_AUTHORITY.issuer.certificate,
    )


@cache
def _question() -> ocsp.OCSPRequest:
    return question(_link())
