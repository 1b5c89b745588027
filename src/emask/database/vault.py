"""Personal data at rest: keyed digests to find people by, sealed texts to show to them.

The keys live outside the database; whoever holds only the database learns no ID number.
"""

import hmac
import json
import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class SealBroken(Exception):
    """A sealed text was altered, belongs to another person or field, or has another key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The secrets of one installation, 32 random bytes each.

    ``identity`` digests ID numbers (never to be changed: person ids derive from it), ``data``
    seals personal data, ``session`` signs sessions and forms.
    """

    identity: bytes
    data: bytes
    session: bytes

    @classmethod
    def generate(cls) -> Self:
        """Fresh random keys."""
        return cls(
            identity=secrets.token_bytes(32),
            data=secrets.token_bytes(32),
            session=secrets.token_bytes(32),
        )

    @classmethod
    def read_or_create(cls, path: Path) -> Self:
        """The keys kept in ``path``, made on first use and readable by their owner alone."""
        if not path.exists():
            _put_in_place(cls.generate(), path)
        kept = json.loads(path.read_text())
        return cls(**{name: bytes.fromhex(value) for name, value in kept.items()})


class Vault:
    """Digests and seals with one installation's keys."""

    def __init__(self, keys: Keys) -> None:
        self._identity = keys.identity
        self._cipher = AESGCM(keys.data)

    def person_id(self, id_number: str) -> UUID:
        """The person behind a normalised ID number: the first 16 bytes of its keyed digest."""
        return UUID(bytes=self.digest("id", id_number)[:16])

    def digest(self, kind: str, value: str) -> bytes:
        """A keyed digest (32 bytes) of one kind of value; different kinds never collide."""
        return hmac.digest(self._identity, f"{kind}\0{value}".encode(), sha256)

    def seal(self, text: str, *, person_id: UUID, field: str) -> bytes:
        """Encrypt ``text``; it opens only for the same person and field."""
        nonce = os.urandom(_NONCE_BYTES)
        bound = person_id.bytes + field.encode()
        return nonce + self._cipher.encrypt(nonce, text.encode(), bound)

    def open(self, sealed: bytes, *, person_id: UUID, field: str) -> str:
        """Decrypt what :meth:`seal` returned.

        Raises:
            SealBroken: if anything about it was changed.
        """
        nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        if not text:
            raise SealBroken
        try:
            return self._cipher.decrypt(nonce, text, person_id.bytes + field.encode()).decode()
        except InvalidTag:
            raise SealBroken from None


def _put_in_place(keys: Keys, path: Path) -> None:
    """Write the file whole, or leave it where another process was first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    named = {"identity": keys.identity, "data": keys.data, "session": keys.session}
    with tempfile.NamedTemporaryFile("w", dir=path.parent) as draft:
        json.dump({name: value.hex() for name, value in named.items()}, draft)
        draft.flush()
        with suppress(FileExistsError):
            os.link(draft.name, path)
