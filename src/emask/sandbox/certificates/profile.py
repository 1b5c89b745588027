"""How the sandbox's certificates look: as the interior ministry's do, in what is read of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

_SUBJECT_DIRECTORY_ATTRIBUTES: Final = x509.ObjectIdentifier("2.5.29.9")
_ID_LAST_FOUR: Final = x509.ObjectIdentifier("2.16.886.1.100.2.51")
_SEQUENCE: Final = 0x30
_PURPOSES: Final = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From when until when a certificate is valid."""

    begin: datetime
    end: datetime


AUTHORITIES: Final = Period(
    begin=datetime(2018, 1, 1, tzinfo=UTC), end=datetime(2049, 1, 1, tzinfo=UTC)
)


@asn1.sequence
class _Attribute:
    oid: x509.ObjectIdentifier
    values: asn1.SetOf[asn1.PrintableString]


def named(common_name: str, *, serial_number: str | None = None) -> x509.Name:
    """A name in Taiwan; citizens' names carry a number of their own."""
    parts = [(NameOID.COUNTRY_NAME, "TW"), (NameOID.COMMON_NAME, common_name)]
    if serial_number:
        parts.append((NameOID.SERIAL_NUMBER, serial_number))
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


def usage(*purposes: str) -> x509.KeyUsage:
    """A key's purposes, by the names that `x509.KeyUsage` has for them."""
    every = dict.fromkeys(_PURPOSES, False) | dict.fromkeys(purposes, True)
    return x509.KeyUsage(**every)


def id_digits(last_four: str) -> x509.UnrecognizedExtension:
    """The subject directory attribute with the last four of the holder's ID number."""
    attribute = asn1.encode_der(
        _Attribute(oid=_ID_LAST_FOUR, values=asn1.SetOf([asn1.PrintableString(last_four)]))
    )
    return x509.UnrecognizedExtension(
        _SUBJECT_DIRECTORY_ATTRIBUTES, bytes([_SEQUENCE, len(attribute)]) + attribute
    )


def list_at(address: str) -> x509.CRLDistributionPoints:
    """Where the revocation list is."""
    name = x509.UniformResourceIdentifier(address)
    return x509.CRLDistributionPoints([x509.DistributionPoint([name], None, None, None)])


def ocsp_at(address: str) -> x509.AuthorityInformationAccess:
    """Where OCSP questions go."""
    name = x509.UniformResourceIdentifier(address)
    return x509.AuthorityInformationAccess(
        [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, name)]
    )


def certificate(
    subject: x509.Name,
    public_key: CertificatePublicKeyTypes,
    *,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    serial_number: int,
    period: Period,
    extensions: Iterable[tuple[x509.ExtensionType, bool]],
) -> x509.Certificate:
    """A certificate, the same bytes for the same facts.

    Args:
        subject: to whom it is issued.
        public_key: theirs.
        issuer: who issues it.
        issuer_key: theirs.
        serial_number: unique within its issuer.
        period: when it is valid.
        extensions: each with whether it is critical; identifiers of the keys are added.
    """
    builder = x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=subject,
        public_key=public_key,
        serial_number=serial_number,
        not_valid_before=period.begin,
        not_valid_after=period.end,
    )
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    own = x509.SubjectKeyIdentifier.from_public_key(public_key)
    for extension, critical in ((authority, False), (own, False), *extensions):
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer_key, hashes.SHA256(), ecdsa_deterministic=True)
