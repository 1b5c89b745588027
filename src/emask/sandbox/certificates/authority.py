"""The sandbox's certificate authorities: a root, the one below it that issues, and strangers.

Keys and certificates derive from the installation's keys, so that every process has the same.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from emask.database.vault import Keys
from emask.partners.certificates import Trust
from emask.sandbox.certificates.condition import CITIZENS, OVER, Condition
from emask.sandbox.certificates.profile import (
    AUTHORITIES,
    certificate,
    id_digits,
    list_at,
    named,
    ocsp_at,
    usage,
)

ROOT_LIST: Final = "root.crl"
LIST: Final = "moica.crl"
OCSP: Final = "ocsp"
"""What the directory has, below its address."""

_P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A certificate and the key that it is for."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def der(self) -> bytes:
        """The certificate's bytes."""
        return self.certificate.public_bytes(Encoding.DER)


class Authority:
    """The authorities of one installation.

    Args:
        keys: what their own keys derive from.
        base_url: scheme, host and port of the directory that certificates name.

    Attributes:
        directory: the directory's address, with a slash at its end.
        root: "Sandbox GRCA", where chains end.
        issuer: "Sandbox MOICA", which issues to citizens.
        responder: answers OCSP questions in the issuer's name.
        stranger: issues what looks alike and ends at no accepted root.
        imposter: answers OCSP questions in the stranger's name.
    """

    def __init__(self, keys: Keys, base_url: str) -> None:
        self._secret = keys.session
        self.directory: Final = f"{base_url.rstrip('/')}/ca/"
        self.root: Final = self._authority("Sandbox GRCA", 1, above=None)
        self.issuer: Final = self._authority("Sandbox MOICA", 2, above=self.root)
        self.responder: Final = self._responder(self.issuer)
        strange = self._authority("Sandbox strangers' root", 1, above=None)
        self.stranger: Final = self._authority("Sandbox strangers", 2, above=strange)
        self.imposter: Final = self._responder(self.stranger)

    def trust(self) -> Trust:
        """What an installation with this sandbox accepts."""
        return Trust(
            roots=(self.root.der,),
            intermediates=(self.issuer.der,),
            directories=(self.directory,),
        )

    def issue(
        self, id_number: str, public_key: RSAPublicKey, condition: Condition
    ) -> x509.Certificate:
        """The certificate of a citizen, the same bytes for the same facts."""
        by = self.stranger if condition is Condition.UNTRUSTED else self.issuer
        serial = serial_of(id_number)
        return certificate(
            named("Sandbox citizen", serial_number=serial[:16].upper()),
            public_key,
            issuer=by.certificate.subject,
            issuer_key=by.key,
            serial_number=int(serial, 16),
            period=OVER if condition is Condition.EXPIRED else CITIZENS,
            extensions=(
                (usage("digital_signature"), True),
                (list_at(self.directory + LIST), False),
                (ocsp_at(self.directory + OCSP), False),
                (id_digits(id_number[-4:]), False),
            ),
        )

    def _authority(self, name: str, serial_number: int, *, above: Signer | None) -> Signer:
        key = self._key(name)
        extensions: list[tuple[x509.ExtensionType, bool]] = [
            (x509.BasicConstraints(ca=True, path_length=None), True),
            (usage("key_cert_sign", "crl_sign"), True),
        ]
        if above is not None:
            extensions.append((list_at(self.directory + ROOT_LIST), False))
        issued = certificate(
            named(name),
            key.public_key(),
            issuer=above.certificate.subject if above else named(name),
            issuer_key=above.key if above else key,
            serial_number=serial_number,
            period=AUTHORITIES,
            extensions=extensions,
        )
        return Signer(certificate=issued, key=key)

    def _responder(self, by: Signer) -> Signer:
        name = f"{by.certificate.subject.rfc4514_string()} OCSP"
        key = self._key(name)
        issued = certificate(
            named("Sandbox OCSP"),
            key.public_key(),
            issuer=by.certificate.subject,
            issuer_key=by.key,
            serial_number=1,
            period=AUTHORITIES,
            extensions=(
                (usage("digital_signature"), True),
                (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False),
                (x509.OCSPNoCheck(), False),
            ),
        )
        return Signer(certificate=issued, key=key)

    def _key(self, name: str) -> ec.EllipticCurvePrivateKey:
        seed = hmac.digest(self._secret, f"sandbox authority {name}".encode(), sha256)
        return ec.derive_private_key(int.from_bytes(seed) % (_P256_ORDER - 1) + 1, ec.SECP256R1())


def serial_of(id_number: str) -> str:
    """The serial number of the one certificate of a person, in hex; never zero at its start."""
    return "4" + sha256(f"sandbox certificate {id_number}".encode()).hexdigest()[:31]
