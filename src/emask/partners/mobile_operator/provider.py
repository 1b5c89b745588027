"""The operator as an OpenID provider: its addresses, its keys, and the ID tokens it signs."""

import secrets
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import ECKey, KeySet

from emask.partners.mobile_operator.answers import Addresses, KeysAnswer
from emask.partners.mobile_operator.calls import Calls
from emask.rules.refusals import EvidenceAltered, OperatorUnreachable

ALGORITHMS: Final = ("ES256", "PS256", "RS256")
"""What ID tokens may be signed with."""
BY_NETWORK: Final = frozenset({"nba", "mnba"})
"""How CAMARA's flow names network-based authentication in `amr`; every other method, such as an
operator's token (TS.43), a code by SMS or a password, is not this system's rule (A10, A12)."""

_KEPT: Final = 3600
"""Seconds of the machine's own time that addresses are kept for."""
_LEEWAY: Final = 60
"""Seconds between the operator's clock and ours; calls take some of them."""
_OLDEST: Final = 300
_ASSERTION_LIVES: Final = 120


class Provider:
    """Addresses and keys of one operator, kept between calls."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._addresses: Addresses | None = None
        self._kept_until = 0.0
        self._keys: KeySet | None = None

    async def addresses(self, calls: Calls) -> Addresses:
        """Where its endpoints are. Raises OperatorUnreachable."""
        if self._addresses is None or time.monotonic() >= self._kept_until:
            found = await calls.get(f"{self._issuer}/.well-known/openid-configuration", Addresses)
            if not _are_of(found, self._issuer):
                raise OperatorUnreachable
            self._addresses, self._kept_until = found, time.monotonic() + _KEPT
        return self._addresses

    async def claims(self, id_token: str, calls: Calls) -> dict[str, Any]:
        """What an ID token says, its signature verified; keys are asked for anew once.

        Raises:
            EvidenceAltered: not signed by this operator.
        """
        if self._keys is not None:
            try:
                return _opened(id_token, self._keys)
            except InvalidKeyIdError:
                self._keys = None  # signed with a newer key than ours
        self._keys = await self._asked_keys(calls)
        try:
            return _opened(id_token, self._keys)
        except InvalidKeyIdError:
            raise EvidenceAltered from None

    async def _asked_keys(self, calls: Calls) -> KeySet:
        found = await calls.get((await self.addresses(calls)).jwks_uri, KeysAnswer)
        try:
            return KeySet.import_key_set({"keys": list(found.keys)})
        except (JoseError, KeyError, TypeError, ValueError):
            raise OperatorUnreachable from None


def check_claims(
    claims: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str, at: datetime
) -> None:
    """The ID token is this operator's, for us, for this departure, and fresh.

    Raises:
        EvidenceAltered: anything else.
    """
    now = at.timestamp()
    issued, ends = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int | float) or not isinstance(ends, int | float):
        raise EvidenceAltered
    fresh = now - _OLDEST <= issued <= now + _LEEWAY and ends > now - _LEEWAY
    for_us = claims.get("aud") in (client_id, [client_id])
    presented = claims.get("azp", client_id) == client_id
    ours = claims.get("iss") == issuer and claims.get("nonce") == nonce
    if not (fresh and for_us and presented and ours and claims.get("sub")):
        raise EvidenceAltered


def by_network(claims: Mapping[str, Any]) -> bool:
    """Whether the network recognised the phone, and nothing else did."""
    methods = claims.get("amr")
    return (
        isinstance(methods, list)
        and bool(methods)
        and all(isinstance(method, str) and method in BY_NETWORK for method in methods)
    )


def client_assertion(key: ECKey, *, client_id: str, endpoint: str, at: datetime) -> str:
    """Our proof to the token endpoint (private_key_jwt), for one use at `at`."""
    issued = int(at.timestamp())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": endpoint,
        "jti": secrets.token_urlsafe(16),
        "iat": issued,
        "exp": issued + _ASSERTION_LIVES,
    }
    return jwt.encode({"alg": "ES256", "kid": str(key.kid)}, claims, key, algorithms=["ES256"])


def _opened(id_token: str, keys: KeySet) -> dict[str, Any]:
    try:
        return jwt.decode(id_token, keys, algorithms=list(ALGORITHMS)).claims
    except InvalidKeyIdError:
        raise
    except (JoseError, RecursionError, TypeError, ValueError):  # whatever its parts hold
        raise EvidenceAltered from None


def _are_of(found: Addresses, issuer: str) -> bool:
    """The metadata is this issuer's, and asks for nothing less safe than its own scheme."""
    endpoints = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri)
    scheme = urlsplit(issuer).scheme
    return found.issuer == issuer and all(urlsplit(each).scheme == scheme for each in endpoints)
