"""Made-up people at the doors of the system, going each way in of A1-A15.

What they show has the form of the real thing: a card's bytes, a certificate's signature, the
operator's answer, a passkey. Each way returns the person it lets in, or raises the refusal of
`identity` behind it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from secrets import token_urlsafe
from types import MappingProxyType
from typing import Final
from uuid import UUID

from emask.identity.binding import BindingPermit, bind_phone, binding_options, seal_binding
from emask.identity.certificates import new_challenge
from emask.identity.counter_office import serve_at_counter
from emask.identity.decisions import HOUSEHOLD_CERTIFICATE
from emask.identity.device import enter_device_code, issue_device_code
from emask.identity.model import NewPerson, StaffRole, StaffSession
from emask.identity.own_number import return_with_own_number, set_out_with_own_number
from emask.identity.registration import bind_certificate, register_with_card
from emask.identity.service import Identity
from emask.identity.sessions import Sessions
from emask.identity.sign_in import (
    sign_in_with_card,
    sign_in_with_certificate,
    sign_in_with_device,
    unlock_options,
)
from emask.rules.calendar import Channel
from emask.rules.people import Document, Residency, residency_of
from emask.rules.refusals import DeviceCodeWrong
from emask.sandbox.cards import card_evidence
from emask.sandbox.certificates import PIN
from emask.sandbox.operator import Line, Network, Plan, go_through
from emask.sandbox.system import Sandbox
from emask.sandbox.wire import caller

_SOMEBODY: Final = "A123456789"
"""In whose name the lines of people who do not matter are."""
_ADDRESSES = count(1)


def some_password() -> str:
    """A password that nobody has typed before."""
    return token_urlsafe(12)


def some_address() -> str:
    """A source address that no other phone has at present."""
    return f"fd00::{next(_ADDRESSES):x}"


@dataclass(slots=True, kw_only=True)
class Phone:
    """What a visitor holds in the hand: the handset, the line in it, the network it is on."""

    handset: str
    plan: Plan = Plan.MONTHLY
    network: Network = Network.MOBILE
    in_service: bool = True
    address: str = field(default_factory=some_address)


@dataclass(slots=True, kw_only=True)
class Visitor:
    """One made-up person, with what they know and carry."""

    person: NewPerson
    phone: Phone
    password: str = field(default_factory=some_password)
    device_digits: str | None = None

    @property
    def mobile(self) -> str:
        """The number of the line in the phone."""
        return self.person.mobile or "0900000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What visitors come to."""

    identity: Identity
    sessions: Sessions
    sandbox: Sandbox


Make = Callable[[Doors, Visitor, str], Awaitable[str]]
"""How a phone answers when it is asked for a new passkey."""


async def register(doors: Doors, visitor: Visitor, *, printed_number: str) -> UUID:
    """Register on the web: card, its printed number as typed, household number, password."""
    return await register_with_card(
        doors.identity,
        evidence=await _read_card(doors, visitor),
        printed_card_number=printed_number,
        household_number=visitor.person.household_number,
        password=visitor.password,
    )


async def by_card(doors: Doors, visitor: Visitor) -> UUID:
    """NHI card and password (A1-1)."""
    return await sign_in_with_card(
        doors.identity,
        evidence=await _read_card(doors, visitor),
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
    return await own_number(doors, visitor, make=unlocked)


async def own_number(doors: Doors, visitor: Visitor, *, make: Make) -> UUID:
    """To the operator over the phone's network and back; then the phone is asked for a passkey."""
    set_out = await set_out_with_own_number(
        doors.identity, id_number=visitor.person.id_number, mobile=visitor.mobile
    )
    await _connect(doors, visitor)
    async with caller(doors.sandbox.wire, address=visitor.phone.address) as browser:
        state, returned = await go_through(browser, set_out.url)
    permit = await return_with_own_number(
        doors.identity,
        permit=set_out.permit,
        state=state,
        returned=returned,
        handset=visitor.phone.handset,
    )
    return await _bind(doors, visitor, permit, make)


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
    permit = await enter_device_code(
        doors.identity, digits=visitor.device_digits, handset=visitor.phone.handset
    )
    return await _bind(doors, visitor, permit, unlocked)


async def by_device(doors: Doors, visitor: Visitor) -> UUID:
    """Unlock a phone that was bound before."""
    answer = await doors.sandbox.phone.get(
        await unlock_options(doors.identity),
        origin=doors.identity.site.origin,
        handset=visitor.phone.handset,
        person_id=doors.identity.vault.person_id(visitor.person.id_number),
    )
    return await sign_in_with_device(doors.identity, answer=answer, handset=visitor.phone.handset)


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


async def unlocked(doors: Doors, visitor: Visitor, options: str) -> str:
    """The visitor unlocks the phone in the usual way (A12)."""
    return await doors.sandbox.phone.create(
        options, origin=doors.identity.site.origin, handset=visitor.phone.handset
    )


async def touched(doors: Doors, visitor: Visitor, options: str) -> str:
    """Somebody touches the phone without unlocking it."""
    return await doors.sandbox.phone.touch(
        options, origin=doors.identity.site.origin, handset=visitor.phone.handset
    )


async def _connect(doors: Doors, visitor: Visitor) -> None:
    """The line that is in the phone, and the address that its network gives it."""
    phone = visitor.phone
    somebodys = phone.plan is Plan.OTHER
    await doors.sandbox.lines.put(
        Line(
            mobile=visitor.mobile,
            owner_id_number=_SOMEBODY if somebodys else visitor.person.id_number,
            owner_birth_date=visitor.person.birth_date,
            plan=phone.plan,
            in_service=phone.in_service,
        )
    )
    await doors.sandbox.lines.attach(phone.address, mobile=visitor.mobile, network=phone.network)


async def _bind(doors: Doors, visitor: Visitor, permit: BindingPermit, make: Make) -> UUID:
    sealed = seal_binding(doors.identity, permit)
    options = await binding_options(doors.identity, permit=sealed)
    return await bind_phone(
        doors.identity,
        permit=sealed,
        answer=await make(doors, visitor, options),
        handset=visitor.phone.handset,
    )


async def _read_card(doors: Doors, visitor: Visitor) -> str:
    now = await doors.identity.clock.now()
    return card_evidence(doors.identity.tokens, visitor.person, at=now)


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
