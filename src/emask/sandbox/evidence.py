"""Cards, certificates, phone lines and phones that do not exist, and the evidence they give."""

import hmac
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

from emask.database.pool import Database
from emask.database.vault import Keys
from emask.identity.ports import (
    CardReading,
    CertificateReading,
    IdentityPartners,
    LineFacts,
    Unlocked,
)
from emask.rules.refusals import (
    CardUnknown,
    CertificateExpired,
    CertificateInvalid,
    CertificateRevoked,
    CertificateUntrusted,
    PinLocked,
    UnlockFailed,
    WrongPin,
)
from emask.sandbox.sealing import Forged, Seal, Stated, new_id

PIN: Final = "246810"
"""The PIN of every made-up citizen certificate."""
PIN_TRIES: Final = 3
ISSUER: Final = "Sandbox MOICA"


class Plan(StrEnum):
    """Whose line it is, and how it is paid (A2, A4, A8)."""

    MONTHLY = "monthly"
    PREPAID = "prepaid"
    COMPANY = "company"
    OTHER = "other"


class Network(StrEnum):
    """How the phone reached us (A10)."""

    MOBILE = "4G"
    WIFI = "Wi-Fi"


class Condition(StrEnum):
    """What the directory of certificates says of one."""

    GOOD = "good"
    EXPIRED = "expired"
    REVOKED = "revoked"
    UNTRUSTED = "untrusted"


class _Pin(StrEnum):
    """What the card said to the PIN."""

    RIGHT = "right"
    WRONG = "wrong"
    LOCKED = "locked"


class _Card(Stated, frozen=True, kw_only=True):
    card_number: str
    name: str
    id_number: str
    birth_date: date


class _Signature(Stated, frozen=True, kw_only=True):
    serial_number: str
    id_last_four: str
    challenge: str
    pin: _Pin


class _Line(Stated, frozen=True, kw_only=True):
    owner_id_number: str
    plan: Plan
    network: Network
    handset: str
    lost: bool


class _Gesture(Stated, frozen=True, kw_only=True):
    handset: str
    unlocked: bool


class SandboxCards:
    """NHI cards and a reader."""

    def __init__(self, keys: Keys) -> None:
        self._seal = Seal(keys, _Card)

    def insert_card(
        self, *, id_number: str, card_number: str, name: str, birth_date: date, at: datetime
    ) -> str:
        """Put a card into the reader: evidence of what stands on it."""
        card = _Card(
            evidence_id=new_id(),
            signed_at=at.timestamp(),
            card_number=card_number,
            name=name,
            id_number=id_number,
            birth_date=birth_date,
        )
        return self._seal.sign(card)

    async def read(self, evidence: str, *, at: datetime) -> CardReading:
        """As `ports.CardReaders` says."""
        try:
            card = self._seal.open(evidence, at=at)
        except Forged:
            raise CardUnknown from None
        return CardReading(
            card_number=card.card_number,
            name=card.name,
            id_number=card.id_number,
            birth_date=card.birth_date,
            evidence_id=card.evidence_id,
        )


class SandboxCertificates:
    """Citizen certificates on their cards, and the directory that knows their condition."""

    def __init__(self, keys: Keys, db: Database) -> None:
        self._seal = Seal(keys, _Signature)
        self._db = db

    async def sign(self, *, id_number: str, pin: str, challenge: str, at: datetime) -> str:
        """Let the holder's certificate sign a challenge: evidence, of a wrong PIN too.

        The card locks itself at the third wrong PIN in a row.
        """
        serial_number = serial_of(id_number)
        signature = _Signature(
            evidence_id=new_id(),
            signed_at=at.timestamp(),
            serial_number=serial_number,
            id_last_four=id_number[-4:],
            challenge=challenge,
            pin=await self._try_pin(serial_number, pin),
        )
        return self._seal.sign(signature)

    async def set_condition(self, *, id_number: str, condition: Condition) -> None:
        """From now on the directory says this of the holder's certificate."""
        async with self._db.transaction() as tx:
            await tx.execute(
                "INSERT INTO sandbox.certificate (serial_number, condition) VALUES (%s, %s)"
                " ON CONFLICT (serial_number) DO UPDATE SET condition = excluded.condition",
                (serial_of(id_number), condition),
            )

    async def verify(self, evidence: str, *, challenge: str, at: datetime) -> CertificateReading:
        """As `ports.Certificates` says."""
        try:
            signature = self._seal.open(evidence, at=at)
        except Forged:
            raise CertificateInvalid from None
        if signature.pin is not _Pin.RIGHT:
            raise PinLocked if signature.pin is _Pin.LOCKED else WrongPin
        if not hmac.compare_digest(signature.challenge.encode(), challenge.encode()):
            raise CertificateInvalid
        refusal = _REFUSED.get(await self._condition(signature.serial_number))
        if refusal is not None:
            raise refusal
        return CertificateReading(
            issuer=ISSUER,
            serial_number=signature.serial_number,
            id_last_four=signature.id_last_four,
            evidence_id=signature.evidence_id,
        )

    async def _condition(self, serial_number: str) -> Condition:
        async with self._db.transaction() as tx:
            cursor = await tx.execute(
                "SELECT condition FROM sandbox.certificate WHERE serial_number = %s",
                (serial_number,),
            )
            row = await cursor.fetchone()
        return Condition(row[0]) if row else Condition.GOOD

    async def _try_pin(self, serial_number: str, pin: str) -> _Pin:
        right = hmac.compare_digest(pin.encode(), PIN.encode())
        async with self._db.transaction() as tx:
            cursor = await tx.execute(
                "INSERT INTO sandbox.certificate AS kept (serial_number, wrong_pins)"
                " VALUES (%(serial)s, %(wrong)s) ON CONFLICT (serial_number) DO UPDATE"
                " SET wrong_pins = CASE WHEN kept.wrong_pins >= %(tries)s THEN kept.wrong_pins"
                " WHEN %(wrong)s = 0 THEN 0 ELSE kept.wrong_pins + 1 END RETURNING wrong_pins",
                {"serial": serial_number, "wrong": int(not right), "tries": PIN_TRIES},
            )
            row = await cursor.fetchone()
        if row is not None and row[0] >= PIN_TRIES:
            return _Pin.LOCKED
        return _Pin.RIGHT if right else _Pin.WRONG


class SandboxOperator:
    """Mobile lines and the operator that knows them."""

    def __init__(self, keys: Keys) -> None:
        self._seal = Seal(keys, _Line)

    def connect(
        self,
        *,
        owner_id_number: str,
        plan: Plan,
        network: Network,
        handset: str,
        at: datetime,
        lost: bool = False,
    ) -> str:
        """Reach us from a phone: evidence of the line in use.

        Args:
            owner_id_number: in whose name a monthly line is.
            plan: OTHER is a line in the name of somebody who does not matter.
            network: Wi-Fi proves nothing about the line.
            handset: tells the phone apart.
            at: when.
            lost: the line was reported lost, or ended.
        """
        line = _Line(
            evidence_id=new_id(),
            signed_at=at.timestamp(),
            owner_id_number=owner_id_number,
            plan=plan,
            network=network,
            handset=handset,
            lost=lost,
        )
        return self._seal.sign(line)

    async def check_line(self, evidence: str, *, id_number: str, at: datetime) -> LineFacts:
        """As `ports.MobileOperator` says."""
        try:
            line = self._seal.open(evidence, at=at)
        except Forged:
            return _OFF_THE_NETWORK
        owned = hmac.compare_digest(line.owner_id_number.encode(), id_number.encode())
        return LineFacts(
            on_mobile_network=line.network is Network.MOBILE,
            known=not line.lost,
            prepaid=line.plan is Plan.PREPAID,
            company=line.plan is Plan.COMPANY,
            owner_matches=owned and line.plan is not Plan.OTHER,
            handset=line.handset,
            evidence_id=line.evidence_id,
        )


class SandboxUnlock:
    """Phones with a screen lock."""

    def __init__(self, keys: Keys) -> None:
        self._seal = Seal(keys, _Gesture)

    def unlock(self, *, handset: str, at: datetime) -> str:
        """The user unlocks the phone in the usual way (A12): evidence of it."""
        return self._sign(handset, at, unlocked=True)

    def touch(self, *, handset: str, at: datetime) -> str:
        """Somebody touches the phone without unlocking it: evidence that is refused."""
        return self._sign(handset, at, unlocked=False)

    async def verify(self, evidence: str, *, at: datetime) -> Unlocked:
        """As `ports.Unlock` says."""
        try:
            gesture = self._seal.open(evidence, at=at)
        except Forged:
            raise UnlockFailed from None
        if not gesture.unlocked:
            raise UnlockFailed
        return Unlocked(handset=gesture.handset, evidence_id=gesture.evidence_id)

    def _sign(self, handset: str, at: datetime, *, unlocked: bool) -> str:
        gesture = _Gesture(
            evidence_id=new_id(), signed_at=at.timestamp(), handset=handset, unlocked=unlocked
        )
        return self._seal.sign(gesture)


def sandbox_identity(keys: Keys, db: Database) -> IdentityPartners:
    """All doubles of identity; their table is made by `schema.install`."""
    return IdentityPartners(
        cards=SandboxCards(keys),
        certificates=SandboxCertificates(keys, db),
        operator=SandboxOperator(keys),
        unlock=SandboxUnlock(keys),
    )


def serial_of(id_number: str) -> str:
    """The serial number of the one made-up certificate of a person."""
    return sha256(f"sandbox certificate {id_number}".encode()).hexdigest()[:32]


_REFUSED: Final = {
    Condition.EXPIRED: CertificateExpired,
    Condition.REVOKED: CertificateRevoked,
    Condition.UNTRUSTED: CertificateUntrusted,
}

_OFF_THE_NETWORK: Final = LineFacts(
    on_mobile_network=False,
    known=False,
    prepaid=False,
    company=False,
    owner_matches=False,
    handset="",
    evidence_id="",
)
