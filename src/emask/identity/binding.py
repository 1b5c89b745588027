"""Binding a phone: whoever holds a permit lets this phone's unlock sign a person in (A12-A14)."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from emask.database.pool import Transaction
from emask.database.vault import Vault
from emask.identity import device_queries, queries
from emask.identity.decisions import check_handset_owner
from emask.identity.evidence import Evidence, accept_evidence
from emask.identity.passkeys import NewPasskey, creation_options, verified_creation
from emask.identity.permits import Permit, open_permit, seal_permit
from emask.identity.registry import name_of
from emask.identity.service import Identity
from emask.rules.people import masked_name
from emask.rules.refusals import DeviceCodeWrong, EvidenceReplayed


class BoundBy(StrEnum):
    """Which way earned the permit."""

    MOBILE_NUMBER = "mobile_number"
    DEVICE_CODE = "device_code"


class BindingPermit(Permit, frozen=True, kw_only=True):
    """Who may be signed in by a phone's unlock from now on.

    `device_code` is the digest of the code that earned it, used up with the binding.
    """

    person_id: UUID
    bound_by: BoundBy
    device_code: bytes | None = None


def seal_binding(identity: Identity, permit: BindingPermit) -> str:
    """The permit for the phone to carry."""
    return seal_permit(identity.vault, permit)


async def whose_phone(identity: Identity, *, permit: str) -> str:
    """The name, masked, of the person whom binding will let this phone sign in.

    Whoever holds the phone sees from it that the permit is their own, and not one planted on them.

    Raises:
        EvidenceAltered, EvidenceExpired: about the permit.
    """
    granted = open_permit(identity.vault, BindingPermit, permit, at=await identity.clock.now())
    async with identity.db.transaction() as tx:
        return masked_name(await name_of(tx, identity.vault, granted.person_id))


async def binding_options(identity: Identity, *, permit: str) -> str:
    """What the phone is asked: a new passkey, as JSON of PublicKeyCredentialCreationOptions.

    Raises:
        EvidenceAltered, EvidenceExpired: about the permit.
    """
    now = await identity.clock.now()
    granted = open_permit(identity.vault, BindingPermit, permit, at=now)
    async with identity.db.transaction() as tx:
        name = await name_of(tx, identity.vault, granted.person_id)
    return creation_options(identity, person_id=granted.person_id, name=masked_name(name), at=now)


async def bind_phone(identity: Identity, *, permit: str, answer: str, handset: str) -> UUID:
    """Bind this phone and sign its person in.

    Args:
        identity: what the use cases act with.
        permit: from `seal_binding`.
        answer: the new passkey, JSON of the browser's PublicKeyCredential.
        handset: tells this phone's browser apart; its own number makes it one person's (A13).

    Raises:
        EvidenceAltered, EvidenceExpired, EvidenceReplayed: about the permit or the passkey.
        NotOwnNumber: the handset is another person's own.
        DeviceCodeWrong: the code was used meanwhile.
        Others: as `passkeys.verified_creation`.
    """
    now = await identity.clock.now()
    granted = open_permit(identity.vault, BindingPermit, permit, at=now)
    passkey = verified_creation(identity, answer, person_id=granted.person_id, at=now)
    digest = handset_digest(identity.vault, handset)
    async with identity.db.transaction() as tx:
        await accept_evidence(tx, identity.vault, Evidence.PASSKEY, passkey.challenge_id, at=now)
        await accept_evidence(tx, identity.vault, Evidence.PERMIT, granted.permit_id, at=now)
        await _EARNED[granted.bound_by](tx, granted, digest, now)
        await _save(tx, granted, passkey, handset=digest, at=now)
    return granted.person_id


def handset_digest(vault: Vault, handset: str) -> bytes:
    """What is kept of what tells a handset apart."""
    return vault.digest("handset", handset)


async def _by_number(tx: Transaction, permit: BindingPermit, handset: bytes, at: datetime) -> None:
    """A13: a handset belongs to the first person who proved to own its number."""
    owner = await device_queries.claim_own_handset(tx, handset, permit.person_id)
    check_handset_owner(owner, permit.person_id)
    await queries.save_registration(tx, permit.person_id, registered_by="mobile", at=at)


async def _by_code(tx: Transaction, permit: BindingPermit, _: bytes, at: datetime) -> None:
    """A14: the code is used up, by one of two racing phones."""
    used = await device_queries.use_code(tx, permit.device_code or b"", at=at)
    if used != permit.person_id:
        raise DeviceCodeWrong


_EARNED: Final = {BoundBy.MOBILE_NUMBER: _by_number, BoundBy.DEVICE_CODE: _by_code}


async def _save(
    tx: Transaction, permit: BindingPermit, passkey: NewPasskey, *, handset: bytes, at: datetime
) -> None:
    saved = await device_queries.save_device(
        tx,
        device_queries.BoundDevice(
            person_id=permit.person_id,
            device_id=passkey.device_id,
            handset=handset,
            bound_by=permit.bound_by,
            credential_id=passkey.credential_id,
            public_key=passkey.public_key,
            sign_count=passkey.sign_count,
            synced=passkey.synced,
        ),
        at=at,
    )
    if not saved:
        raise EvidenceReplayed
