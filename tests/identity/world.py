"""People with cards, certificates, lines and phones, and what they do to get in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from argon2 import PasswordHasher

from emask.database.clock import SetClock
from emask.identity.certificates import new_challenge
from emask.identity.model import NewPerson, Session, StaffRole, StaffSession
from emask.identity.registration import bind_certificate, register_with_card
from emask.identity.service import Identity
from emask.identity.sign_in import sign_in_with_own_number
from emask.rules.calendar import Channel
from emask.rules.people import make_national_id, make_residence_id
from emask.rules.refusals import Refusal
from emask.sandbox.evidence import (
    PIN,
    Network,
    Plan,
    SandboxCards,
    SandboxCertificates,
    SandboxOperator,
    SandboxUnlock,
)

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
    cards: SandboxCards
    certificates: SandboxCertificates
    operator: SandboxOperator
    unlocks: SandboxUnlock

    def id_of(self, person: NewPerson) -> UUID:
        return self.identity.vault.person_id(person.id_number)

    async def wait(self, duration: timedelta) -> None:
        await self.clock.set(await self.clock.now() + duration)

    async def card(self, person: NewPerson, *, number: str | None = None) -> str:
        return self.cards.insert_card(
            id_number=person.id_number,
            card_number=number or person.nhi_card,
            name=person.name,
            birth_date=person.birth_date,
            at=await self.clock.now(),
        )

    async def register(self, person: NewPerson, *, password: str = PASSWORD) -> UUID:
        return await register_with_card(
            self.identity,
            evidence=await self.card(person),
            printed_card_number=person.nhi_card,
            household_number=person.household_number,
            password=password,
        )

    async def signature(self, person: NewPerson, *, challenge: str, pin: str = PIN) -> str:
        return await self.certificates.sign(
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

    async def line(
        self,
        owner: NewPerson,
        *,
        plan: Plan = Plan.MONTHLY,
        network: Network = Network.MOBILE,
        handset: str = "phone-1",
        lost: bool = False,
    ) -> str:
        return self.operator.connect(
            owner_id_number=owner.id_number,
            plan=plan,
            network=network,
            handset=handset,
            lost=lost,
            at=await self.clock.now(),
        )

    async def unlock(self, handset: str = "phone-1") -> str:
        return self.unlocks.unlock(handset=handset, at=await self.clock.now())

    async def own_number(self, person: NewPerson, *, handset: str = "phone-1") -> UUID:
        return await sign_in_with_own_number(
            self.identity,
            id_number=person.id_number,
            evidence=await self.line(person, handset=handset),
            unlock_evidence=await self.unlock(handset),
        )

    async def session(self, person: NewPerson, *, channel: Channel = Channel.COMPUTER) -> Session:
        now = await self.clock.now()
        return Session(
            person_id=self.id_of(person),
            channel=channel,
            session_id="made-up",
            issued_at=now,
            expires_at=now + timedelta(minutes=30),
        )
