"""Passkeys: the phone's own unlock, as WebAuthn shows it (A12).

A passkey stands for one handset: made by the phone itself, opened by its unlock every time. One
that may be synced is refused, or counts on the handset that made it alone (`SyncedPasskeys`).
Challenges are sealed permits, so that nothing is kept between question and answer.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    parse_attestation_object,
    parse_authentication_credential_json,
    parse_authenticator_data,
    parse_registration_credential_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticationCredential,
    AuthenticatorAttachment,
    AuthenticatorSelectionCriteria,
    ClientDataType,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from emask.database.pool import Transaction
from emask.identity import device_queries
from emask.identity.device_queries import KeptPasskey
from emask.identity.passkey_answers import (
    ClientData,
    check_attestation,
    check_authenticator,
    check_new_credential,
    check_page,
    hostile,
    person_of,
    read_client_data,
)
from emask.identity.permits import LIFETIME, Permit, expiry, new_permit_id, open_permit, seal_permit
from emask.identity.service import Identity
from emask.identity.site import Site
from emask.rules.refusals import DeviceNotBound, EvidenceAltered

NAME: Final = "口罩預購"
"""What phones call this service when they ask for the unlock."""

_ALGORITHMS: Final = [COSEAlgorithmIdentifier.ECDSA_SHA_256]  # what every phone's hardware speaks
_PATIENCE: Final = int(LIFETIME.total_seconds() * 1000)


class NewPasskeyChallenge(Permit, frozen=True, kw_only=True):
    """What a phone is given to make a passkey for one person."""

    person_id: UUID


class UnlockChallenge(Permit, frozen=True, kw_only=True):
    """What any phone is given to show its unlock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPasskey:
    """A passkey that this phone has just made; `public_key` is COSE, `challenge_id` our own.

    `synced` says that it may be copied to other devices.
    """

    device_id: UUID
    credential_id: bytes
    public_key: bytes
    sign_count: int
    synced: bool
    challenge_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlockedPhone:
    """A bound phone that its user has just unlocked."""

    person_id: UUID
    device_id: UUID
    sign_count: int
    challenge_id: str


def creation_options(identity: Identity, *, person_id: UUID, name: str, at: datetime) -> str:
    """What `navigator.credentials.create` is given, as JSON.

    Args:
        identity: what the use cases act with.
        person_id: whom the passkey will sign in.
        name: how the phone lists it; not the whole name, for a family phone shows it to others.
        at: the time now; the challenge is good for `permits.LIFETIME`.
    """
    challenge = NewPasskeyChallenge(
        permit_id=new_permit_id(), expires_at=expiry(at), person_id=person_id
    )
    options = generate_registration_options(
        rp_id=identity.site.host,
        rp_name=NAME,
        user_id=person_id.bytes,
        user_name=name,
        challenge=base64url_to_bytes(seal_permit(identity.vault, challenge)),
        timeout=_PATIENCE,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            authenticator_attachment=AuthenticatorAttachment.PLATFORM,
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        supported_pub_key_algs=_ALGORITHMS,
    )
    return options_to_json(options)


def request_options(identity: Identity, *, at: datetime) -> str:
    """What `navigator.credentials.get` is given, as JSON; the phone knows whose passkeys it has."""
    challenge = UnlockChallenge(permit_id=new_permit_id(), expires_at=expiry(at))
    options = generate_authentication_options(
        rp_id=identity.site.host,
        challenge=base64url_to_bytes(seal_permit(identity.vault, challenge)),
        timeout=_PATIENCE,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def verified_creation(
    identity: Identity, answer: str, *, person_id: UUID, at: datetime
) -> NewPasskey:
    """Verify a new passkey.

    Args:
        identity: what the use cases act with.
        answer: JSON of the browser's PublicKeyCredential.
        person_id: for whom it was to be made.
        at: the time now.

    Raises:
        EvidenceAltered: not an answer to a challenge of ours for this person, or not as it was.
        EvidenceExpired: the challenge is over.
        EvidenceCrossOrigin, EvidenceForeignOrigin: made in a frame, or for another site.
        UnlockFailed: nobody unlocked the phone.
        PasskeySynced: it would be copied to other devices.
    """
    with hostile():
        credential = parse_registration_credential_json(answer)
        attestation = parse_attestation_object(credential.response.attestation_object)
    said = read_client_data(
        credential.response.client_data_json, asked=ClientDataType.WEBAUTHN_CREATE
    )
    challenge = open_permit(identity.vault, NewPasskeyChallenge, said.challenge, at=at)
    if challenge.person_id != person_id:
        raise EvidenceAltered
    check_page(said, identity.site)
    check_authenticator(attestation.auth_data, identity.site)
    check_attestation(attestation)
    made = _verify_creation(identity.site, credential, said)
    return NewPasskey(
        device_id=uuid4(),
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        synced=attestation.auth_data.flags.be,
        challenge_id=challenge.permit_id,
    )


def _verify_creation(
    site: Site, credential: RegistrationCredential, said: ClientData
) -> VerifiedRegistration:
    with hostile():
        made = verify_registration_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(said.challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
            supported_pub_key_algs=_ALGORITHMS,
        )
    check_new_credential(
        made.credential_id, named=credential.raw_id, public_key=made.credential_public_key
    )
    return made


async def verified_unlock(
    tx: Transaction, identity: Identity, answer: str, *, handset: bytes, at: datetime
) -> UnlockedPhone:
    """Verify the unlock of a bound phone.

    The count of its unlocks is the caller's to check, after it has refused a replayed challenge:
    a replay is to be told as such, and only the guarded UPDATE knows the count of a racing unlock.

    Args:
        tx: the transaction that will note the unlock.
        identity: what the use cases act with.
        answer: JSON of the browser's PublicKeyCredential.
        handset: digest of what tells the phone apart that answers.
        at: the time now.

    Raises:
        DeviceNotBound: nobody's passkey, one that was revoked, or a copy on another handset.
        Others: as `verified_creation`.
    """
    with hostile():
        credential = parse_authentication_credential_json(answer)
        authenticator = parse_authenticator_data(credential.response.authenticator_data)
    said = read_client_data(credential.response.client_data_json, asked=ClientDataType.WEBAUTHN_GET)
    challenge = open_permit(identity.vault, UnlockChallenge, said.challenge, at=at)
    check_page(said, identity.site)
    check_authenticator(authenticator, identity.site)
    person_id = person_of(credential.response.user_handle)
    kept = await device_queries.passkey(tx, person_id, credential.raw_id)
    if kept is None or (kept.synced and not hmac.compare_digest(kept.handset, handset)):
        raise DeviceNotBound
    return UnlockedPhone(
        person_id=person_id,
        device_id=kept.device_id,
        sign_count=_verify_unlock(identity.site, credential, said, kept),
        challenge_id=challenge.permit_id,
    )


def _verify_unlock(
    site: Site, credential: AuthenticationCredential, said: ClientData, kept: KeptPasskey
) -> int:
    """The signature is the kept key's; returns the count that the phone tells, unchecked."""
    with hostile():
        unlocked = verify_authentication_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(said.challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=kept.public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    return unlocked.new_sign_count
