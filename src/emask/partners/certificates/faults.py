"""What the readers of foreign DER raise; nothing else comes of input, however it was made."""

from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.utils import CryptographyDeprecationWarning

FAULTS: Final = (
    ValueError,  # not DER, or not of the expected form
    TypeError,  # a key or a name of a kind that its field does not allow
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.UnsupportedGeneralNameType,
    UnsupportedAlgorithm,
    InvalidSignature,
    CryptographyDeprecationWarning,  # a serial number below one, where warnings are errors
)
