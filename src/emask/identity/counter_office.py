"""NHI offices: an officer checks the documents and acts for the person (A1.1-3, A7).

Every act is in the audit log, in the transaction of the act itself.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from emask.database.audit_log import record
from emask.database.pool import Transaction
from emask.identity import queries
from emask.identity.decisions import check_office_documents
from emask.identity.device import new_device_code
from emask.identity.model import DeviceCode, StaffRole, StaffSession
from emask.identity.registry import person_by_id_number
from emask.identity.service import Identity
from emask.rules.people import normalise_id
from emask.rules.refusals import CardUnknown


class NotAnOfficer(Exception):
    """Only officers of NHI offices act for people."""


async def register_at_counter(
    identity: Identity,
    *,
    officer: StaffSession,
    id_number: str,
    documents: frozenset[str],
    waived_reason: str | None,
) -> UUID:
    """Register a person who came to an office; whoever is registered stays so.

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
    now = await identity.clock.now()
    visit = _Visit(officer, id_number, documents, waived_reason)
    async with identity.db.transaction() as tx:
        return await _act_for(tx, identity, visit=visit, act="register", at=now)


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
    await record(
        tx,
        at=at,
        actor=visit.officer.username,
        act=act,
        subject=str(person.person_id),
        detail={"documents": sorted(visit.documents), "waived_reason": visit.waived_reason},
    )
    return person.person_id
