"""Whether the site itself asked for this, once and just now.

Every request carries a token that the site signed for this agent. Its key and its clock come from
the site's own document, over the agent's own connection, never through the page: a page that was
tampered with cannot make up a token.
"""

import json
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from emask_card_agent.problems import Code, Problem

DOCUMENT: Final = "/.well-known/emask-card-agent"
"""Where a site publishes ``{"keys": [...], "now": seconds since 1970}``."""
AUDIENCE: Final = "emask-card-agent"

_ALGORITHM: Final = "Ed25519"
_EARLY: Final = 60  # seconds that a token may be ahead of what we think the site's time is
_REMEMBERED: Final = 4096  # tokens; a site issues a person a few an hour, each for minutes
_LONGEST_DOCUMENT: Final = 65536  # bytes
_NOT_A_DOCUMENT: Final = (ValueError, TypeError, KeyError, RecursionError)


class Purpose(StrEnum):
    """What a token is good for."""

    READ = "read"
    SIGN = "sign"
    WATCH = "watch"
    """Good until it is too old: all that it gets is whether a card is there."""


@dataclass(frozen=True, slots=True)
class _Site:
    """What a site's document said.

    Args:
        keys: its signing keys.
        ahead: its clock minus ours, in seconds; a demo's may be years behind.
    """

    keys: KeySet
    ahead: float


@dataclass(slots=True)
class TokenJudge:
    """Judges tokens.

    Args:
        client: asks sites for their document.
        ticks: a clock that only runs forward, in seconds.
    """

    client: httpx2.AsyncClient
    ticks: Callable[[], float] = time.monotonic
    _sites: dict[str, _Site] = field(default_factory=dict)
    _used: OrderedDict[tuple[str, str], None] = field(default_factory=OrderedDict)

    async def accept(self, token: str, purpose: Purpose, *, origin: str) -> None:
        """Return if the site at this origin asks for it.

        A token is good once, but for one that only lets a page watch.

        Raises:
            Problem: TOKEN_REFUSED.
        """
        known = self._sites.get(origin)
        claims = None if known is None else self._claims(token, known)
        if claims is None:  # a new key, or the site's clock was set
            claims = self._claims(token, await self._ask(origin))
        if claims is None:
            raise Problem(Code.TOKEN_REFUSED)
        meant = (claims.get("iss"), claims.get("aud"), claims.get("purpose"))
        if meant != (origin, AUDIENCE, purpose.value):
            raise Problem(Code.TOKEN_REFUSED)
        if purpose is not Purpose.WATCH:
            self._use(origin, claims.get("jti"))

    def _claims(self, token: str, site: _Site) -> dict[str, Any] | None:
        """What the token says if the site signed it and its time is now."""
        try:
            kid = jws.extract_compact(token.encode()).headers().get("kid")
            key = site.keys.get_by_kid(str(kid))
            claims = jwt.decode(token, key, algorithms=[_ALGORITHM]).claims
            issued, expires = float(claims["iat"]), float(claims["exp"])
        except (JoseError, ValueError, TypeError, KeyError):
            return None
        now = self.ticks() + site.ahead
        return claims if issued - _EARLY <= now < expires else None

    async def _ask(self, origin: str) -> _Site:
        try:
            answer = await self.client.get(origin + DOCUMENT)
            answer.raise_for_status()
            if len(answer.content) > _LONGEST_DOCUMENT:
                raise Problem(Code.TOKEN_REFUSED)
            document = json.loads(answer.content)
            site = _Site(
                keys=KeySet.import_key_set({"keys": document["keys"]}),
                ahead=float(document["now"]) - self.ticks(),
            )
        except (httpx2.HTTPError, JoseError, *_NOT_A_DOCUMENT) as error:
            raise Problem(Code.TOKEN_REFUSED) from error
        self._sites[origin] = site
        return site

    def _use(self, origin: str, token_id: object) -> None:
        if not isinstance(token_id, str) or (origin, token_id) in self._used:
            raise Problem(Code.TOKEN_REFUSED)
        self._used[origin, token_id] = None
        if len(self._used) > _REMEMBERED:
            self._used.popitem(last=False)


def client_for(origins: frozenset[str]) -> httpx2.AsyncClient:
    """A client that follows no redirect; a site on this computer is asked without any proxy."""
    here = {
        f"http://{urlsplit(origin).netloc}": httpx2.AsyncHTTPTransport()
        for origin in origins
        if origin.startswith("http:")
    }
    return httpx2.AsyncClient(timeout=5, follow_redirects=False, mounts=here)
