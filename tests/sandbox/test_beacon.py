"""The sandbox beacon keeps the promises of a real one, and says that it is none."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emask.draw.ports import BeaconNotReady
from emask.sandbox.beacon import PERIOD, SandboxBeacon

SECRET = b"a secret of the tests, 32 bytes."


@dataclass
class StoppedClock:
    """A clock without a database."""

    instant: datetime

    async def now(self) -> datetime:
        return self.instant


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(datetime(2020, 3, 18, 12, 0, tzinfo=UTC))


@pytest.fixture
def beacon(clock: StoppedClock) -> SandboxBeacon:
    return SandboxBeacon(clock, secret=SECRET)


def test_its_name_says_what_it_is(beacon: SandboxBeacon) -> None:
    assert beacon.name == "sandbox"


async def test_a_value_appears_at_its_instant_and_verifies(
    beacon: SandboxBeacon, clock: StoppedClock
) -> None:
    number = beacon.round_after(clock.instant)
    with pytest.raises(BeaconNotReady):
        await beacon.value_of(number)
    clock.instant = beacon.instant_of(number)
    value = await beacon.value_of(number)
    assert value.randomness == sha256(value.signature).digest()
    assert beacon.verify(value)


async def test_nothing_else_verifies(beacon: SandboxBeacon, clock: StoppedClock) -> None:
    value = await beacon.value_of(beacon.round_after(clock.instant) - 1)
    other = SandboxBeacon(clock, secret=b"another secret of somebody else.")
    forged = await other.value_of(value.round)
    wrong_signature = bytes([value.signature[0] ^ 1]) + value.signature[1:]
    assert not beacon.verify(replace(value, round=value.round + 1))
    assert not beacon.verify(replace(value, randomness=bytes(32)))
    assert not beacon.verify(
        replace(value, signature=wrong_signature, randomness=sha256(wrong_signature).digest())
    )
    assert not beacon.verify(forged)
    assert not beacon.verify(replace(value, signature=b"", randomness=sha256(b"").digest()))


async def test_the_same_secret_gives_the_same_values(
    beacon: SandboxBeacon, clock: StoppedClock
) -> None:
    twin = SandboxBeacon(clock, secret=SECRET)
    number = beacon.round_after(clock.instant) - 1
    assert await twin.value_of(number) == await beacon.value_of(number)
    assert twin.public_key == beacon.public_key


@given(st.integers(0, 100 * 366 * 86_400 * 1000).map(lambda each: timedelta(milliseconds=each)))
def test_the_next_round_comes_within_a_period_at_any_time(age: timedelta) -> None:
    instant = datetime(2000, 1, 2, tzinfo=UTC) + age
    beacon = SandboxBeacon(StoppedClock(instant), secret=SECRET)
    ahead = beacon.instant_of(beacon.round_after(instant)) - instant
    assert timedelta(0) < ahead <= PERIOD
