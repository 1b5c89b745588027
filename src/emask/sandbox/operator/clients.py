"""Who calls the token endpoint: clients prove it with their own key (private_key_jwt, ES256)."""

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from emask.sandbox.operator.exchange import OAuthError
from emask.sandbox.operator.grants import Grants

CLIENT_ID: Final = "emask"
"""The one client that is registered."""
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST: Final = 300
"""Seconds that an assertion may live, by CAMARA's security profile."""


class Clients:
    """The registered client with its public keys, a JWK Set."""

    def __init__(self, keys: Mapping[str, Any], grants: Grants) -> None:
        self._keys = KeySet.import_key_set({"keys": list(keys["keys"])})
        self._grants = grants

    async def recognise(self, form: Mapping[str, str], *, endpoint: str, at: datetime) -> None:
        """Returns if the registered client signed this for this endpoint, now and once.

        Raises:
            OAuthError: invalid_client.
        """
        refused = OAuthError("invalid_client", 401)
        if form.get("client_assertion_type") != _ASSERTION:
            raise refused
        try:
            claims = jwt.decode(form["client_assertion"], self._keys, algorithms=["ES256"]).claims
        except (JoseError, KeyError, TypeError, ValueError):
            raise refused from None
        named = (claims.get("iss"), claims.get("sub"), form.get("client_id", CLIENT_ID))
        if named != (CLIENT_ID, CLIENT_ID, CLIENT_ID) or claims.get("aud") != endpoint:
            raise refused
        if not _in_time(claims, at.timestamp()):
            raise refused
        jti = claims.get("jti")
        if not isinstance(jti, str) or not await self._grants.first_use(jti):
            raise refused


def same(one: str, other: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


def _in_time(claims: Mapping[str, Any], now: float) -> bool:
    issued, ends = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int | float) or not isinstance(ends, int | float):
        return False
    return issued <= now < ends <= issued + _LONGEST
