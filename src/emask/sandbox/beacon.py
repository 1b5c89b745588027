"""The sandbox beacon: randomness for demo, rehearsal and tests at any clock.

It keeps the shape of a public beacon (a pulse every three seconds, randomness is the SHA-256 of a
signature that anyone can verify), but whoever holds its key knows every value beforehand. Its
name says so in every draw that uses it.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from emask.database.clock import Clock
from emask.draw.ports import BeaconNotReady, BeaconValue

PERIOD = timedelta(seconds=3)
_GENESIS = datetime(2000, 1, 1, tzinfo=UTC)


class SandboxBeacon:
    """A beacon of our own, at the time of `clock`.

    Args:
        clock: no value is given away before its instant.
        secret: 32 bytes; the same secret gives the same values.
    """

    name = "sandbox"

    def __init__(self, clock: Clock, *, secret: bytes) -> None:
        self._clock = clock
        self._key = Ed25519PrivateKey.from_private_bytes(sha256(b"beacon" + secret).digest())

    @property
    def public_key(self) -> bytes:
        """The key its values verify with."""
        return self._key.public_key().public_bytes_raw()

    def round_after(self, instant: datetime) -> int:
        """The first round whose instant comes after `instant`; round 1 is in the year 2000."""
        return (instant - _GENESIS) // PERIOD + 2

    def instant_of(self, round: int) -> datetime:
        """When the value of a round comes to be."""
        return _GENESIS + PERIOD * (round - 1)

    async def value_of(self, round: int) -> BeaconValue:
        """The value of a round. Raises BeaconNotReady before its instant."""
        if await self._clock.now() < self.instant_of(round):
            raise BeaconNotReady(f"beacon round {round} lies ahead")
        signature = self._key.sign(_message(round))
        return BeaconValue(round=round, randomness=sha256(signature).digest(), signature=signature)

    def verify(self, value: BeaconValue) -> bool:
        """Whether signature and randomness are this beacon's for that round."""
        key = Ed25519PublicKey.from_public_bytes(self.public_key)
        try:
            key.verify(value.signature, _message(value.round))
        except InvalidSignature:
            return False
        return value.randomness == sha256(value.signature).digest()


def _message(round: int) -> bytes:
    return sha256(round.to_bytes(8, "big")).digest()
