"""OCSP (RFC 6960): asking about one certificate, and judging what comes back."""

import secrets
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from emask.partners.certificates.chain import Link
from emask.partners.certificates.faults import FAULTS
from emask.partners.certificates.standing import Standing, in_date, is_strong
from emask.partners.certificates.troubles import Useless, complain

_NONCE_BYTES: Final = 16
_UNDATED: Final = timedelta(minutes=10)
"""How long an answer holds that does not say when the next one is due."""
_STANDINGS: Final = {
    ocsp.OCSPCertStatus.GOOD: Standing.GOOD,
    ocsp.OCSPCertStatus.REVOKED: Standing.REVOKED,
}


def question(link: Link) -> ocsp.OCSPRequest:
    """The question for a certificate's standing, with a nonce."""
    # SHA-1 only names the issuer here; many responders know no other name for it (RFC 5019).
    names = ocsp.OCSPRequestBuilder().add_certificate(link.certificate, link.issuer, hashes.SHA1())  # noqa: S303 - a name, not a seal
    return names.add_extension(
        x509.OCSPNonce(secrets.token_bytes(_NONCE_BYTES)), critical=False
    ).build()


def judge_answer(
    der: bytes, *, asked: ocsp.OCSPRequest, link: Link, at: datetime
) -> Standing | None:
    """What an answer says; None if it is not to be relied on.

    It has to be about the certificate asked about, from its issuer or from whom the issuer
    appointed, in date, and to our question if it repeats a nonce.
    """
    try:
        return _said(der, asked=asked, link=link, at=at)
    except Useless as why:
        complain(f"an OCSP answer {why}")
    except FAULTS as fault:
        complain(f"an OCSP answer is not its authority's: {type(fault).__name__}")
    return None


def _said(der: bytes, *, asked: ocsp.OCSPRequest, link: Link, at: datetime) -> Standing:
    """Raises Useless, or one of the faults."""
    answer = ocsp.load_der_ocsp_response(der)
    if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise Useless(f"refuses to say: {answer.response_status.name}")
    _check_signature(answer, _responder(answer, link.issuer, at=at))
    if not _answers(answer, asked):
        raise Useless("is to another question")
    if not _holds(answer, at=at):
        raise Useless("is out of date")
    if answer.certificate_status not in _STANDINGS:
        raise Useless("knows no such certificate")
    return _STANDINGS[answer.certificate_status]


def _responder(
    answer: ocsp.OCSPResponse, issuer: x509.Certificate, *, at: datetime
) -> x509.Certificate:
    """Whose signature it has to be: the issuer's, or that of an appointed responder.

    Raises one of the faults if the responder was not appointed. Nobody asks whether responders
    are revoked, so their certificates have to say that nobody need (id-pkix-ocsp-nocheck).
    """
    if not answer.certificates or answer.certificates[0] == issuer:
        return issuer
    responder = answer.certificates[0]
    responder.verify_directly_issued_by(issuer)
    uses = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    responder.extensions.get_extension_for_class(x509.OCSPNoCheck)
    valid = responder.not_valid_before_utc <= at <= responder.not_valid_after_utc
    if not valid or ExtendedKeyUsageOID.OCSP_SIGNING not in uses:
        raise InvalidSignature
    return responder


def _check_signature(answer: ocsp.OCSPResponse, responder: x509.Certificate) -> None:
    """Raises InvalidSignature, or another of the faults."""
    digest = answer.signature_hash_algorithm
    if digest is None or not is_strong(digest):
        raise InvalidSignature
    match responder.public_key():
        case ec.EllipticCurvePublicKey() as key:
            key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(digest))
        case rsa.RSAPublicKey() as key:
            key.verify(answer.signature, answer.tbs_response_bytes, padding.PKCS1v15(), digest)
        case _:
            raise InvalidSignature


def _answers(answer: ocsp.OCSPResponse, asked: ocsp.OCSPRequest) -> bool:
    nonces = [
        [extension.value for extension in side.extensions if extension.oid == x509.OCSPNonce.oid]
        for side in (asked, answer)
    ]
    return (
        answer.serial_number == asked.serial_number
        and answer.hash_algorithm.name == asked.hash_algorithm.name
        and answer.issuer_name_hash == asked.issuer_name_hash
        and answer.issuer_key_hash == asked.issuer_key_hash
        and nonces[1] in ([], nonces[0])
    )


def _holds(answer: ocsp.OCSPResponse, *, at: datetime) -> bool:
    said = answer.this_update_utc
    return in_date(said, answer.next_update_utc or said + _UNDATED, at=at)
