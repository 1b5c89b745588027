"""Registering with a card, choosing a password, binding a certificate."""

from datetime import datetime
from uuid import UUID

from emask.identity import queries
from emask.identity.cards import CardReading, card_of_reading, read_card, source_of
from emask.identity.certificates import accept_certificate, serial_digest, verified_certificate
from emask.identity.decisions import check_card_owner, check_certificate_owner, check_national
from emask.identity.evidence import Evidence, accept_evidence
from emask.identity.model import Session
from emask.identity.passwords import check_new_password, hash_password
from emask.identity.registry import UnknownPerson, card_digest, find_person, household_digest
from emask.identity.service import Identity
from emask.identity.session_ends import end_all
from emask.identity.tries import PER_CARD, Tried, count_try, forget_tries, within_budget
from emask.rules.people import normalise_household_number, normalise_nhi_card
from emask.rules.refusals import NotRegistered


async def register_with_card(
    identity: Identity,
    *,
    evidence: str,
    printed_card_number: str,
    household_number: str,
    password: str,
) -> UUID:
    """Register on the web with an NHI card (A1.1-2, A9); done again, it sets a new password (A3).

    Sessions that the person had end.

    Args:
        identity: what the use cases act with.
        evidence: what the card agent read, as `cards.CardEvidence`.
        printed_card_number: the 12 digits on the card's front, as typed.
        household_number: as typed.
        password: the one to sign in with from now on.

    Raises:
        InvalidEntry: a number or the password cannot be accepted as typed.
        CardMalformed, CardUnknown, CardInactive, LockedOut, TooManyAtOnce: by their names.
        EvidenceAltered, EvidenceForeignOrigin, EvidenceExpired, EvidenceReplayed: the reading.
    """
    check_new_password(password)
    printed = card_digest(identity.vault, normalise_nhi_card(printed_card_number))
    household = household_digest(identity.vault, normalise_household_number(household_number))
    now = await identity.clock.now()
    reading = read_card(identity, evidence, at=now)
    async with within_budget(identity.db, PER_CARD, source=source_of(identity, reading), at=now):
        async with identity.db.transaction() as tx:
            person_id, card = await card_of_reading(tx, identity.vault, reading)
        await count_try(identity.db, Tried.CARD_REGISTRATION, source=person_id.bytes, at=now)
        check_card_owner(card, printed_number=printed, household=household)
    await _register(identity, person_id, reading, password=password, at=now)
    return person_id


async def _register(
    identity: Identity, person_id: UUID, reading: CardReading, *, password: str, at: datetime
) -> None:
    kept = await hash_password(identity.passwords, password)
    async with identity.db.transaction() as tx:
        await accept_evidence(tx, identity.vault, Evidence.CARD, reading.evidence_id, at=at)
        await queries.save_registration(
            tx, person_id, registered_by="card", at=at, password_hash=kept
        )
        for tried in (Tried.CARD_REGISTRATION, Tried.PASSWORD):
            await forget_tries(tx, tried, source=person_id.bytes)
        generation = await end_all(tx, person_id, at=at)
    identity.ended.note_person(person_id, generation)


async def reset_password(identity: Identity, *, session: Session, password: str) -> None:
    """Set a new password after signing in by any accepted way (A2, A3); ends a pause.

    All sessions of the person end with it, this one too: the page goes on with another, from
    `session_ends.renew_session`.

    Raises:
        InvalidEntry: the password is too short or too long.
        NotRegistered: the session's person never registered.
    """
    check_new_password(password)
    now = await identity.clock.now()
    kept = await hash_password(identity.passwords, password)
    async with identity.db.transaction() as tx:
        if not await queries.set_password(tx, session.person_id, kept):
            raise NotRegistered
        await forget_tries(tx, Tried.PASSWORD, source=session.person_id.bytes)
        generation = await end_all(tx, session.person_id, at=now)
    identity.ended.note_person(session.person_id, generation)


async def bind_certificate(
    identity: Identity, *, person_id: UUID, evidence: str, challenge: str
) -> None:
    """Bind a citizen certificate to a person who is signed in; again, it changes nothing.

    The page goes on with a new session, from `session_ends.renew_session`.

    Raises:
        NationalsOnly: residents have no citizen certificate.
        CertificateNotBound: it is bound to somebody else.
        Others: as `certificates.verified_certificate`; EvidenceReplayed.
    """
    async with identity.db.transaction() as tx:
        person = await find_person(tx, person_id)
    if person is None:
        raise UnknownPerson
    check_national(person.residency)
    now = await identity.clock.now()
    certificate, challenge_id = await verified_certificate(
        identity, evidence=evidence, challenge=challenge, at=now
    )
    serial = serial_digest(identity.vault, certificate)
    async with identity.db.transaction() as tx:
        await accept_certificate(
            tx, identity.vault, certificate, challenge_id=challenge_id, person_id=person_id, at=now
        )
        owner = await queries.bind_certificate(tx, serial, person_id, at=now)
        check_certificate_owner(owner, person_id)
        await queries.save_registration(tx, person_id, registered_by="certificate", at=now)
