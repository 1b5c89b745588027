"""What the draw asks of the outside: randomness that nobody knows before its instant."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class BeaconNotReady(Exception):
    """The named beacon round has not been reached, or nobody who has its value can be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeaconValue:
    """One pulse: `randomness` is the SHA-256 of `signature`, which anyone can verify."""

    round: int
    randomness: bytes
    signature: bytes


class Beacon(Protocol):
    """A public source of randomness that pulses at fixed instants."""

    @property
    def name(self) -> str:
        """Which beacon it is, as published with the draw."""
        ...

    @property
    def public_key(self) -> bytes:
        """The key its values verify with."""
        ...

    def round_after(self, instant: datetime) -> int:
        """The first round whose instant comes after `instant`."""
        ...

    def instant_of(self, round: int) -> datetime:
        """When the value of a round comes to be."""
        ...

    async def value_of(self, round: int) -> BeaconValue:
        """The value of a round. Raises BeaconNotReady while it is not to be had."""
        ...

    def verify(self, value: BeaconValue) -> bool:
        """Whether signature and randomness are this beacon's for that round; may take its time."""
        ...
