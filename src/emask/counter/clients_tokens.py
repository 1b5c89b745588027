"""What a proven client carries for ten minutes: a token that is read without the database."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import msgspec
from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode

from emask.database.vault import Keys

LIFETIME: Final = timedelta(minutes=10)


class TokenEnded(Exception):
    """The token is over, or not one of ours."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The client that calls, and the one site that it acts for."""

    client_id: str
    site_code: str


class _Payload(msgspec.Struct, array_like=True, frozen=True):
    client_id: str
    site_code: str
    expires_at: int


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Payload).decode


class ClientTokens:
    """Issues and reads the tokens of one installation; no session is ever read as one."""

    def __init__(self, keys: Keys) -> None:
        key = hmac.digest(keys.session, b"counter client", sha256)
        self._signer = Signer(key, key_derivation="none", digest_method=sha256)

    def issue(self, caller: Caller, *, now: datetime) -> str:
        """A token good for `LIFETIME`."""
        expires_at = int((now + LIFETIME).timestamp())
        payload = _Payload(caller.client_id, caller.site_code, expires_at)
        return self._signer.sign(base64_encode(_encode(payload))).decode()

    def read(self, token: str, *, now: datetime) -> Caller:
        """Who carries it. Raises TokenEnded."""
        try:
            payload = _decode(base64_decode(self._signer.unsign(token)))
        except (BadData, msgspec.MsgspecError, ValueError):
            raise TokenEnded from None
        if now.timestamp() >= payload.expires_at:
            raise TokenEnded
        return Caller(payload.client_id, payload.site_code)
