"""What the directory says: revocation lists and OCSP answers, at the sandbox's own time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from emask.sandbox.certificates.authority import Signer

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """From when until when an answer holds."""

    said: datetime
    until: datetime

    @classmethod
    def fresh(cls, now: datetime) -> Self:
        """For a day from now."""
        said = now.replace(microsecond=0)
        return cls(said=said, until=said + _DAY)

    @classmethod
    def stale(cls, now: datetime) -> Self:
        """Until a day ago."""
        return cls.fresh(now - 2 * _DAY)


def revocation_list(
    issuer: Signer,
    serial_numbers: Iterable[int],
    *,
    validity: Validity,
    key: ec.EllipticCurvePrivateKey,
) -> bytes:
    """A list in the issuer's name, DER; who holds `key` signs it."""
    builder = x509.CertificateRevocationListBuilder(
        issuer_name=issuer.certificate.subject,
        last_update=validity.said,
        next_update=validity.until,
    )
    for serial_number in serial_numbers:
        entry = x509.RevokedCertificateBuilder(serial_number, validity.said)
        builder = builder.add_revoked_certificate(entry.build())
    number = x509.CRLNumber(int(validity.said.timestamp()))
    by = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
    return (
        builder.add_extension(number, critical=False)
        .add_extension(by, critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )


def ocsp_answer(
    request: ocsp.OCSPRequest, *, revoked: bool, validity: Validity, responder: Signer
) -> bytes:
    """The answer to a question about one certificate, DER, with the question's nonce."""
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response_by_hash(
            request.issuer_name_hash,
            request.issuer_key_hash,
            request.serial_number,
            request.hash_algorithm,
            ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD,
            validity.said,
            validity.until,
            validity.said if revoked else None,
            x509.ReasonFlags.key_compromise if revoked else None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, responder.certificate)
        .certificates([responder.certificate])
    )
    for extension in request.extensions:
        if isinstance(extension.value, x509.OCSPNonce):
            builder = builder.add_extension(extension.value, critical=False)
    return builder.sign(responder.key, hashes.SHA256()).public_bytes(Encoding.DER)


def ocsp_refusal(status: ocsp.OCSPResponseStatus) -> bytes:
    """An answer that says nothing about any certificate, DER."""
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
