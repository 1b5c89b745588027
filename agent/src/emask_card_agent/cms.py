"""A detached CMS signature, as certificate cards of citizens make it."""

from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Final

from asn1crypto import algos, cms, x509

_RSA: Final = "rsassa_pkcs1v15"


def detached(
    content: bytes,
    *,
    certificate: x509.Certificate,
    issuers: Iterable[x509.Certificate],
    sign: Callable[[bytes], bytes],
) -> bytes:
    """DER of a SignedData over the content: one signer, signed attributes, SHA-256 with RSA.

    Args:
        content: what is signed; not part of the result.
        certificate: the signer's.
        issuers: certificates handed over beside it.
        sign: makes the RSA signature (PKCS #1 v1.5, SHA-256) over the bytes it is given.
    """
    signed = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [algos.DigestAlgorithm({"algorithm": "sha256"})],
            "encap_content_info": {"content_type": "data"},
            "certificates": [certificate, *issuers],
            "signer_infos": [_signer(content, certificate, sign)],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump())


def _signer(
    content: bytes, certificate: x509.Certificate, sign: Callable[[bytes], bytes]
) -> cms.SignerInfo:
    attributes = cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
            cms.CMSAttribute({"type": "message_digest", "values": [sha256(content).digest()]}),
        ]
    )
    number = cms.IssuerAndSerialNumber(
        {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
    )
    return cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(name="issuer_and_serial_number", value=number),
            "digest_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
            "signed_attrs": attributes,
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": _RSA}),
            # Signed is the SET itself, not its tagged form (RFC 5652, 5.4).
            "signature": sign(attributes.dump()),
        }
    )
