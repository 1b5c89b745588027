"""Sessions that verify themselves: signed, short-lived, read without the database.

A token is a compact MessagePack payload and its HMAC. Citizens and staff have keys of their own,
so that the token of one kind is never read as the other.
"""

import hmac
import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, TypeVar
from uuid import UUID

import msgspec
from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode

from emask.database.vault import Keys
from emask.identity.model import Session, StaffRole, StaffSession
from emask.rules.calendar import Channel

LIFETIME: Final = timedelta(minutes=30)
STAFF_LIFETIME: Final = timedelta(hours=12)
"""A shift; there is no revoking a token before it ends."""


class SessionEnded(Exception):
    """The session is over, or the token is not one of ours."""


class _Citizen(msgspec.Struct, array_like=True, frozen=True):
    person_id: bytes
    channel: Channel
    session_id: str
    issued_at: int
    expires_at: int


class _Staff(msgspec.Struct, array_like=True, frozen=True):
    username: str
    role: StaffRole
    site_code: str | None
    chain: str | None
    store_code: str | None
    expires_at: int


_Payload = TypeVar("_Payload", _Citizen, _Staff)


class Sessions:
    """Issues and reads the tokens of one installation."""

    def __init__(self, keys: Keys) -> None:
        self._citizens = _signer(keys, "citizen session")
        self._staff = _signer(keys, "staff session")
        self._encoder = msgspec.msgpack.Encoder()
        self._read_citizen = msgspec.msgpack.Decoder(_Citizen)
        self._read_staff = msgspec.msgpack.Decoder(_Staff)

    def issue(self, *, person_id: UUID, channel: Channel, now: datetime) -> str:
        """A token for a person who has just signed in; good for `LIFETIME`."""
        issued_at = int(now.timestamp())
        session = _Citizen(
            person_id=person_id.bytes,
            channel=channel,
            session_id=secrets.token_urlsafe(9),
            issued_at=issued_at,
            expires_at=issued_at + int(LIFETIME.total_seconds()),
        )
        return self._sign(self._citizens, session)

    def read(self, token: str, *, now: datetime) -> Session:
        """The session of a token.

        Raises:
            SessionEnded: it is over, was altered, or belongs to staff.
        """
        session = _verified(self._citizens, self._read_citizen, token, now)
        return Session(
            person_id=UUID(bytes=session.person_id),
            channel=session.channel,
            session_id=session.session_id,
            issued_at=datetime.fromtimestamp(session.issued_at, UTC),
            expires_at=datetime.fromtimestamp(session.expires_at, UTC),
        )

    def issue_staff(self, staff: StaffSession) -> str:
        """A token for a member of staff, good until the session's own end."""
        session = _Staff(
            username=staff.username,
            role=staff.role,
            site_code=staff.site_code,
            chain=staff.chain,
            store_code=staff.store_code,
            expires_at=int(staff.expires_at.timestamp()),
        )
        return self._sign(self._staff, session)

    def read_staff(self, token: str, *, now: datetime) -> StaffSession:
        """The staff session of a token.

        Raises:
            SessionEnded: it is over, was altered, or belongs to a citizen.
        """
        session = _verified(self._staff, self._read_staff, token, now)
        return StaffSession(
            username=session.username,
            role=session.role,
            site_code=session.site_code,
            chain=session.chain,
            store_code=session.store_code,
            expires_at=datetime.fromtimestamp(session.expires_at, UTC),
        )

    def _sign(self, signer: Signer, payload: _Citizen | _Staff) -> str:
        return signer.sign(base64_encode(self._encoder.encode(payload))).decode()


def _signer(keys: Keys, kind: str) -> Signer:
    # The key is derived here, once, and not again for every token.
    key = hmac.digest(keys.session, kind.encode(), sha256)
    return Signer(key, key_derivation="none", digest_method=sha256)


def _verified(
    signer: Signer, decoder: "msgspec.msgpack.Decoder[_Payload]", token: str, now: datetime
) -> _Payload:
    try:
        payload = decoder.decode(base64_decode(signer.unsign(token)))
    except (BadData, msgspec.MsgspecError, ValueError):
        raise SessionEnded from None
    if now.timestamp() >= payload.expires_at:
        raise SessionEnded
    return payload
