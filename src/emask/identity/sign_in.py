"""The ways in (A1-A15).

The caller opens a session for the person with the way's channel: computer for card and
certificate, mobile for number, device code and device.
"""

from uuid import UUID

from emask.identity import queries
from emask.identity.cards import card_of_reading
from emask.identity.certificates import accept_certificate, serial_digest, verified_certificate
from emask.identity.decisions import (
    check_certificate_bound,
    check_line,
    check_national,
    check_registered,
    check_unlocked_handset,
)
from emask.identity.device import (
    bind_device,
    claim_own_handset,
    handset_digest,
    handset_user,
    use_device_code,
)
from emask.identity.evidence import Evidence, accept_evidence
from emask.identity.passwords import password_matches
from emask.identity.registry import person_by_id_number
from emask.identity.service import Identity
from emask.identity.tries import Tried, count_try, forget_tries
from emask.rules.people import normalise_id, residency_of
from emask.rules.refusals import NotRegistered, WrongPassword


async def sign_in_with_card(identity: Identity, *, evidence: str, password: str) -> UUID:
    """NHI card in a reader, and the password set at registration (A1-1).

    A reading that was refused may be used again for another try at the password.

    Raises:
        CardUnknown, CardInactive, EvidenceReplayed: about the card.
        NotRegistered, WrongPassword, LockedOut: about the password.
    """
    now = await identity.clock.now()
    reading = await identity.partners.cards.read(evidence, at=now)
    async with identity.db.transaction() as tx:
        person_id, _ = await card_of_reading(tx, identity.vault, reading)
        kept = check_registered(await queries.password_hash(tx, person_id))
    await count_try(identity.db, Tried.PASSWORD, source=person_id.bytes, at=now)
    if not await password_matches(identity.passwords, kept=kept, password=password):
        raise WrongPassword
    async with identity.db.transaction() as tx:
        await accept_evidence(tx, identity.vault, Evidence.CARD, reading.evidence_id, at=now)
        await forget_tries(tx, Tried.PASSWORD, source=person_id.bytes)
    return person_id


async def sign_in_with_certificate(identity: Identity, *, evidence: str, challenge: str) -> UUID:
    """Citizen certificate in a reader (A1-1): a signature over our challenge.

    Args:
        identity: what the use cases act with.
        evidence: the signature.
        challenge: from `certificates.new_challenge`.

    Raises:
        CertificateNotBound: nobody has bound this serial number.
        CertificateInvalid, CertificateExpired, CertificateRevoked, CertificateUntrusted,
            WrongPin, PinLocked, EvidenceReplayed: by their names.
    """
    now = await identity.clock.now()
    certificate = await verified_certificate(
        identity, evidence=evidence, challenge=challenge, at=now
    )
    serial = serial_digest(identity.vault, certificate)
    async with identity.db.transaction() as tx:
        person_id = check_certificate_bound(await queries.certificate_owner(tx, serial))
        await accept_certificate(
            tx, identity.vault, certificate, challenge=challenge, person_id=person_id, at=now
        )
    return person_id


async def sign_in_with_own_number(
    identity: Identity, *, id_number: str, evidence: str, unlock_evidence: str
) -> UUID:
    """One's own monthly number on one's own phone (A1.1-1, A2, A10, A12, A13); binds the phone.

    Args:
        identity: what the use cases act with.
        id_number: as typed.
        evidence: the operator's authorisation, given over its own data path.
        unlock_evidence: the phone's own unlock.

    Raises:
        InvalidEntry: the ID number cannot be one.
        NationalsOnly: told before the operator is asked (A5).
        NotOnMobileNetwork, LineUnknown, PrepaidLine, CompanyLine, NotOwnNumber: in this order.
        UnlockFailed, EvidenceReplayed: about the phone.
        NotRegistered: the registry does not know the owner of the line.
    """
    id_number = normalise_id(id_number)
    check_national(residency_of(id_number))
    now = await identity.clock.now()
    line = await identity.partners.operator.check_line(evidence, id_number=id_number, at=now)
    check_line(line)
    phone = await identity.partners.unlock.verify(unlock_evidence, at=now)
    check_unlocked_handset(of_line=line.handset, unlocked=phone.handset)
    handset = handset_digest(identity.vault, phone.handset)
    async with identity.db.transaction() as tx:
        person = await person_by_id_number(tx, identity.vault, id_number)
        if person is None:
            raise NotRegistered
        await accept_evidence(tx, identity.vault, Evidence.LINE, line.evidence_id, at=now)
        await accept_evidence(tx, identity.vault, Evidence.UNLOCK, phone.evidence_id, at=now)
        await claim_own_handset(tx, handset, person_id=person.person_id)
        await queries.save_registration(tx, person.person_id, registered_by="mobile", at=now)
        await bind_device(tx, handset, person_id=person.person_id, bound_by="mobile_number", at=now)
    return person.person_id


async def sign_in_with_device_code(
    identity: Identity, *, digits: str, unlock_evidence: str
) -> UUID:
    """The code from the computer, entered on any phone once (A1.1-2, A5, A8, A14); binds it.

    Five tries pause the handset. A right one does not start the count anew: codes of one's own
    would buy any number of guesses at those of others.

    Raises:
        UnlockFailed, EvidenceReplayed: about the phone.
        DeviceCodeWrong, DeviceCodeExpired, LockedOut: about the code.
    """
    now = await identity.clock.now()
    phone = await identity.partners.unlock.verify(unlock_evidence, at=now)
    handset = handset_digest(identity.vault, phone.handset)
    await count_try(identity.db, Tried.DEVICE_CODE, source=handset, at=now)
    async with identity.db.transaction() as tx:
        person_id = await use_device_code(tx, identity.vault, digits, at=now)
        await accept_evidence(tx, identity.vault, Evidence.UNLOCK, phone.evidence_id, at=now)
        await bind_device(tx, handset, person_id=person_id, bound_by="device_code", at=now)
    return person_id


async def sign_in_with_device(identity: Identity, *, unlock_evidence: str) -> UUID:
    """A phone that was bound before: its unlock is enough (A1-2).

    Raises:
        UnlockFailed, EvidenceReplayed: about the phone.
        DeviceNotBound: it signs in nobody.
    """
    now = await identity.clock.now()
    phone = await identity.partners.unlock.verify(unlock_evidence, at=now)
    handset = handset_digest(identity.vault, phone.handset)
    async with identity.db.transaction() as tx:
        person_id = await handset_user(tx, handset)
        await accept_evidence(tx, identity.vault, Evidence.UNLOCK, phone.evidence_id, at=now)
    return person_id
