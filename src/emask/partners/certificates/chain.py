"""The chain from a signer's certificate to one of our roots (RFC 5280), revocation aside.

A certificate counts only once the signature of a configured authority on it was verified:
whatever is read afterwards is what that authority wrote.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import (
    ExpiredError,
    NotYetValidError,
    PathBuildingError,
    PathValidationError,
    ValidationError,
)
from pyhanko_certvalidator.path import ValidationPath

from emask.partners.certificates.faults import FAULTS
from emask.partners.certificates.signature import Signature
from emask.partners.certificates.trust import Trust
from emask.rules.refusals import CertificateExpired, CertificateInvalid, CertificateUntrusted


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A certificate of the chain, and that of its issuer."""

    certificate: x509.Certificate
    issuer: x509.Certificate


class Chains:
    """Finds and judges chains to the configured roots, over configured authorities alone."""

    def __init__(self, trust: Trust) -> None:
        self._roots = [asn1_x509.Certificate.load(der) for der in trust.roots]
        self._intermediates = [asn1_x509.Certificate.load(der) for der in trust.intermediates]
        self._issuers: dict[bytes, list[x509.Certificate]] = {}
        for der in trust.intermediates:
            issuer = x509.load_der_x509_certificate(der)
            self._issuers.setdefault(issuer.subject.public_bytes(), []).append(issuer)

    def signer(self, signature: Signature) -> x509.Certificate:
        """The signer's certificate among those that came along; an accepted authority issued it.

        Raises:
            CertificateInvalid: none of them is the one that the signature names.
            CertificateUntrusted: no accepted authority has issued it.
        """
        named = [
            certificate
            for certificate in signature.certificates
            if certificate.serial_number == signature.serial_number
        ]
        if not named:
            raise CertificateInvalid
        for certificate in named:
            for issuer in self._issuers.get(signature.issuer, ()):
                if _is_issued(certificate, issuer):
                    return certificate
        raise CertificateUntrusted

    async def links(self, certificate: x509.Certificate, *, at: datetime) -> Sequence[Link]:
        """The chain at an instant, from the certificate that a root issued down to the signer's.

        Raises:
            CertificateExpired: it, or an authority above it, is not in date.
            CertificateUntrusted: it ends at no root of ours.
            CertificateInvalid: it is not made for signatures, or breaks the rules of RFC 5280.
        """
        context = ValidationContext(
            trust_roots=self._roots,
            other_certs=self._intermediates,
            moment=at,
            revocation_mode="none",  # by `revocation`, which also asks of every link
        )
        leaf = asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
        try:
            _check_usage(certificate)
            path = await CertificateValidator(
                leaf, validation_context=context
            ).async_validate_path()
        except (ExpiredError, NotYetValidError):
            raise CertificateExpired from None
        except PathBuildingError:
            raise CertificateUntrusted from None
        except PathValidationError as broken:
            raise CertificateInvalid if broken.is_ee_cert else CertificateUntrusted from None
        except (ValidationError, *FAULTS):
            raise CertificateInvalid from None
        return _links(path)


def _is_issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except FAULTS:
        return False
    return True


def _check_usage(certificate: x509.Certificate) -> None:
    """It is for signatures, and no authority's. Raises ValidationError, or one of the faults."""
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    if not usage.digital_signature or usage.key_cert_sign:
        raise ValidationError("not for signatures")


def _links(path: ValidationPath) -> Sequence[Link]:
    chain = [
        x509.load_der_x509_certificate(certificate.dump())
        for certificate in path.iter_certs(include_root=True)
    ]
    return [Link(certificate=below, issuer=above) for above, below in pairwise(chain)]
