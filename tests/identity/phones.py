"""Two people, their phones, and what can be done to what a phone answers."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, encode_cbor, parse_cbor

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys, Vault
from emask.identity.binding import BindingPermit, BoundBy, bind_phone, binding_options, seal_binding
from emask.identity.device import enter_device_code, new_device_code
from emask.identity.model import NewPerson
from emask.identity.permits import expiry, new_permit_id
from emask.identity.ports import (
    CertificateReading,
    Departure,
    IdentityPartners,
    LineFacts,
    Return,
    Subscriber,
)
from emask.identity.registry import add_people
from emask.identity.service import Identity
from emask.identity.sign_in import unlock_options
from emask.identity.site import Site
from emask.identity.site_keys import SiteKeys
from emask.identity.site_tokens import SiteTokens
from emask.rules.people import make_national_id
from emask.sandbox.phone import SandboxPhone, signature
from emask.sandbox.schema import install

MEI = NewPerson(
    id_number=make_national_id(21),
    name="林小美",
    birth_date=date(1988, 5, 20),
    mobile="0912345621",
    nhi_card="000000000021",
    household_number="F0000021",
)
TAO = NewPerson(
    id_number=make_national_id(22),
    name="吳大濤",
    birth_date=date(1961, 8, 8),
    mobile=None,
    nhi_card="000000000022",
    household_number="F0000022",
)


class Nobody:
    """Partners that are not there: a passkey needs none."""

    async def verify(self, evidence: str, *, challenge: str, at: object) -> CertificateReading:
        raise AssertionError("no certificate is asked about")

    async def authorisation_url(self, departure: Departure) -> str:
        raise AssertionError("no operator is asked")

    async def line(
        self, returned: Return, *, departure: Departure, subscriber: Subscriber, at: object
    ) -> LineFacts:
        raise AssertionError("no operator is asked")


@dataclass(frozen=True, kw_only=True)
class Phones:
    identity: Identity
    clock: SetClock
    software: SandboxPhone

    @property
    def db(self) -> Database:
        return self.identity.db

    @property
    def origin(self) -> str:
        return self.identity.site.origin

    def id_of(self, person: NewPerson) -> UUID:
        return self.identity.vault.person_id(person.id_number)

    async def wait(self, duration: timedelta) -> None:
        await self.clock.set(await self.clock.now() + duration)

    async def by_code(self, person: NewPerson, *, handset: str = "phone-1") -> str:
        """A permit from a device code of the person's computer."""
        now = await self.clock.now()
        async with self.db.transaction() as tx:
            code = await new_device_code(tx, self.identity.vault, self.id_of(person), at=now)
        permit = await enter_device_code(self.identity, digits=code.digits, handset=handset)
        return seal_binding(self.identity, permit)

    async def by_number(self, person: NewPerson) -> str:
        """A permit from the line in the phone."""
        permit = BindingPermit(
            permit_id=new_permit_id(),
            expires_at=expiry(await self.clock.now()),
            person_id=self.id_of(person),
            bound_by=BoundBy.MOBILE_NUMBER,
        )
        return seal_binding(self.identity, permit)

    async def made(self, permit: str, *, handset: str = "phone-1", origin: str = "") -> str:
        options = await binding_options(self.identity, permit=permit)
        return await self.software.create(options, origin=origin or self.origin, handset=handset)

    async def bind(self, permit: str, *, handset: str = "phone-1") -> UUID:
        answer = await self.made(permit, handset=handset)
        return await bind_phone(self.identity, permit=permit, answer=answer, handset=handset)

    async def unlocked(
        self, person: NewPerson, *, handset: str = "phone-1", origin: str = ""
    ) -> str:
        return await self.software.get(
            await unlock_options(self.identity),
            origin=origin or self.origin,
            handset=handset,
            person_id=self.id_of(person),
        )

    async def signed_anew(self, answer: str) -> str:
        """What a phone of the attacker's own making would sign: any statement whatever."""
        told = json.loads(answer)
        response = told["response"]
        async with self.db.transaction() as tx:
            cursor = await tx.execute(
                "SELECT private_key FROM sandbox.passkey WHERE credential_id = %s",
                (base64url_to_bytes(told["rawId"]),),
            )
            row = await cursor.fetchone()
        assert row
        signed = signature(
            row[0],
            base64url_to_bytes(response["authenticatorData"]),
            base64url_to_bytes(response["clientDataJSON"]),
        )
        response["signature"] = bytes_to_base64url(signed)
        return json.dumps(told)


async def phones_over(db: Database, clock: SetClock, keys: Keys, vault: Vault) -> Phones:
    """Mei and Tao are in the registry; no phone is bound."""
    await install(db)
    await add_people(db, vault, [MEI, TAO])
    identity = Identity(
        db=db,
        clock=clock,
        vault=vault,
        tokens=SiteTokens(SiteKeys(keys), Site(origin="https://mask.example")),
        partners=IdentityPartners(certificates=Nobody(), operator=Nobody()),
        passwords=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1),
    )
    return Phones(identity=identity, clock=clock, software=SandboxPhone(db))


def with_response(answer: str, **fields: bytes | None) -> str:
    told = json.loads(answer)
    for name, value in fields.items():
        told["response"][name] = None if value is None else bytes_to_base64url(value)
    return json.dumps(told)


def response(answer: str, name: str) -> bytes:
    return base64url_to_bytes(json.loads(answer)["response"][name])


def with_client_data(answer: str, changes: dict[str, Any]) -> str:
    said = json.loads(response(answer, "clientDataJSON")) | changes
    return with_response(answer, clientDataJSON=json.dumps(said).encode())


def with_authenticator(answer: str, change: Callable[[bytes], bytes]) -> str:
    """Change the authenticator data of either kind of answer."""
    if "authenticatorData" in json.loads(answer)["response"]:
        return with_response(
            answer, authenticatorData=change(response(answer, "authenticatorData"))
        )
    said = parse_cbor(response(answer, "attestationObject"))
    said["authData"] = change(said["authData"])
    return with_response(answer, attestationObject=encode_cbor(said))


def with_flags(answer: str, *, on: int = 0, off: int = 0) -> str:
    return with_authenticator(
        answer, lambda said: said[:32] + bytes([said[32] & ~off | on]) + said[33:]
    )
