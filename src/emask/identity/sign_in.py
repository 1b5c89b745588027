"""The ways in (A1-A15).

The caller opens a session for the person with the way's channel: computer for card and
certificate, mobile for a phone. Who still has an office's password chooses another one before
that (`first_password`). A phone is bound first: `own_number`, `device` and `binding`.
"""

from uuid import UUID

from emask.identity import device_queries, queries
from emask.identity.binding import handset_digest
from emask.identity.cards import card_of_reading, read_card, source_of
from emask.identity.certificates import accept_certificate, serial_digest, verified_certificate
from emask.identity.decisions import check_certificate_bound, check_registered
from emask.identity.evidence import Evidence, accept_evidence
from emask.identity.first_password import as_handed_out
from emask.identity.passkeys import request_options, verified_unlock
from emask.identity.passwords import password_matches
from emask.identity.service import Identity
from emask.identity.tries import PER_CARD, Tried, count_try, forget_tries, within_budget
from emask.rules.refusals import UnlockFailed, WrongPassword


async def sign_in_with_card(identity: Identity, *, evidence: str, password: str) -> UUID:
    """NHI card in a reader, and the password set at registration (A1-1).

    A reading that was refused may be used again for another try at the password.

    Args:
        identity: what the use cases act with.
        evidence: what the card agent read, as `cards.CardEvidence`.
        password: as typed.

    Raises:
        CardMalformed, CardUnknown, CardInactive: about the card.
        EvidenceAltered, EvidenceForeignOrigin, EvidenceExpired, EvidenceReplayed: the reading.
        NotRegistered, WrongPassword, LockedOut: about the password.
        TooManyAtOnce: as `within_budget`.
    """
    now = await identity.clock.now()
    reading = read_card(identity, evidence, at=now)
    async with within_budget(identity.db, PER_CARD, source=source_of(identity, reading), at=now):
        async with identity.db.transaction() as tx:
            person_id, _ = await card_of_reading(tx, identity.vault, reading)
            kept = check_registered(await queries.password_hash(tx, person_id))
            first = await queries.has_first_password(tx, person_id)
        await count_try(identity.db, Tried.PASSWORD, source=person_id.bytes, at=now)
        typed = as_handed_out(password) if first else password
        if not await password_matches(identity.passwords, kept=kept, password=typed):
            raise WrongPassword
    async with identity.db.transaction() as tx:
        await accept_evidence(tx, identity.vault, Evidence.CARD, reading.evidence_id, at=now)
        if await queries.password_hash(tx, person_id) != kept:  # replaced while it was compared
            raise WrongPassword
        await forget_tries(tx, Tried.PASSWORD, source=person_id.bytes)
    return person_id


async def sign_in_with_certificate(identity: Identity, *, evidence: str, challenge: str) -> UUID:
    """Citizen certificate in a reader (A1-1): a signature over our challenge.

    Args:
        identity: what the use cases act with.
        evidence: the signature, as `ports.Certificates.verify` takes it.
        challenge: from `certificates.new_challenge`.

    Raises:
        CertificateNotBound: nobody has bound this serial number.
        Others: as `certificates.verified_certificate`; EvidenceReplayed.
    """
    now = await identity.clock.now()
    certificate, challenge_id = await verified_certificate(
        identity, evidence=evidence, challenge=challenge, at=now
    )
    serial = serial_digest(identity.vault, certificate)
    async with identity.db.transaction() as tx:
        person_id = check_certificate_bound(await queries.certificate_owner(tx, serial))
        await accept_certificate(
            tx, identity.vault, certificate, challenge_id=challenge_id, person_id=person_id, at=now
        )
    return person_id


async def unlock_options(identity: Identity) -> str:
    """What a bound phone is asked, as JSON of PublicKeyCredentialRequestOptions."""
    return request_options(identity, at=await identity.clock.now())


async def sign_in_with_device(identity: Identity, *, answer: str, handset: str) -> UUID:
    """A phone that was bound before: its unlock is enough (A1-2).

    Args:
        identity: what the use cases act with.
        answer: the unlock, JSON of the browser's PublicKeyCredential.
        handset: tells this phone's browser apart.

    Raises:
        DeviceNotBound: it signs in nobody.
        Others: as `passkeys.verified_unlock`; EvidenceReplayed.
    """
    now = await identity.clock.now()
    async with identity.db.transaction() as tx:
        digest = handset_digest(identity.vault, handset)
        phone = await verified_unlock(tx, identity, answer, handset=digest, at=now)
        await accept_evidence(tx, identity.vault, Evidence.PASSKEY, phone.challenge_id, at=now)
        if not await device_queries.count_unlock(
            tx, phone.person_id, phone.device_id, sign_count=phone.sign_count
        ):
            raise UnlockFailed
    return phone.person_id
