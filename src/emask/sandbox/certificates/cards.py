"""The software cards of citizens: PIN, key, certificate, and the signatures that they make."""

import asyncio
import hmac
from base64 import b64encode
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from emask.database.pool import Database
from emask.rules.refusals import PinLocked, WrongPin
from emask.sandbox.certificates import queries
from emask.sandbox.certificates.authority import Authority, serial_of
from emask.sandbox.certificates.condition import Condition
from emask.sandbox.certificates.signing import signed_message

PIN: Final = "246810"
"""The PIN of every citizen certificate."""
PIN_TRIES: Final = 3

_KEY_BITS: Final = 2048


class SandboxCertificates:
    """Everybody's certificate on a card of their own; all cards share one key."""

    def __init__(self, authority: Authority, db: Database) -> None:
        self._authority = authority
        self._db = db
        self._key: rsa.RSAPrivateKey | None = None

    async def sign(self, *, id_number: str, pin: str, challenge: str, at: datetime) -> str:
        """Let the holder's card sign a challenge: evidence, as `ports.Certificates` reads it.

        Raises:
            WrongPin: and the card counts it.
            PinLocked: the third wrong PIN in a row has locked the card.
        """
        await self._try_pin(serial_of(id_number), pin)
        message = signed_message(
            challenge.encode("ascii"),
            key=await self.private_key(),
            certificates=(
                await self.certificate_for(id_number),
                self._authority.issuer.certificate,
            ),
            at=at,
        )
        return b64encode(message).decode()

    async def set_condition(self, *, id_number: str, condition: Condition) -> None:
        """From now on this is the matter with the holder's certificate."""
        async with self._db.transaction() as tx:
            await queries.set_condition(tx, serial_of(id_number), condition)

    async def certificate_for(self, id_number: str) -> x509.Certificate:
        """The certificate on the holder's card."""
        key = await self.private_key()
        async with self._db.transaction() as tx:
            condition = await queries.condition(tx, serial_of(id_number))
        return self._authority.issue(id_number, key.public_key(), Condition(condition))

    async def private_key(self) -> rsa.RSAPrivateKey:
        """The key on every card of the installation."""
        if self._key is None:
            self._key = await self._kept_key()
        return self._key

    async def _kept_key(self) -> rsa.RSAPrivateKey:
        async with self._db.transaction() as tx:
            kept = await queries.kept_key(tx)
        if kept is None:
            made = await asyncio.to_thread(rsa.generate_private_key, 65537, _KEY_BITS)
            der = made.private_bytes(
                serialization.Encoding.DER,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            async with self._db.transaction() as tx:
                kept = await queries.keep_key(tx, der)
        key = serialization.load_der_private_key(kept, password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError("the kept key is no RSA key")
        return key

    async def _try_pin(self, serial_number: str, pin: str) -> None:
        right = hmac.compare_digest(pin.encode(), PIN.encode())
        async with self._db.transaction() as tx:
            wrong = await queries.count_pin(tx, serial_number, wrong=not right, tries=PIN_TRIES)
        if wrong >= PIN_TRIES:
            raise PinLocked
        if not right:
            raise WrongPin
