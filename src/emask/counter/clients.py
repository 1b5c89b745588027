"""The software of pharmacies: which may act, for which site, proven by which keys.

A client makes its keys itself; we keep their public halves and never hold a secret of its.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from emask.counter import clients_queries as queries
from emask.counter.clients_queries import Client
from emask.counter.model import UnknownSite
from emask.counter.sites import site_of
from emask.database.audit_log import record
from emask.database.clock import Clock
from emask.database.pool import Database, Transaction

MOST_KEYS: Final = 10
_KINDS: Final[dict[tuple[str, str], type[ECKey] | type[OKPKey]]] = {
    ("EC", "P-256"): ECKey,
    ("OKP", "Ed25519"): OKPKey,
}
_POINT: Final = ("kty", "crv", "x", "y")
_CLIENT_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{2,62}")
_KID: Final = re.compile(r"[\x21-\x7e]{1,100}")


class KeysRejected(ValueError):
    """A set of keys that nobody can be proven by; the message says why."""


class BadClientId(ValueError):
    """Client ids are 3 to 63 small letters, digits and hyphens, and begin with none of these."""


class ClientExists(Exception):
    """There is a client of this id, or there was one: what it did stays under its name."""


class UnknownClient(LookupError):
    """There is no client of this id that has not ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClient:
    """A client to be added; `jwks` is what :func:`read_public_keys` returned."""

    client_id: str
    site_code: str
    name: str
    jwks: dict[str, Any]


def read_public_keys(text: str) -> dict[str, Any]:
    """The public keys of a JWK Set, as they are kept.

    Args:
        text: a JWK Set (RFC 7517): P-256 and Ed25519 keys for signatures, each with its own `kid`.

    Raises:
        KeysRejected: it is none, has a private key in it, or a key of another kind.
    """
    try:
        kept = [_public(key) for key in json.loads(text)["keys"]]
    except (KeyError, TypeError, ValueError, JoseError) as error:
        reason = str(error) if isinstance(error, KeysRejected) else "this is no JWK Set"
        raise KeysRejected(reason) from None
    kids = {key["kid"] for key in kept}
    if not 1 <= len(kept) <= MOST_KEYS or len(kids) != len(kept):
        raise KeysRejected(f"give 1 to {MOST_KEYS} keys, each with a kid of its own")
    return {"keys": kept}


async def add_client(db: Database, clock: Clock, client: NewClient, *, by: str) -> None:
    """Let a client act for a site.

    Raises:
        BadClientId, ClientExists: its id cannot be had.
        UnknownSite: there is no site of this code.
    """
    if not _CLIENT_ID.fullmatch(client.client_id):
        raise BadClientId
    now = await clock.now()
    async with db.transaction() as tx:
        if await site_of(tx, client.site_code) is None:
            raise UnknownSite(client.site_code)
        if not await queries.add(
            tx,
            client_id=client.client_id,
            site_code=client.site_code,
            name=client.name,
            jwks=client.jwks,
            at=now,
        ):
            raise ClientExists
        detail = {"site_code": client.site_code, "kids": _kids(client.jwks)}
        await _note(tx, "add_api_client", client.client_id, detail, by=by, at=now)


async def rotate_keys(
    db: Database, clock: Clock, *, client_id: str, jwks: dict[str, Any], by: str
) -> None:
    """Put other keys in the place of a client's; what is to go on counting has to be among them.

    Raises UnknownClient.
    """
    now = await clock.now()
    async with db.transaction() as tx:
        if not await queries.replace_keys(tx, client_id, jwks):
            raise UnknownClient
        await _note(tx, "rotate_api_client", client_id, {"kids": _kids(jwks)}, by=by, at=now)


async def end_client(db: Database, clock: Clock, *, client_id: str, by: str) -> None:
    """End a client: it sells and enters nothing any more, and learns nothing after ten minutes.

    Raises UnknownClient.
    """
    now = await clock.now()
    async with db.transaction() as tx:
        if not await queries.end(tx, client_id, at=now):
            raise UnknownClient
        await _note(tx, "end_api_client", client_id, {}, by=by, at=now)


async def all_clients(tx: Transaction) -> list[Client]:
    """All clients by id, those that have ended too."""
    return await queries.clients(tx)


def _public(key: dict[str, Any]) -> dict[str, Any]:
    kind = _KINDS.get((key["kty"], key["crv"]))
    if kind is None:
        raise KeysRejected("keys are P-256 (ES256) or Ed25519")
    if "d" in key:
        raise KeysRejected("there is a private key in it: keep it, and make a new one")
    kid = key.get("kid")
    if not isinstance(kid, str) or not _KID.fullmatch(kid):
        raise KeysRejected("each key has a kid of 1 to 100 visible characters")
    if key.get("use", "sig") != "sig":
        raise KeysRejected("keys are for signatures: use is sig")
    point: dict[str, str | list[str]] = {name: key[name] for name in _POINT if name in key}
    kept: dict[str, Any] = kind.import_key(point, {"kid": kid, "use": "sig"}).as_dict(private=False)
    return kept


def _kids(jwks: dict[str, Any]) -> list[str]:
    return [key["kid"] for key in jwks["keys"]]


async def _note(
    tx: Transaction,
    act: str,
    client_id: str,
    detail: Mapping[str, object],
    *,
    by: str,
    at: datetime,
) -> None:
    await record(tx, at=at, actor=by, act=act, subject=client_id, detail=detail)
