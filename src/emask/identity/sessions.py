"""Sessions that verify themselves: signed, short-lived, read without the database.

A token is a compact MessagePack payload and its HMAC. Citizens and staff have keys of their own,
so that the token of one kind is never read as the other. What ended before its time is known in
memory by the token's session id and generation (`ended_sessions`).
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
from emask.identity.ended_sessions import EndedSessions
from emask.identity.model import Session, StaffRole, StaffSession
from emask.rules.calendar import Channel

LIFETIME: Final = timedelta(minutes=30)
STAFF_LIFETIME: Final = timedelta(hours=12)
"""A shift."""


_SECONDS: Final = int(LIFETIME.total_seconds())


class SessionEnded(Exception):
    """The session is over or was ended, or the token is not one of ours."""


class _Citizen(msgspec.Struct, array_like=True, frozen=True):
    person_id: bytes
    channel: Channel
    session_id: str
    generation: int
    issued_at: int
    expires_at: int
    officer: str = ""


class _Staff(msgspec.Struct, array_like=True, frozen=True):
    username: str
    role: StaffRole
    site_code: str | None
    chain: str | None
    store_code: str | None
    session_id: str
    generation: int
    expires_at: int


_Payload = TypeVar("_Payload", _Citizen, _Staff)


class Sessions:
    """Issues and reads the tokens of one installation."""

    def __init__(self, keys: Keys, ended: EndedSessions) -> None:
        self.ended = ended
        self._citizens = _signer(keys, "citizen session")
        self._staff = _signer(keys, "staff session")
        self._encoder = msgspec.msgpack.Encoder()
        self._read_citizen = msgspec.msgpack.Decoder(_Citizen)
        self._read_staff = msgspec.msgpack.Decoder(_Staff)

    def issue(
        self,
        *,
        person_id: UUID,
        channel: Channel,
        now: datetime,
        generation: int | None = None,
        officer: str = "",
    ) -> str:
        """A token for a person who has just signed in; good for `LIFETIME`.

        Args:
            person_id: who.
            channel: by which way.
            now: the present instant.
            generation: the person's, as `session_ends.begin_session` read it; None for the one
                that this process knows of.
            officer: the account of who acts for the person at an office.
        """
        issued_at = int(now.timestamp())
        if generation is None:
            generation = self.ended.generation_of(person_id)
        session = _Citizen(
            person_id=person_id.bytes,
            channel=channel,
            session_id=new_session_id(),
            generation=generation,
            issued_at=issued_at,
            expires_at=issued_at + _SECONDS,
            officer=officer,
        )
        return self._sign(self._citizens, session)

    def prolong(self, session: Session, *, now: datetime) -> str:
        """A token for the same session, good for `LIFETIME` from now: what ends one ends both."""
        issued_at = int(now.timestamp())
        payload = _Citizen(
            person_id=session.person_id.bytes,
            channel=session.channel,
            session_id=session.session_id,
            generation=session.generation,
            issued_at=issued_at,
            expires_at=issued_at + _SECONDS,
            officer=session.officer,
        )
        return self._sign(self._citizens, payload)

    def read(self, token: str, *, now: datetime) -> Session:
        """The session of a token.

        Raises:
            SessionEnded: it is over or was ended, was altered, or belongs to staff.
        """
        session = _verified(self._citizens, self._read_citizen, token, now)
        if self.ended.is_over(session.person_id, session.session_id, session.generation):
            raise SessionEnded
        return Session(
            person_id=UUID(bytes=session.person_id),
            channel=session.channel,
            session_id=session.session_id,
            generation=session.generation,
            issued_at=datetime.fromtimestamp(session.issued_at, UTC),
            expires_at=datetime.fromtimestamp(session.expires_at, UTC),
            officer=session.officer,
        )

    def issue_staff(self, staff: StaffSession) -> str:
        """A token for a member of staff, good until the session's own end."""
        session = _Staff(
            username=staff.username,
            role=staff.role,
            site_code=staff.site_code,
            chain=staff.chain,
            store_code=staff.store_code,
            session_id=staff.session_id,
            generation=staff.generation,
            expires_at=int(staff.expires_at.timestamp()),
        )
        return self._sign(self._staff, session)

    def read_staff(self, token: str, *, now: datetime) -> StaffSession:
        """The staff session of a token.

        Raises:
            SessionEnded: it is over or was ended, was altered, or belongs to a citizen.
        """
        session = _verified(self._staff, self._read_staff, token, now)
        if self.ended.is_shift_over(session.username, session.session_id, session.generation):
            raise SessionEnded
        return StaffSession(
            username=session.username,
            role=session.role,
            site_code=session.site_code,
            chain=session.chain,
            store_code=session.store_code,
            session_id=session.session_id,
            generation=session.generation,
            expires_at=datetime.fromtimestamp(session.expires_at, UTC),
        )

    def _sign(self, signer: Signer, payload: _Citizen | _Staff) -> str:
        return signer.sign(base64_encode(self._encoder.encode(payload))).decode()


def new_session_id() -> str:
    """An id that no other session has, and that nobody guesses."""
    return secrets.token_urlsafe(9)


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
