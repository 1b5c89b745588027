"""Made-up phones: a platform authenticator in software, as WebAuthn describes it.

It answers whatever it is asked, on whatever page it is told to be: what a browser would refuse to
do has to be refused by the service as well.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, encode_cbor
from webauthn.helpers.cose import COSECRV, COSEKTY, COSEAlgorithmIdentifier, COSEKey

from emask.database.pool import Database

TABLES: Final = """
CREATE TABLE IF NOT EXISTS sandbox.passkey (
    credential_id bytea   PRIMARY KEY,
    handset       text    NOT NULL,
    rp_id         text    NOT NULL,
    user_handle   bytea   NOT NULL,
    private_key   bytea   NOT NULL,
    sign_count    integer NOT NULL DEFAULT 1,
    synced        boolean NOT NULL,
    UNIQUE (handset, rp_id, user_handle)
);
COMMENT ON TABLE sandbox.passkey IS 'What made-up phones keep in their secure hardware.';
"""

PRESENT: Final = 0x01
VERIFIED: Final = 0x04
BACKUP_ELIGIBLE: Final = 0x08
ATTESTED: Final = 0x40
"""Flags of authenticator data (WebAuthn 3, §6.1)."""

_AAGUID: Final = bytes(16)  # a phone that does not say its model


class NoPasskey(Exception):
    """The phone has no passkey of this person for this site; browsers say NotAllowedError."""


@dataclass(frozen=True, slots=True)
class SandboxPhone:
    """All made-up phones, told apart by `handset`.

    Their table is made by :func:`emask.sandbox.schema.install`.
    """

    db: Database

    async def create(self, options: str, *, origin: str, handset: str) -> str:
        """Make a passkey after the user has unlocked the phone.

        Args:
            options: JSON of PublicKeyCredentialCreationOptions.
            origin: of the page that asks.
            handset: which phone.

        Returns:
            JSON of the browser's PublicKeyCredential.
        """
        return await self._create(options, origin, handset, PRESENT | VERIFIED)

    async def touch(self, options: str, *, origin: str, handset: str) -> str:
        """Make a passkey for a user who touched the phone and did not unlock it."""
        return await self._create(options, origin, handset, PRESENT)

    async def sync(self, options: str, *, origin: str, handset: str) -> str:
        """Make a passkey that the phone's maker may copy to the user's other devices."""
        return await self._create(options, origin, handset, PRESENT | VERIFIED | BACKUP_ELIGIBLE)

    async def get(self, options: str, *, origin: str, handset: str, person_id: UUID) -> str:
        """Show the unlock of the passkey that the user has chosen.

        Args:
            options: JSON of PublicKeyCredentialRequestOptions.
            origin: of the page that asks.
            handset: which phone.
            person_id: whose passkey; a family's phone may have several.

        Returns:
            JSON of the browser's PublicKeyCredential.

        Raises:
            NoPasskey: by its name.
        """
        asked = json.loads(options)
        async with self.db.transaction() as tx:
            cursor = await tx.execute(
                "UPDATE sandbox.passkey SET sign_count = sign_count + 1"
                " WHERE handset = %s AND rp_id = %s AND user_handle = %s"
                " RETURNING credential_id, private_key, sign_count, synced",
                (handset, asked["rpId"], person_id.bytes),
            )
            row = await cursor.fetchone()
        if row is None:
            raise NoPasskey
        credential_id, private_key, sign_count, synced = row
        flags = PRESENT | VERIFIED | (BACKUP_ELIGIBLE if synced else 0)
        said = _authenticator_data(asked["rpId"], flags, sign_count)
        client_data = _client_data("webauthn.get", asked["challenge"], origin)
        response = {
            "clientDataJSON": bytes_to_base64url(client_data),
            "authenticatorData": bytes_to_base64url(said),
            "signature": bytes_to_base64url(signature(private_key, said, client_data)),
            "userHandle": bytes_to_base64url(person_id.bytes),
        }
        return _credential(credential_id, response)

    async def _create(self, options: str, origin: str, handset: str, flags: int) -> str:
        asked = json.loads(options)
        rp_id = asked["rp"]["id"]
        key = ec.generate_private_key(ec.SECP256R1())
        public = _cose(key.public_key())
        credential_id = sha256(public).digest()
        async with self.db.transaction() as tx:
            await tx.execute(
                "INSERT INTO sandbox.passkey AS kept"
                " (credential_id, handset, rp_id, user_handle, private_key, synced)"
                " VALUES (%s, %s, %s, %s, %s, %s)"
                " ON CONFLICT (handset, rp_id, user_handle) DO UPDATE SET sign_count = 1,"
                " credential_id = excluded.credential_id, private_key = excluded.private_key,"
                " synced = excluded.synced",
                (
                    *(credential_id, handset, rp_id, base64url_to_bytes(asked["user"]["id"])),
                    key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
                    bool(flags & BACKUP_ELIGIBLE),
                ),
            )
        attested = _AAGUID + len(credential_id).to_bytes(2) + credential_id + public
        said = _authenticator_data(rp_id, flags | ATTESTED, 1) + attested
        client_data = _client_data("webauthn.create", asked["challenge"], origin)
        response = {
            "clientDataJSON": bytes_to_base64url(client_data),
            "attestationObject": bytes_to_base64url(
                encode_cbor({"fmt": "none", "attStmt": {}, "authData": said})
            ),
            "transports": ["internal"],
        }
        return _credential(credential_id, response)


def signature(private_key: bytes, authenticator_data: bytes, client_data: bytes) -> bytes:
    """What a passkey signs; `private_key` as the phone keeps it, DER."""
    key = load_der_private_key(private_key, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("a passkey's key is on P-256")
    return key.sign(authenticator_data + sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))


def _authenticator_data(rp_id: str, flags: int, sign_count: int) -> bytes:
    return sha256(rp_id.encode()).digest() + bytes([flags]) + sign_count.to_bytes(4)


def _client_data(kind: str, challenge: str, origin: str) -> bytes:
    said = {"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}
    return json.dumps(said, separators=(",", ":")).encode()


def _cose(key: ec.EllipticCurvePublicKey) -> bytes:
    point = key.public_numbers()
    return encode_cbor(
        {
            COSEKey.KTY.value: COSEKTY.EC2.value,
            COSEKey.ALG.value: COSEAlgorithmIdentifier.ECDSA_SHA_256.value,
            COSEKey.CRV.value: COSECRV.P256.value,
            COSEKey.X.value: point.x.to_bytes(32),
            COSEKey.Y.value: point.y.to_bytes(32),
        }
    )


def _credential(credential_id: bytes, response: dict[str, Any]) -> str:
    name = bytes_to_base64url(credential_id)
    return json.dumps(
        {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        }
    )
