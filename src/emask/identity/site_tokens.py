"""What a card agent may do once: a token that the site signs, short-lived and for one purpose.

It is a JWT (Ed25519), so that the agent can tell that it comes from the site it serves. For a
citizen certificate the token is the challenge itself: its bytes are what the card signs, and with
them the nonce, the origin and the time.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError

from emask.identity.site import Site
from emask.identity.site_keys import AGENT_KEY, SiteKeys
from emask.rules.refusals import EvidenceAltered, EvidenceExpired, EvidenceForeignOrigin

AUDIENCE: Final = "emask-card-agent"
LIFETIME: Final = timedelta(minutes=5)
_ALGORITHM: Final = "Ed25519"


class Purpose(StrEnum):
    """What the agent is asked for."""

    READ = "read"
    """The basic data of the NHI card in the reader."""
    SIGN = "sign"
    """A citizen certificate's signature over the token."""
    WATCH = "watch"
    """Whether a card is in the reader, again and again until the token is over."""


@dataclass(frozen=True, slots=True)
class SiteTokens:
    """Issues and reads the tokens of one site."""

    keys: SiteKeys
    site: Site

    def issue(self, purpose: Purpose, *, now: datetime) -> str:
        """A token good for `LIFETIME`, and once, but for one that only lets a page watch."""
        issued = int(now.timestamp())
        claims = {
            "iss": self.site.origin,
            "aud": AUDIENCE,
            "purpose": purpose.value,
            "jti": secrets.token_urlsafe(16),
            "iat": issued,
            "exp": issued + int(LIFETIME.total_seconds()),
        }
        header = {"alg": _ALGORITHM, "kid": AGENT_KEY}
        return jwt.encode(header, claims, self.keys.agent, algorithms=[_ALGORITHM])

    def read(self, token: str, purpose: Purpose, *, now: datetime) -> str:
        """The token's own id, by which a second use is noticed.

        Raises:
            EvidenceAltered: not signed by this site, or for another purpose.
            EvidenceForeignOrigin: made for another address.
            EvidenceExpired: older than `LIFETIME`.
        """
        claims = self._claims(token)
        if claims.get("aud") != AUDIENCE or claims.get("purpose") != purpose:
            raise EvidenceAltered
        if claims.get("iss") != self.site.origin:
            raise EvidenceForeignOrigin
        if now.timestamp() >= claims["exp"]:
            raise EvidenceExpired
        return str(claims["jti"])

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            return jwt.decode(token, self.keys.agent, algorithms=[_ALGORITHM]).claims
        except (JoseError, TypeError, ValueError):  # TypeError: of odd headers
            raise EvidenceAltered from None
