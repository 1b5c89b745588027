"""A chain of certificates as citizens' cards hold it: root, authority, person."""

from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509.oid import NameOID

SIGNATURE = "digital_signature"
ENCRYPTION = "key_encipherment"

_USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
    *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


@dataclass(frozen=True)
class Holder:
    """A key and its certificate."""

    key: RSAPrivateKey
    certificate: x509.Certificate


@dataclass(frozen=True)
class Chain:
    """What stands above and on a card."""

    root: Holder
    authority: Holder
    person: Holder


def make_chain() -> Chain:
    root = certified("Made-up root", usages=("key_cert_sign", "crl_sign"), ca=True)
    authority = certified(
        "Made-up authority", usages=("key_cert_sign", "crl_sign"), ca=True, issuer=root
    )
    return Chain(root, authority, certified("王小明", usages=(SIGNATURE,), issuer=authority))


def certified(
    name: str,
    *,
    usages: tuple[str, ...],
    ca: bool = False,
    issuer: Holder | None = None,
    since: int = 2019,
) -> Holder:
    """A key of 2048 bits and its certificate, by its issuer or by itself."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(since, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2039, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(*(usage in usages for usage in _USAGES)), critical=True)
        .sign(issuer.key if issuer else key, hashes.SHA256())
    )
    return Holder(key, certificate)
