"""How a pharmacy's software proves itself: an assertion signed with its own key (RFC 7523)."""

import warnings
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any, Final

import msgspec
from joserfc import jws, jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import KeySet

from emask.counter import clients_queries as queries
from emask.counter.clients_queries import Client
from emask.database.pool import Database

ALGORITHMS: Final = ("ES256", "Ed25519", "EdDSA")
"""`EdDSA` is what most software still calls Ed25519."""
LONGEST: Final = timedelta(minutes=5)
"""How long an assertion may be good for."""
CLOCKS_APART: Final = timedelta(seconds=30)
_LONGEST_TEXT: Final = 4_096


class NotProven(Exception):
    """Whoever calls is not shown to be a client; the message, in ASCII, says to whom it may be."""


class _Claims(msgspec.Struct, frozen=True, kw_only=True):
    iss: str
    sub: str
    aud: str | list[str]
    exp: float
    iat: float
    jti: Annotated[str, msgspec.Meta(min_length=8, max_length=200)]
    nbf: float = 0


async def prove_client(
    db: Database, assertion: str, *, audiences: Collection[str], now: datetime
) -> Client:
    """The client that an assertion proves; it counts once.

    Args:
        db: the database.
        assertion: a JWT of the client's own key.
        audiences: what it may be made out to: exactly one of them.
        now: the present instant.

    Raises:
        NotProven: no such client, not its signature, for somebody else, too old, or used before.
    """
    claimed = _unverified(assertion)
    async with db.connection() as tx:
        client = await queries.client(tx, claimed.iss)
        if client is None or client.client_id != claimed.sub:
            raise NotProven("iss and sub must be the id of a client")
        claims = _verified(assertion, client.jwks)
        _check(claims, audiences=audiences, now=now)
        expires_at = datetime.fromtimestamp(claims.exp, UTC)
        jti = sha256(claims.jti.encode()).digest()
        if not await queries.use_assertion(tx, client.client_id, jti, expires_at=expires_at):
            raise NotProven("the assertion was used before: make a new one with another jti")
    return client


def _unverified(assertion: str) -> _Claims:
    """What an assertion says, which is no more than where to look for its key."""
    if len(assertion) > _LONGEST_TEXT:
        raise NotProven("the assertion is too long")
    try:
        payload = jws.extract_compact(assertion.encode("ascii")).payload
        return msgspec.json.decode(payload, type=_Claims)
    except (JoseError, TypeError, ValueError, msgspec.MsgspecError):
        raise NotProven("the assertion is no JWT with iss, sub, aud, exp, iat and jti") from None


def _verified(assertion: str, jwks: dict[str, Any]) -> _Claims:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # of EdDSA's name alone
            keys = KeySet.import_key_set({"keys": jwks["keys"]})
            claims = jwt.decode(assertion, keys, algorithms=list(ALGORITHMS)).claims
        return msgspec.convert(claims, _Claims)
    except (JoseError, TypeError, ValueError, msgspec.MsgspecError):
        raise NotProven(
            "the assertion is not signed by a key of the client, named by kid"
        ) from None


def _check(claims: _Claims, *, audiences: Collection[str], now: datetime) -> None:
    audience = claims.aud if isinstance(claims.aud, str) else "".join(claims.aud[:2])
    if audience not in audiences:
        raise NotProven("aud must be the address of the token endpoint, or the origin")
    at, apart = now.timestamp(), CLOCKS_APART.total_seconds()
    if not at - apart < claims.exp <= at + apart + LONGEST.total_seconds():
        raise NotProven("exp must be within the next five minutes")
    if not at - apart - LONGEST.total_seconds() <= claims.iat <= at + apart:
        raise NotProven("iat must be the present time")
    if not claims.nbf <= at + apart:
        raise NotProven("nbf is still to come")
