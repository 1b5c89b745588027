"""Values of a drand chain, asked of one relay after the other and believed for their signature.

A relay is asked for the very round that a draw named, never for the latest. One that lies, lags,
answers nothing or nonsense is passed over, and the log tells which.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Final

import httpx2
from msgspec import Meta, MsgspecError, Struct, json

from emask.database.clock import Clock
from emask.draw.ports import BeaconNotReady, BeaconValue
from emask.partners.beacon.chain import Chain

_LOG: Final = logging.getLogger(__name__)
_LONGEST: Final = 4096  # bytes; an answer has some 250
_NOT_IN_FORM: Final = (MsgspecError, UnicodeDecodeError, RecursionError)


class PassedOver(Exception):
    """The relay has no value of the round that is worth anything; says why."""


class RoundAnswer(Struct, frozen=True):
    """What a relay answers, in hexadecimal."""

    round: int
    randomness: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    signature: Annotated[str, Meta(pattern="^[0-9a-f]{96}$")]

    def value(self) -> BeaconValue:
        """As the draw knows it, not verified yet."""
        return BeaconValue(
            round=self.round,
            randomness=bytes.fromhex(self.randomness),
            signature=bytes.fromhex(self.signature),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Relays:
    """Who is asked.

    Args:
        origins: in their order, each without a slash at its end.
        seconds: how long one may take.
    """

    origins: Sequence[str]
    seconds: float = 5


class DrandBeacon:
    """As `ports.Beacon` says, over drand's HTTP interface.

    Args:
        chain: whose values they are.
        relays: who is asked for them.
        client: what they are asked with.
        clock: nobody is asked for a value before its instant.
    """

    def __init__(
        self, chain: Chain, relays: Relays, *, client: httpx2.AsyncClient, clock: Clock
    ) -> None:
        self._chain = chain
        self._relays = relays
        self._client = client
        self._clock = clock

    @property
    def name(self) -> str:
        """The chain's."""
        return self._chain.name

    @property
    def public_key(self) -> bytes:
        """The chain's, in 96 bytes."""
        return self._chain.public_key

    def round_after(self, instant: datetime) -> int:
        """As the port says. Raises BeaconNotBegun before the chain's beginning."""
        return self._chain.round_after(instant)

    def instant_of(self, round: int) -> datetime:
        """As the port says."""
        return self._chain.instant_of(round)

    async def value_of(self, round: int) -> BeaconValue:
        """The value of a round, verified. Raises BeaconNotReady also if no relay has it."""
        if await self._clock.now() < self.instant_of(round):
            raise BeaconNotReady(f"beacon round {round} lies ahead")
        for origin in self._relays.origins:
            try:
                return await self._value_at(origin, round)
            except PassedOver as passed:
                _LOG.warning("relay %s, round %s: %s", origin, round, passed)
        raise BeaconNotReady(f"no relay has beacon round {round}")

    def verify(self, value: BeaconValue) -> bool:
        """As the port says; half a second of the processor, so not for the event loop."""
        from emask.partners.beacon.bls import is_signed  # noqa: PLC0415 - takes 0.5 s to load

        message = sha256(value.round.to_bytes(8, "big")).digest()
        return value.randomness == sha256(value.signature).digest() and is_signed(
            message, value.signature, public_key=self.public_key
        )

    async def _value_at(self, origin: str, round: int) -> BeaconValue:
        """The value that a relay has. Raises PassedOver."""
        address = f"{origin}/{self._chain.hash}/public/{round}"
        try:
            async with asyncio.timeout(self._relays.seconds):
                value = json.decode(await self._content(address), type=RoundAnswer).value()
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError) as error:
            raise PassedOver(type(error).__name__) from None
        except _NOT_IN_FORM:
            raise PassedOver("no answer in the agreed form") from None
        if value.round != round:
            raise PassedOver("the value of another round")
        if not await asyncio.to_thread(self.verify, value):
            raise PassedOver("a value that the chain did not sign")
        return value

    async def _content(self, address: str) -> bytes:
        """As it came, not unpacked, so that little cannot become much."""
        content = b""
        headers = {"accept-encoding": "identity"}
        async with self._client.stream(
            "GET", address, headers=headers, follow_redirects=False
        ) as answer:
            if answer.status_code != httpx2.codes.OK:
                raise PassedOver(f"status {answer.status_code}")
            async for part in answer.aiter_raw():
                content += part
                if len(content) > _LONGEST:
                    raise PassedOver("an answer without end")
        return content
