"""The form of a detached CMS signature (RFC 5652), as strict as citizen cards make it.

What these types do not name is not read: encapsulated content, unsigned attributes, lists, other
kinds of certificates and other ways to name the signer make the whole unreadable.
"""

from typing import Annotated, Final

from cryptography import x509
from cryptography.hazmat import asn1

DATA: Final = x509.ObjectIdentifier("1.2.840.113549.1.7.1")
SIGNED_DATA: Final = x509.ObjectIdentifier("1.2.840.113549.1.7.2")
CONTENT_TYPE: Final = x509.ObjectIdentifier("1.2.840.113549.1.9.3")
MESSAGE_DIGEST: Final = x509.ObjectIdentifier("1.2.840.113549.1.9.4")
SHA256: Final = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
RSA: Final = x509.ObjectIdentifier("1.2.840.113549.1.1.1")
SHA256_WITH_RSA: Final = x509.ObjectIdentifier("1.2.840.113549.1.1.11")


@asn1.sequence
class Algorithm:
    """AlgorithmIdentifier of an algorithm without parameters."""

    oid: x509.ObjectIdentifier
    parameters: asn1.Null | None


@asn1.sequence
class Attribute:
    """Attribute: a type and its values."""

    oid: x509.ObjectIdentifier
    values: asn1.SetOf[asn1.TLV]


@asn1.sequence
class SignerId:
    """IssuerAndSerialNumber of the signer's certificate."""

    issuer: asn1.TLV
    serial_number: int


@asn1.sequence
class SignerInfo:
    """SignerInfo with signed attributes and no others."""

    version: int
    signer: SignerId
    digest_algorithm: Algorithm
    signed_attributes: Annotated[asn1.SetOf[Attribute], asn1.Implicit(0)]
    signature_algorithm: Algorithm
    signature: bytes


@asn1.sequence
class Detached:
    """EncapsulatedContentInfo whose content is elsewhere."""

    content_type: x509.ObjectIdentifier


@asn1.sequence
class SignedData:
    """SignedData with certificates and no revocation lists."""

    version: int
    digest_algorithms: asn1.SetOf[Algorithm]
    content: Detached
    certificates: Annotated[asn1.SetOf[x509.Certificate], asn1.Implicit(0)]
    signers: asn1.SetOf[SignerInfo]


@asn1.sequence
class ContentInfo:
    """ContentInfo of a SignedData."""

    content_type: x509.ObjectIdentifier
    signed_data: Annotated[SignedData, asn1.Explicit(0)]
