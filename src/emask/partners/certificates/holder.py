"""What a certificate says of whom it was issued to."""

import re
from typing import Final

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from emask.rules.refusals import CertificateInvalid

ID_LAST_FOUR: Final = "2.16.886.1.100.2.51"
"""The subject directory attribute with the last four of the holder's ID number, a string."""

_FOUR: Final = re.compile("[0-9]{4}")


def id_last_four(certificate: x509.Certificate) -> str:
    """The last four digits of the holder's ID number.

    Raises:
        CertificateInvalid: they are not there once, and in this form.
    """
    held = asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
    try:
        ((digits,),) = (
            attribute["values"].native
            for attribute in held.subject_directory_attributes_value or ()
            if attribute["type"].dotted == ID_LAST_FOUR
        )
    except (ValueError, TypeError):  # none, several, or no attribute at all
        raise CertificateInvalid from None
    if not isinstance(digits, str) or _FOUR.fullmatch(digits) is None:
        raise CertificateInvalid
    return digits
