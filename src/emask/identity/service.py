"""What the use cases of identity act with."""

from dataclasses import dataclass, field

from argon2 import PasswordHasher

from emask.database.clock import Clock
from emask.database.pool import Database
from emask.database.vault import Vault
from emask.identity.ended_sessions import EndedSessions
from emask.identity.passwords import HASHER
from emask.identity.ports import IdentityPartners
from emask.identity.site import Site
from emask.identity.site_tokens import SiteTokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Passed first to every use case of identity.

    `passwords` hashes new passwords; rehearsals and tests may pass one that costs less. `ended` is
    what this process knows of ended sessions; whoever reads sessions shares it.
    """

    db: Database
    clock: Clock
    vault: Vault
    tokens: SiteTokens
    partners: IdentityPartners
    passwords: PasswordHasher = HASHER
    ended: EndedSessions = field(default_factory=EndedSessions)

    @property
    def site(self) -> Site:
        """The address that evidence has to name."""
        return self.tokens.site
