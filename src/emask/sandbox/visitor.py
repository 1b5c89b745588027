"""Made-up people at the doors of the system, going each way in of A1-A15 with made-up evidence.

Each way returns the person it lets in, or raises the refusal of `identity` behind it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from secrets import token_urlsafe
from types import MappingProxyType
from uuid import UUID

from emask.identity.certificates import new_challenge
from emask.identity.counter_office import serve_at_counter
from emask.identity.decisions import HOUSEHOLD_CERTIFICATE
from emask.identity.device import issue_device_code
from emask.identity.model import NewPerson, StaffRole, StaffSession
from emask.identity.registration import bind_certificate, register_with_card
from emask.identity.service import Identity
from emask.identity.sessions import Sessions
from emask.identity.sign_in import (
    sign_in_with_card,
    sign_in_with_certificate,
    sign_in_with_device,
    sign_in_with_device_code,
    sign_in_with_own_number,
)
from emask.rules.calendar import Channel
from emask.rules.people import Document, Residency, residency_of
from emask.rules.refusals import DeviceCodeWrong
from emask.sandbox.evidence import PIN, Network, Plan
from emask.sandbox.system import Sandbox


def some_password() -> str:
    """A password that nobody has typed before."""
    return token_urlsafe(12)


@dataclass(slots=True, kw_only=True)
class Phone:
    """What a visitor holds in the hand: the handset, the line in it, the network it is on."""

    handset: str
    plan: Plan = Plan.MONTHLY
    network: Network = Network.MOBILE
    in_service: bool = True


@dataclass(slots=True, kw_only=True)
class Visitor:
    """One made-up person, with what they know and carry."""

    person: NewPerson
    phone: Phone
    password: str = field(default_factory=some_password)
    device_digits: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What visitors come to."""

    identity: Identity
    sessions: Sessions
    sandbox: Sandbox


async def register(doors: Doors, visitor: Visitor, *, printed_number: str) -> UUID:
    """Register on the web: card, its printed number as typed, household number, password."""
    return await register_with_card(
        doors.identity,
        evidence=await _insert_card(doors, visitor),
        printed_card_number=printed_number,
        household_number=visitor.person.household_number,
        password=visitor.password,
    )


async def by_card(doors: Doors, visitor: Visitor) -> UUID:
    """NHI card and password (A1-1)."""
    return await sign_in_with_card(
        doors.identity,
        evidence=await _insert_card(doors, visitor),
        password=visitor.password,
    )


async def by_certificate(doors: Doors, visitor: Visitor) -> UUID:
    """Citizen certificate (A1-1), bound to its owner first."""
    person_id = doors.identity.vault.person_id(visitor.person.id_number)
    challenge, evidence = await _signature(doors, visitor)
    await bind_certificate(
        doors.identity, person_id=person_id, evidence=evidence, challenge=challenge
    )
    challenge, evidence = await _signature(doors, visitor)
    return await sign_in_with_certificate(doors.identity, evidence=evidence, challenge=challenge)


async def by_own_number(doors: Doors, visitor: Visitor) -> UUID:
    """The line in the phone, then the phone's unlock (A1.1-1, A12)."""
    return await own_number(doors, visitor, unlock_evidence=await unlock(doors, visitor))


async def own_number(doors: Doors, visitor: Visitor, *, unlock_evidence: str) -> UUID:
    """The line in the phone, with some answer of its screen lock."""
    line = doors.sandbox.operator.connect(
        owner_id_number=visitor.person.id_number,
        plan=visitor.phone.plan,
        network=visitor.phone.network,
        handset=visitor.phone.handset,
        at=await doors.identity.clock.now(),
        lost=not visitor.phone.in_service,
    )
    return await sign_in_with_own_number(
        doors.identity,
        id_number=visitor.person.id_number,
        evidence=line,
        unlock_evidence=unlock_evidence,
    )


async def by_device_code(doors: Doors, visitor: Visitor) -> UUID:
    """Card on the computer, a code from there, the code on the phone (A14)."""
    await make_device_code(doors, visitor)
    return await use_device_code(doors, visitor)


async def make_device_code(doors: Doors, visitor: Visitor) -> None:
    """Sign in with the card on a computer and let it show a device code."""
    person_id = await by_card(doors, visitor)
    now = await doors.identity.clock.now()
    token = doors.sessions.issue(person_id=person_id, channel=Channel.COMPUTER, now=now)
    session = doors.sessions.read(token, now=now)
    visitor.device_digits = (await issue_device_code(doors.identity, session=session)).digits


async def use_device_code(doors: Doors, visitor: Visitor) -> UUID:
    """Enter the code on the phone and unlock it."""
    if visitor.device_digits is None:
        raise DeviceCodeWrong
    return await sign_in_with_device_code(
        doors.identity,
        digits=visitor.device_digits,
        unlock_evidence=await unlock(doors, visitor),
    )


async def by_device(doors: Doors, visitor: Visitor) -> UUID:
    """Unlock a phone that was bound before."""
    evidence = await unlock(doors, visitor)
    return await sign_in_with_device(doors.identity, unlock_evidence=evidence)


async def at_counter(doors: Doors, visitor: Visitor) -> UUID:
    """An NHI office, with every document that it asks for (A1.1-3)."""
    national = residency_of(visitor.person.id_number) is Residency.NATIONAL
    own = {Document.NATIONAL_ID, HOUSEHOLD_CERTIFICATE} if national else {Document.RESIDENCE_PERMIT}
    documents = frozenset({Document.NHI_CARD, *own})
    return await office(doors, visitor, documents=documents, waived_reason=None)


async def office(
    doors: Doors, visitor: Visitor, *, documents: frozenset[str], waived_reason: str | None
) -> UUID:
    """An NHI office, with some documents."""
    officer = StaffSession(
        username="officer",
        role=StaffRole.OFFICER,
        site_code=None,
        chain=None,
        store_code=None,
        expires_at=await doors.identity.clock.now(),
    )
    return await serve_at_counter(
        doors.identity,
        officer=officer,
        id_number=visitor.person.id_number,
        documents=documents,
        waived_reason=waived_reason,
    )


async def unlock(doors: Doors, visitor: Visitor) -> str:
    """The visitor unlocks the phone in the usual way (A12)."""
    now = await doors.identity.clock.now()
    return doors.sandbox.unlock.unlock(handset=visitor.phone.handset, at=now)


async def _insert_card(doors: Doors, visitor: Visitor) -> str:
    return doors.sandbox.cards.insert_card(
        id_number=visitor.person.id_number,
        card_number=visitor.person.nhi_card,
        name=visitor.person.name,
        birth_date=visitor.person.birth_date,
        at=await doors.identity.clock.now(),
    )


async def _signature(doors: Doors, visitor: Visitor) -> tuple[str, str]:
    challenge = await new_challenge(doors.identity)
    evidence = await doors.sandbox.certificates.sign(
        id_number=visitor.person.id_number,
        pin=PIN,
        challenge=challenge,
        at=await doors.identity.clock.now(),
    )
    return challenge, evidence


Way = Callable[[Doors, Visitor], Awaitable[UUID]]

WAYS: Mapping[str, tuple[Way, Channel]] = MappingProxyType(
    {
        "健保卡": (by_card, Channel.COMPUTER),
        "自然人憑證": (by_certificate, Channel.COMPUTER),
        "手機門號": (by_own_number, Channel.MOBILE),
        "裝置碼": (by_device_code, Channel.MOBILE),
        "臨櫃": (at_counter, Channel.COUNTER),
    }
)
"""The ways by their names, with the channel of the session that each one earns."""
