"""How the sandbox seals evidence: a token that states facts, signed with a key of its own.

It is good for five minutes by the clock and carries an id by which a second use is noticed.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, Generic, TypeVar

import msgspec
from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode

from emask.database.vault import Keys
from emask.rules.refusals import EvidenceReplayed

LIFETIME: Final = timedelta(minutes=5)


class Forged(Exception):
    """Not a token of the sandbox, or one of another kind."""


class Stated(msgspec.Struct, frozen=True, kw_only=True):
    """What every statement carries beside its facts; `signed_at` in seconds since 1970."""

    evidence_id: str
    signed_at: float


Kind = TypeVar("Kind", bound=Stated)


class Seal(Generic[Kind]):
    """Signs statements of one kind; the token of another kind does not verify."""

    def __init__(self, keys: Keys, kind: type[Kind]) -> None:
        key = hmac.digest(keys.session, f"sandbox {kind.__name__}".encode(), sha256)
        self._signer = Signer(key, key_derivation="none", digest_method=sha256)
        self._decoder = msgspec.json.Decoder(kind)

    def sign(self, stated: Kind) -> str:
        """The token of a statement."""
        return self._signer.sign(base64_encode(msgspec.json.encode(stated))).decode()

    def open(self, token: str, *, at: datetime) -> Kind:
        """What a token states. Raises Forged; EvidenceReplayed when it is over."""
        try:
            stated = self._decoder.decode(base64_decode(self._signer.unsign(token)))
        except (BadData, msgspec.MsgspecError, ValueError):
            raise Forged from None
        if at.timestamp() >= stated.signed_at + LIFETIME.total_seconds():
            raise EvidenceReplayed
        return stated


def new_id() -> str:
    """An evidence id that no other evidence has."""
    return secrets.token_urlsafe(12)
