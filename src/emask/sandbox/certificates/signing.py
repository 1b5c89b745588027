"""The signature that a certificate's card makes: CMS, detached, RSA over SHA-256 (RFC 5652)."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from emask.partners.certificates import cms

_SIGNING_TIME: Final = x509.ObjectIdentifier("1.2.840.113549.1.9.5")
_NULL: Final = asn1.Null()


def signed_message(
    content: bytes,
    *,
    key: RSAPrivateKey,
    certificates: Sequence[x509.Certificate],
    at: datetime,
) -> bytes:
    """A detached signature over `content`, DER.

    Args:
        content: what is signed.
        key: the holder's.
        certificates: the holder's, then those of its issuers.
        at: the time of signing, as the card's software notes it.
    """
    holder = certificates[0]
    attributes = _attributes(content, at)
    digest = cms.Algorithm(oid=cms.SHA256, parameters=_NULL)
    signer = cms.SignerInfo(
        version=1,
        signer=cms.SignerId(
            issuer=_any(holder.issuer.public_bytes()), serial_number=holder.serial_number
        ),
        digest_algorithm=digest,
        signed_attributes=attributes,
        signature_algorithm=cms.Algorithm(oid=cms.RSA, parameters=_NULL),
        signature=key.sign(asn1.encode_der(attributes), padding.PKCS1v15(), hashes.SHA256()),
    )
    data = cms.SignedData(
        version=1,
        digest_algorithms=asn1.SetOf([digest]),
        content=cms.Detached(content_type=cms.DATA),
        certificates=asn1.SetOf(list(certificates)),
        signers=asn1.SetOf([signer]),
    )
    return asn1.encode_der(cms.ContentInfo(content_type=cms.SIGNED_DATA, signed_data=data))


def _attributes(content: bytes, at: datetime) -> asn1.SetOf[cms.Attribute]:
    attributes = (
        _attribute(cms.CONTENT_TYPE, cms.DATA),
        _attribute(_SIGNING_TIME, asn1.UTCTime(at.replace(microsecond=0))),
        _attribute(cms.MESSAGE_DIGEST, sha256(content).digest()),
    )
    return asn1.SetOf(sorted(attributes, key=asn1.encode_der))


def _attribute(oid: x509.ObjectIdentifier, value: Any) -> cms.Attribute:
    return cms.Attribute(oid=oid, values=asn1.SetOf([_any(asn1.encode_der(value))]))


def _any(der: bytes) -> asn1.TLV:
    return asn1.decode_der(asn1.TLV, der)
