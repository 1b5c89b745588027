"""NHI offices: an officer checks the documents and acts for the person (A1.1-3, A7).

Every act here is in the audit log, in the transaction of the act itself. What an officer does for
the person in the session that begins with it is logged once it is done (`note_act`): such a session
names the officer, and counts only where that officer is signed in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from emask.database.audit_log import record
from emask.database.pool import Transaction
from emask.identity import queries
from emask.identity.decisions import check_office_documents
from emask.identity.device import new_device_code
from emask.identity.first_password import new_first_password
from emask.identity.model import DeviceCode, StaffRole, StaffSession
from emask.identity.passwords import hash_password
from emask.identity.phones import bound_phones, release_all
from emask.identity.registry import person_by_id_number
from emask.identity.service import Identity
from emask.identity.session_ends import end_all
from emask.identity.tries import Tried, forget_tries
from emask.rules.people import normalise_id
from emask.rules.refusals import CardUnknown

Facts = Mapping[str, object]


class NotAnOfficer(Exception):
    """Only officers of NHI offices act for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A registered person, and the password to hand out; None where there is one already.

    It is kept nowhere in clear: the page and the slip that show it are all there is of it.
    """

    person_id: UUID
    first_password: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """Whose phones were let go of, and how many there were."""

    person_id: UUID
    phones: int


async def register_at_counter(
    identity: Identity,
    *,
    officer: StaffSession,
    id_number: str,
    documents: frozenset[str],
    waived_reason: str | None,
) -> Registered:
    """Register a person who came to an office and make a first password for them.

    Whoever is registered stays so, and keeps a password that they have.

    Args:
        identity: what the use cases act with.
        officer: who acts; becomes the actor in the audit log.
        id_number: as typed.
        documents: what was shown: words of `rules.people.Document`, and
            `decisions.HOUSEHOLD_CERTIFICATE`.
        waived_reason: why the household certificate was not asked for (A7); never personal data.

    Raises:
        InvalidEntry: the ID number cannot be one.
        DocumentsMissing: something has to be shown yet.
        CardUnknown: the registry does not know the person.
    """
    now, password = await identity.clock.now(), new_first_password()
    visit = _Visit(officer, id_number, documents, waived_reason)
    kept = await hash_password(identity.passwords, password)
    async with identity.db.transaction() as tx:
        person_id = await _act_for(tx, identity, visit=visit, act="register", at=now)
        given = await queries.give_first_password(tx, person_id, kept)
        if given:
            await _note(tx, officer.username, act="first_password", person_id=person_id, at=now)
    return Registered(person_id=person_id, first_password=password if given else None)


async def first_password_at_counter(
    identity: Identity,
    *,
    officer: StaffSession,
    id_number: str,
    documents: frozenset[str],
    waived_reason: str | None,
) -> Registered:
    """Make a new first password for a person who forgot theirs (A3), registering them if need be.

    It ends a pause and all their sessions. Arguments and errors are those of
    `register_at_counter`.
    """
    now, password = await identity.clock.now(), new_first_password()
    visit = _Visit(officer, id_number, documents, waived_reason)
    kept = await hash_password(identity.passwords, password)
    async with identity.db.transaction() as tx:
        person_id = await _act_for(tx, identity, visit=visit, act="first_password", at=now)
        await queries.replace_by_first_password(tx, person_id, kept)
        await forget_tries(tx, Tried.PASSWORD, source=person_id.bytes)
        generation = await end_all(tx, person_id, at=now)
    identity.ended.note_person(person_id, generation)
    return Registered(person_id=person_id, first_password=password)


async def serve_at_counter(
    identity: Identity,
    *,
    officer: StaffSession,
    id_number: str,
    documents: frozenset[str],
    waived_reason: str | None,
) -> UUID:
    """Begin to act for a person, registering them if need be: a session of channel counter.

    Arguments and errors are those of `register_at_counter`.
    """
    now = await identity.clock.now()
    visit = _Visit(officer, id_number, documents, waived_reason)
    async with identity.db.transaction() as tx:
        return await _act_for(tx, identity, visit=visit, act="serve", at=now)


async def device_code_at_counter(
    identity: Identity,
    *,
    officer: StaffSession,
    id_number: str,
    documents: frozenset[str],
    waived_reason: str | None,
) -> DeviceCode:
    """Bind the phone that a person brought, whoever's number is in it (A1.1-3).

    The person enters the code on the phone and unlocks it, as with one from a computer (A14).
    Arguments and errors are those of `register_at_counter`.
    """
    now = await identity.clock.now()
    visit = _Visit(officer, id_number, documents, waived_reason)
    async with identity.db.transaction() as tx:
        person_id = await _act_for(tx, identity, visit=visit, act="device_code", at=now)
        return await new_device_code(tx, identity.vault, person_id, at=now)


async def release_phones_at_counter(
    identity: Identity,
    *,
    officer: StaffSession,
    id_number: str,
    documents: frozenset[str],
    waived_reason: str | None,
) -> Released:
    """Let go of every phone that signs a person in, and end all their sessions.

    For who lost theirs, or found one that is not theirs. Arguments and errors are those of
    `register_at_counter`.
    """
    now = await identity.clock.now()
    visit = _Visit(officer, id_number, documents, waived_reason)
    async with identity.db.transaction() as tx:
        person_id = await _act_for(tx, identity, visit=visit, act="release_phones", at=now)
        phones = len(await bound_phones(tx, person_id))
        generation = await release_all(tx, person_id, at=now)
    identity.ended.note_person(person_id, generation)
    return Released(person_id=person_id, phones=phones)


@dataclass(frozen=True, slots=True)
class _Visit:
    officer: StaffSession
    id_number: str
    documents: frozenset[str]
    waived_reason: str | None


async def _act_for(
    tx: Transaction, identity: Identity, *, visit: _Visit, act: str, at: datetime
) -> UUID:
    if visit.officer.role is not StaffRole.OFFICER:
        raise NotAnOfficer
    person = await person_by_id_number(tx, identity.vault, normalise_id(visit.id_number))
    if person is None:
        raise CardUnknown
    check_office_documents(person.residency, visit.documents, waived_reason=visit.waived_reason)
    await queries.save_registration(tx, person.person_id, registered_by="counter", at=at)
    shown = {"documents": sorted(visit.documents), "waived_reason": visit.waived_reason}
    await _note(
        tx, visit.officer.username, act=act, person_id=person.person_id, at=at, detail=shown
    )
    return person.person_id


async def note_act(
    identity: Identity, *, officer: str, act: str, person_id: UUID, detail: Facts
) -> None:
    """Log what the officer of this account did for a person, such as placing the pre-order."""
    now = await identity.clock.now()
    async with identity.db.transaction() as tx:
        await _note(tx, officer, act=act, person_id=person_id, at=now, detail=detail)


async def _note(
    tx: Transaction,
    officer: str,
    *,
    act: str,
    person_id: UUID,
    at: datetime,
    detail: Facts = MappingProxyType({}),
) -> None:
    subject = str(person_id)
    await record(tx, at=at, actor=officer, act=act, subject=subject, detail=dict(detail))
