"""People with cards, certificates, lines and phones, and what they do to get in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from argon2 import PasswordHasher

from emask.database.clock import SetClock
from emask.identity.binding import bind_phone, binding_options, seal_binding
from emask.identity.certificates import new_challenge
from emask.identity.device import enter_device_code
from emask.identity.model import NewPerson, Session, StaffRole, StaffSession
from emask.identity.registration import bind_certificate, register_with_card
from emask.identity.service import Identity
from emask.identity.sessions import Sessions
from emask.identity.sign_in import sign_in_with_device, unlock_options
from emask.rules.calendar import Channel
from emask.rules.people import make_national_id, make_residence_id
from emask.rules.refusals import Refusal
from emask.sandbox.cards import card_evidence
from emask.sandbox.certificates import PIN
from emask.sandbox.operator import Network, Plan
from emask.sandbox.system import Sandbox
from emask.sandbox.visitor import Doors, Phone, Visitor, by_own_number

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "correct horse"
WRONG = "battery staple"

MING = NewPerson(
    id_number=make_national_id(1),
    name="王小明",
    birth_date=date(1983, 7, 15),
    mobile="0912345678",
    nhi_card="000012345678",
    household_number="F1234567",
)
HUA = NewPerson(
    id_number=make_national_id(2),
    name="李春華",
    birth_date=date(1955, 2, 1),
    mobile=None,
    nhi_card="000087654321",
    household_number="A7654321",
)
ANNA = NewPerson(
    id_number=make_residence_id(3),
    name="ANNA SMITH",
    birth_date=date(1990, 12, 31),
    mobile="0987654321",
    nhi_card="000011112222",
    household_number="B1112222",
    language="en",
)
STRANGER = NewPerson(
    id_number=make_national_id(4),
    name="陳生",
    birth_date=date(1970, 1, 1),
    mobile=None,
    nhi_card="000099998888",
    household_number="C9998888",
)
"""Not in the registry."""

OFFICER = StaffSession(
    username="officer-1",
    role=StaffRole.OFFICER,
    site_code=None,
    chain=None,
    store_code=None,
    expires_at=datetime.fromisoformat("2020-03-12T18:00+08:00"),
)


@asynccontextmanager
async def refused(code: str) -> AsyncIterator[None]:
    with pytest.raises(Refusal) as refusal:
        yield
    assert refusal.value.code == code


@dataclass(frozen=True, kw_only=True)
class World:
    identity: Identity
    clock: SetClock
    sandbox: Sandbox
    sessions: Sessions

    @property
    def doors(self) -> Doors:
        return Doors(identity=self.identity, sessions=self.sessions, sandbox=self.sandbox)

    def id_of(self, person: NewPerson) -> UUID:
        return self.identity.vault.person_id(person.id_number)

    async def wait(self, duration: timedelta) -> None:
        await self.clock.set(await self.clock.now() + duration)

    async def card(self, person: NewPerson, *, number: str | None = None) -> str:
        now = await self.clock.now()
        return card_evidence(self.identity.tokens, person, at=now, card_number=number)

    async def register(self, person: NewPerson, *, password: str = PASSWORD) -> UUID:
        return await register_with_card(
            self.identity,
            evidence=await self.card(person),
            printed_card_number=person.nhi_card,
            household_number=person.household_number,
            password=password,
        )

    async def signature(self, person: NewPerson, *, challenge: str, pin: str = PIN) -> str:
        return await self.sandbox.certificates.sign(
            id_number=person.id_number, pin=pin, challenge=challenge, at=await self.clock.now()
        )

    async def bind_certificate(self, person: NewPerson) -> None:
        challenge = await new_challenge(self.identity)
        await bind_certificate(
            self.identity,
            person_id=self.id_of(person),
            evidence=await self.signature(person, challenge=challenge),
            challenge=challenge,
        )

    async def own_number(
        self,
        person: NewPerson,
        *,
        handset: str = "phone-1",
        plan: Plan = Plan.MONTHLY,
        network: Network = Network.MOBILE,
        lost: bool = False,
    ) -> UUID:
        phone = Phone(handset=handset, plan=plan, network=network, in_service=not lost)
        return await by_own_number(self.doors, Visitor(person=person, phone=phone))

    async def enter_code(self, digits: str, *, handset: str = "phone-1") -> UUID:
        permit = await enter_device_code(self.identity, digits=digits, handset=handset)
        return await self.bind(seal_binding(self.identity, permit), handset=handset)

    async def bind(self, permit: str, *, handset: str = "phone-1") -> UUID:
        answer = await self.new_passkey(permit, handset=handset)
        return await bind_phone(self.identity, permit=permit, answer=answer, handset=handset)

    async def new_passkey(self, permit: str, *, handset: str = "phone-1") -> str:
        options = await binding_options(self.identity, permit=permit)
        origin = self.identity.site.origin
        return await self.sandbox.phone.create(options, origin=origin, handset=handset)

    async def unlock(self, person: NewPerson, *, handset: str = "phone-1") -> str:
        return await self.sandbox.phone.get(
            await unlock_options(self.identity),
            origin=self.identity.site.origin,
            handset=handset,
            person_id=self.id_of(person),
        )

    async def by_device(self, person: NewPerson, *, handset: str = "phone-1") -> UUID:
        answer = await self.unlock(person, handset=handset)
        return await sign_in_with_device(self.identity, answer=answer, handset=handset)

    async def session(self, person: NewPerson, *, channel: Channel = Channel.COMPUTER) -> Session:
        now = await self.clock.now()
        token = self.sessions.issue(person_id=self.id_of(person), channel=channel, now=now)
        return self.sessions.read(token, now=now)
