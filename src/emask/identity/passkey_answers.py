"""What a browser answers for a phone: hostile until it was read and checked part by part."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Final
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationFormat,
    AttestationObject,
    AuthenticatorData,
    ClientDataType,
)

from emask.identity.site import Site, SyncedPasskeys
from emask.rules.refusals import (
    DeviceNotBound,
    EvidenceAltered,
    EvidenceCrossOrigin,
    EvidenceForeignOrigin,
    PasskeySynced,
    UnlockFailed,
)

LONGEST: Final = 1023
"""Bytes that a credential id may have (WebAuthn 3, §4); no key of ours is longer either."""

# Beside its own exceptions the library lets through what Python raises on JSON, base64, CBOR and
# keys that are not what they should be.
_HOSTILE: Final = (
    *(WebAuthnException, InvalidSignature, msgspec.MsgspecError),
    *(ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError),
)


class ClientData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the browser says that it was asked, and on which page (WebAuthn 3, §5.8.1)."""

    type: str
    challenge: str
    origin: str
    cross_origin: bool = False
    top_origin: str | None = None


@contextmanager
def hostile() -> Iterator[None]:
    """Stands around the library alone: whatever it fails on is EvidenceAltered."""
    try:
        yield
    except _HOSTILE:
        raise EvidenceAltered from None


def read_client_data(client_data_json: bytes, *, asked: ClientDataType) -> ClientData:
    """The client data of an answer to what was asked. Raises EvidenceAltered."""
    with hostile():
        said = msgspec.json.decode(client_data_json, type=ClientData)
    if said.type != asked:
        raise EvidenceAltered
    return said


def check_page(said: ClientData, site: Site) -> None:
    """The answer was given on a page of this site, in no frame.

    Raises:
        EvidenceCrossOrigin, EvidenceForeignOrigin: by their names.
    """
    if said.cross_origin or said.top_origin is not None:
        raise EvidenceCrossOrigin
    if said.origin != site.origin:
        raise EvidenceForeignOrigin


def check_authenticator(said: AuthenticatorData, site: Site) -> None:
    """A12: the phone was unlocked for this site, with a passkey of a kind that it takes.

    Raises:
        EvidenceForeignOrigin, UnlockFailed, PasskeySynced: by their names.
    """
    if said.rp_id_hash != sha256(site.host.encode()).digest():
        raise EvidenceForeignOrigin
    if not (said.flags.up and said.flags.uv):
        raise UnlockFailed
    # Synced at present or not: one that may be is taken for one that is.
    if said.flags.be and site.synced_passkeys is SyncedPasskeys.REFUSED:
        raise PasskeySynced


def check_attestation(said: AttestationObject) -> None:
    """No maker vouches for a phone: none was asked to.

    A phone may sign with the new key itself, which browsers let pass.

    Raises:
        EvidenceAltered: some other statement, which nothing here could judge.
    """
    own = said.fmt == AttestationFormat.PACKED and not said.att_stmt.x5c
    if said.fmt != AttestationFormat.NONE and not own:
        raise EvidenceAltered


def check_new_credential(credential_id: bytes, *, named: bytes, public_key: bytes) -> None:
    """The passkey is the one that the answer names, and can verify unlocks to come.

    Raises:
        EvidenceAltered: by its name.
    """
    if credential_id != named or max(len(credential_id), len(public_key)) > LONGEST:
        raise EvidenceAltered
    with hostile():
        decoded_public_key_to_cryptography(decode_credential_public_key(public_key))


def person_of(user_handle: bytes | None) -> UUID:
    """Whom a passkey was made for. Raises DeviceNotBound for a handle that was never given."""
    if user_handle is None or len(user_handle) != len(UUID(int=0).bytes):
        raise DeviceNotBound
    return UUID(bytes=user_handle)
