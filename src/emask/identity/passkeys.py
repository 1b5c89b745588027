"""Passkeys: the phone's own unlock, as WebAuthn shows it (A12)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from emask.database.pool import Transaction
from emask.identity.service import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPasskey:
    """A passkey that this phone has just made; `public_key` is COSE, `challenge_id` our own."""

    device_id: UUID
    credential_id: bytes
    public_key: bytes
    sign_count: int
    challenge_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlockedPhone:
    """A bound phone that its user has just unlocked."""

    person_id: UUID
    device_id: UUID
    sign_count: int
    challenge_id: str


def creation_options(identity: Identity, *, person_id: UUID, name: str, at: datetime) -> str:
    """What `navigator.credentials.create` is given, as JSON."""
    raise NotImplementedError


def request_options(identity: Identity, *, at: datetime) -> str:
    """What `navigator.credentials.get` is given, as JSON."""
    raise NotImplementedError


def verified_creation(
    identity: Identity, answer: str, *, person_id: UUID, at: datetime
) -> NewPasskey:
    """Verify a new passkey."""
    raise NotImplementedError


async def verified_unlock(
    tx: Transaction, identity: Identity, answer: str, *, at: datetime
) -> UnlockedPhone:
    """Verify the unlock of a bound phone."""
    raise NotImplementedError
