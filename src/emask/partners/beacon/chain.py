"""A chain of drand (scheme `bls-unchained-g1-rfc9380`): its key, its beginning, its pace."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final


class BeaconNotBegun(ValueError):
    """The chain's first round comes after that instant: all its values of then are known by now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What everybody knows of a chain beforehand, so that no relay has to be believed.

    Attributes:
        name: as published with a draw.
        hash: what relays call it, in hexadecimal.
        public_key: a point of G2, in 96 bytes.
        genesis: the instant of round 1.
        period: from one round to the next.
    """

    name: str
    hash: str
    public_key: bytes
    genesis: datetime
    period: timedelta

    def round_after(self, instant: datetime) -> int:
        """The first round whose instant comes after `instant`.

        Raises:
            BeaconNotBegun: the chain was not there yet, so a set clock cannot draw by it.
        """
        if instant < self.genesis:
            raise BeaconNotBegun(
                f"{self.name} began on {self.genesis:%Y-%m-%d}: at a clock before that its rounds"
                " are known to everybody, and only the sandbox's beacon can be drawn by"
            )
        return (instant - self.genesis) // self.period + 2

    def instant_of(self, round: int) -> datetime:
        """When the value of a round comes to be."""
        return self.genesis + self.period * (round - 1)


QUICKNET: Final = Chain(
    name="drand-quicknet",
    hash="52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
    public_key=bytes.fromhex(
        "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c"
        "8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb"
        "5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
    ),
    genesis=datetime.fromtimestamp(1_692_803_367, UTC),
    period=timedelta(seconds=3),
)
"""The League of Entropy's chain without links between rounds, since 23 August 2023."""
