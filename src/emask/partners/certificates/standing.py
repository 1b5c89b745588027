"""What a directory can say of a certificate, and when what it says is in date."""

from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from cryptography.hazmat.primitives import hashes

_AHEAD: Final = timedelta(minutes=1)
"""How far an authority's clock may be ahead of ours."""
_STRONG: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


class Standing(Enum):
    """The two answers; no answer is None."""

    GOOD = auto()
    REVOKED = auto()


def in_date(said: datetime, until: datetime, *, at: datetime) -> bool:
    """Whether something said at one instant, and until another, holds `at` a third."""
    return said - _AHEAD <= at <= until


def is_strong(digest: hashes.HashAlgorithm | None) -> bool:
    """Whether a signature made with this digest counts."""
    return isinstance(digest, _STRONG)
