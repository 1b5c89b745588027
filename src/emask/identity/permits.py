"""What one step of a way in hands to the next through the visitor's browser, under seal.

A permit says what was shown so far. It opens only here, for its own purpose, within minutes; the
browser that carries it can neither read nor change it.
"""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

import msgspec

from emask.database.vault import SealBroken, Vault
from emask.rules.refusals import EvidenceAltered, EvidenceExpired

LIFETIME: Final = timedelta(minutes=5)
_NOBODY: Final = UUID(int=0)  # a permit's seal is bound to its purpose, not to a person


class Permit(msgspec.Struct, frozen=True, kw_only=True):
    """What every permit carries; `permit_id` is what a second use is noticed by."""

    permit_id: str
    expires_at: float


AnyPermit = TypeVar("AnyPermit", bound=Permit)


def new_permit_id() -> str:
    """An id that no other permit has."""
    return secrets.token_urlsafe(12)


def expiry(at: datetime) -> float:
    """When a permit issued now is over, in seconds since 1970."""
    return (at + LIFETIME).timestamp()


def seal_permit(vault: Vault, permit: Permit) -> str:
    """The permit as text for a cookie, a form or a passkey's challenge."""
    text = msgspec.json.encode(permit).decode()
    sealed = vault.seal(text, person_id=_NOBODY, field=_field(type(permit)))
    return urlsafe_b64encode(sealed).decode().rstrip("=")


def open_permit(vault: Vault, kind: type[AnyPermit], text: str, *, at: datetime) -> AnyPermit:
    """The permit of a text.

    Raises:
        EvidenceAltered: not one of ours, or of another kind.
        EvidenceExpired: over.
    """
    try:
        sealed = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        opened = vault.open(sealed, person_id=_NOBODY, field=_field(kind))
        permit = msgspec.json.decode(opened, type=kind)
    except (SealBroken, ValueError, msgspec.MsgspecError):
        raise EvidenceAltered from None
    if at.timestamp() >= permit.expires_at:
        raise EvidenceExpired
    return permit


def _field(kind: type[Permit]) -> str:
    return f"permit {kind.__name__}"
