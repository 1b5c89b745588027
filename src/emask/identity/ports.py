"""What identity asks of the outside, and the readings that come back.

An `evidence` is what the person's device hands over: a card reader's output, a signature, an
operator's authorisation code, a passkey's answer. Each reading carries an `evidence_id` that is
the same whenever the same evidence is read, so that none is accepted twice.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class CardReading:
    """What stands on an NHI card; numbers in their normal form."""

    card_number: str
    name: str
    id_number: str
    birth_date: date
    evidence_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateReading:
    """A citizen certificate whose signature over our challenge was verified."""

    issuer: str
    serial_number: str
    id_last_four: str
    evidence_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFacts:
    """What the operator says of the SIM in use (A2, A4).

    A line that is lost or ended is not `known`. `handset` tells the phone apart from all others.
    """

    on_mobile_network: bool
    known: bool
    prepaid: bool
    company: bool
    owner_matches: bool
    handset: str
    evidence_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlocked:
    """A phone that its user has just unlocked in the usual way (A12)."""

    handset: str
    evidence_id: str


class CardReaders(Protocol):
    """NHI cards read through PC/SC."""

    async def read(self, evidence: str, *, at: datetime) -> CardReading:
        """Read a card.

        Raises:
            CardUnknown: not the output of a card.
            EvidenceReplayed: read too long ago.
        """
        ...


class Certificates(Protocol):
    """Citizen digital certificates: signature, chain and revocation."""

    async def verify(self, evidence: str, *, challenge: str, at: datetime) -> CertificateReading:
        """Verify a signature over `challenge`.

        Raises:
            WrongPin, PinLocked: the card did not sign.
            CertificateInvalid: the signature is not one over this challenge.
            CertificateExpired, CertificateRevoked, CertificateUntrusted: by their names.
            EvidenceReplayed: signed too long ago.
        """
        ...


class MobileOperator(Protocol):
    """The operator that knows the SIM from its own data path; it never sends a code (A12)."""

    async def check_line(self, evidence: str, *, id_number: str, at: datetime) -> LineFacts:
        """Ask about the line in use and whether it is registered to `id_number`.

        Evidence that the operator does not accept is a phone that is not on its network.

        Raises:
            EvidenceReplayed: given too long ago.
        """
        ...


class Unlock(Protocol):
    """The phone's own screen lock: a passkey with user verification (A12)."""

    async def verify(self, evidence: str, *, at: datetime) -> Unlocked:
        """Verify that the phone's user unlocked it.

        Raises:
            UnlockFailed: not unlocked, or not this phone's answer.
            EvidenceReplayed: unlocked too long ago.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityPartners:
    """Everything outside that proves who somebody is."""

    cards: CardReaders
    certificates: Certificates
    operator: MobileOperator
    unlock: Unlock
