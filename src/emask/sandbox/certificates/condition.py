"""In which conditions a citizen certificate can be."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from emask.sandbox.certificates.profile import Period


class Condition(StrEnum):
    """What is the matter with a certificate."""

    GOOD = "good"
    EXPIRED = "expired"
    REVOKED = "revoked"
    UNTRUSTED = "untrusted"


CITIZENS: Final = Period(
    begin=datetime(2019, 1, 1, tzinfo=UTC), end=datetime(2039, 1, 1, tzinfo=UTC)
)
OVER: Final = Period(begin=CITIZENS.begin, end=datetime(2019, 12, 31, tzinfo=UTC))
"""When the certificates of citizens are valid, and those that have expired."""
