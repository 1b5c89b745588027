"""Revocation lists (RFC 5280): reading one, and looking up a certificate."""

from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtensionOID

from emask.partners.certificates.chain import Link
from emask.partners.certificates.faults import FAULTS
from emask.partners.certificates.standing import Standing, in_date, is_strong

_UNDERSTOOD: Final = (ExtensionOID.ISSUING_DISTRIBUTION_POINT,)


def read_list(der: bytes, issuer: x509.Certificate) -> x509.CertificateRevocationList | None:
    """The list, if its bytes are one that this issuer signed."""
    key = issuer.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        return None
    try:
        revoked = x509.load_der_x509_crl(der)
        genuine = is_strong(revoked.signature_hash_algorithm) and revoked.is_signature_valid(key)
    except FAULTS:
        return None
    return revoked if genuine else None


def list_in_date(revoked: x509.CertificateRevocationList, *, at: datetime) -> bool:
    """Whether the list holds at an instant; one that does not say until when never does."""
    until = revoked.next_update_utc
    return until is not None and in_date(revoked.last_update_utc, until, at=at)


def look_up(
    revoked: x509.CertificateRevocationList, *, link: Link, address: str
) -> Standing | None:
    """What a list that was found at an address says of a certificate.

    None if the certificate is outside its scope: then that it is not listed means nothing.
    """
    try:
        if not _covers(revoked, link, address):
            return None
    except FAULTS:
        return None
    entry = revoked.get_revoked_certificate_by_serial_number(link.certificate.serial_number)
    return Standing.GOOD if entry is None else Standing.REVOKED


def _covers(revoked: x509.CertificateRevocationList, link: Link, address: str) -> bool:
    unknown = any(
        extension.critical and extension.oid not in _UNDERSTOOD for extension in revoked.extensions
    )
    if unknown or not _signs_lists(link.issuer):
        return False
    points = [
        extension.value
        for extension in revoked.extensions
        if isinstance(extension.value, x509.IssuingDistributionPoint)
    ]
    return all(_within(point, link.certificate, address) for point in points)


def _signs_lists(issuer: x509.Certificate) -> bool:
    return issuer.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign


def _within(
    point: x509.IssuingDistributionPoint, certificate: x509.Certificate, address: str
) -> bool:
    """Whether the list of a distribution point covers a certificate, for every reason."""
    here = x509.UniformResourceIdentifier(address)
    authority = _is_authority(certificate)
    return (
        (point.full_name is None or here in point.full_name)
        and point.relative_name is None
        and not point.indirect_crl
        and not point.only_some_reasons
        and not point.only_contains_attribute_certs
        and not (point.only_contains_user_certs if authority else point.only_contains_ca_certs)
    )


def _is_authority(certificate: x509.Certificate) -> bool:
    return any(
        isinstance(extension.value, x509.BasicConstraints) and extension.value.ca
        for extension in certificate.extensions
    )
