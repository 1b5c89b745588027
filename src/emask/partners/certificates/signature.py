"""A card's signature over our challenge: read strictly, verified with the signer's key."""

import base64
import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from emask.partners.certificates import cms
from emask.partners.certificates.faults import FAULTS
from emask.rules.refusals import CertificateInvalid

_LARGEST: Final = 24_576
"""Characters of evidence; a signature with the certificates of its chain has about 6,000."""
_KEY_BITS: Final = range(2048, 4097)
_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Whose certificate signed, as the signature says, and the certificates that came along.

    `issuer` is the DER of a name; `signed` are the bytes that `value` signs.
    """

    issuer: bytes
    serial_number: int
    certificates: tuple[x509.Certificate, ...]
    signed: bytes
    value: bytes

    def check(self, certificate: x509.Certificate) -> None:
        """The signature is this certificate's, of RSA with a key of 2048 bits or more.

        Raises:
            CertificateInvalid: it is not.
        """
        key = certificate.public_key()
        if not isinstance(key, rsa.RSAPublicKey) or key.key_size not in _KEY_BITS:
            raise CertificateInvalid
        try:
            key.verify(self.value, self.signed, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            raise CertificateInvalid from None


def read_signature(evidence: str, *, challenge: str) -> Signature:
    """What a detached signature over `challenge` consists of; nothing is verified yet.

    Args:
        evidence: DER in base64.
        challenge: what has to be signed; ASCII.

    Raises:
        CertificateInvalid: another form, another digest, or a signature over something else.
    """
    if len(evidence) > _LARGEST:
        raise CertificateInvalid
    try:
        der = base64.b64decode(evidence, validate=True)
        if base64.b64encode(der).decode() != evidence:  # surplus bits, which decoding ignores
            raise CertificateInvalid
        return _read(der, challenge.encode("ascii"))
    except FAULTS:
        raise CertificateInvalid from None


def _read(der: bytes, content: bytes) -> Signature:
    info = asn1.decode_der(cms.ContentInfo, der)
    data = info.signed_data
    (signer,) = data.signers.as_list()
    attributes = signer.signed_attributes.as_list()
    digest = _single(attributes, cms.MESSAGE_DIGEST).parse(bytes)
    # One form alone is right, so that hardly a byte can be changed without being noticed.
    right = (
        info.content_type == cms.SIGNED_DATA,
        data.version == signer.version == _VERSION,
        data.content.content_type == cms.DATA,
        _single(attributes, cms.CONTENT_TYPE).parse(x509.ObjectIdentifier) == cms.DATA,
        [algorithm.oid for algorithm in data.digest_algorithms.as_list()] == [cms.SHA256],
        signer.digest_algorithm.oid == cms.SHA256,
        signer.signature_algorithm.oid in (cms.RSA, cms.SHA256_WITH_RSA),
        hmac.compare_digest(digest, sha256(content).digest()),
    )
    if not all(right):
        raise CertificateInvalid
    return Signature(
        issuer=asn1.encode_der(signer.signer.issuer),
        serial_number=signer.signer.serial_number,
        certificates=tuple(data.certificates.as_list()),
        signed=asn1.encode_der(signer.signed_attributes),
        value=signer.signature,
    )


def _single(attributes: list[cms.Attribute], oid: x509.ObjectIdentifier) -> asn1.TLV:
    """The one value of the one attribute of a type; ValueError if there are none or more."""
    (values,) = (attribute.values.as_list() for attribute in attributes if attribute.oid == oid)
    (value,) = values
    return value
