"""Where this service lives, which evidence has to name, and what it takes of phones."""

from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Final
from urllib.parse import urlsplit

AGENT: Final = "http://127.0.0.1:8721"
"""Where card agents listen on the computers of their users."""


class SyncedPasskeys(StrEnum):
    """What becomes of passkeys that a phone's maker may copy to other devices (A12, A13)."""

    REFUSED = auto()
    """Only passkeys that stay on the phone bind it."""
    TIED = auto()
    """They bind it too, and sign in on the handset that they were made on alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The address that people see, and what is taken of their phones.

    Args:
        origin: scheme, host and port as browsers write them: "https://mask.example".
        agent: likewise, of the card agent on the visitor's own computer.
        synced_passkeys: a rule of the authority's.
    """

    origin: str
    agent: str = AGENT
    synced_passkeys: SyncedPasskeys = SyncedPasskeys.REFUSED

    @property
    def host(self) -> str:
        """The host alone: what passkeys are bound to (WebAuthn's RP ID)."""
        return urlsplit(self.origin).hostname or ""

    @property
    def secure(self) -> bool:
        """Whether people reach it by https, as every service but a demo has to be."""
        return self.origin.startswith("https:")

    def is_own(self, origin: str, *, host: str) -> bool:
        """Whether a page of this origin is ours, as browsers name it when they send something.

        A demo may be reached by another name or port than its own, through a container or a
        tunnel: without https a page of the address that is asked is ours as well.

        Args:
            origin: the header of that name.
            host: likewise, the address that is asked.
        """
        return origin == self.origin or (not self.secure and origin == f"http://{host}")

    def address(self, path: str) -> str:
        """The full address of a path."""
        return f"{self.origin}{path}"
