"""Where this service lives: evidence that names another place is refused."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

AGENT: Final = "http://127.0.0.1:8721"
"""Where card agents listen on the computers of their users."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The address that people see.

    Args:
        origin: scheme, host and port as browsers write them: "https://mask.example".
        agent: likewise, of the card agent on the visitor's own computer.
    """

    origin: str
    agent: str = AGENT

    @property
    def host(self) -> str:
        """The host alone: what passkeys are bound to (WebAuthn's RP ID)."""
        return urlsplit(self.origin).hostname or ""

    def address(self, path: str) -> str:
        """The full address of a path."""
        return f"{self.origin}{path}"
