"""Asking relays for a round of quicknet: who is believed, and who is passed over."""

import asyncio
import logging
import threading
import time
from dataclasses import replace
from datetime import datetime, timedelta

import httpx2
import pytest

from emask.database.clock import StoppedClock
from emask.draw.ports import Beacon, BeaconNotReady, BeaconValue
from emask.partners.beacon import QUICKNET, DrandBeacon, Relays
from partners.relays import PATH_42, ROUND_42, ROUND_657413, ok, relay, seed_of, told

NOW = QUICKNET.instant_of(1_000_000)


async def asked(
    *origins: str, number: int = 42, seconds: float = 5, now: datetime = NOW
) -> tuple[int, bytes]:
    async with httpx2.AsyncClient(trust_env=False) as client:
        beacon: Beacon = DrandBeacon(
            QUICKNET,
            Relays(origins=origins, seconds=seconds),
            client=client,
            clock=StoppedClock(now),
        )
        value = await beacon.value_of(number)
        return value.round, value.randomness


async def test_the_named_round_is_asked_for_by_chain_and_number() -> None:
    async with relay(told(ROUND_42)) as (origin, paths):
        assert await asked(origin) == (42, ROUND_42.randomness)
    assert paths == [PATH_42]


async def test_the_first_that_has_it_is_enough() -> None:
    async with relay(told(ROUND_42)) as (first, _), relay(told(ROUND_42)) as (second, paths):
        await asked(first, second)
    assert paths == []


async def never(_: str) -> bytes:
    await asyncio.sleep(5)
    return b""


FORGED = ROUND_42.signature[:-1] + bytes([ROUND_42.signature[-1] ^ 1])
OTHERS = ROUND_657413.signature
UNFIT = {
    "lags": ok(b"", "404 Not Found"),
    "lags, and says so": ok(b"{}", "425 Too Early"),
    "fails": ok(b"", "500 Internal Server Error"),
    "sends elsewhere": ok(b"", "302 Found", "location: http://127.0.0.1:9/\r\n"),
    "hangs up": b"",
    "speaks no HTTP": b"randomness!\r\n\r\n",
    "answers nothing": ok(b""),
    "answers a page": ok(b"<html>welcome</html>"),
    "answers a list": ok(b"[42]"),
    "answers nested without end": ok(b"[" * 4000),
    "answers no UTF-8": ok(b'{"round":42,"randomness":"\xff"}'),
    "answers without end": ok(b" " * 1_000_000),
    "answers packed": ok(b"\x1f\x8b\x08\x00", more="content-encoding: gzip\r\n"),
    "answers words for numbers": told(ROUND_42, round="42"),
    "leaves the signature out": told(ROUND_42, signature=""),
    "answers the latest round": told(ROUND_657413),
    "calls another round the asked one": told(replace(ROUND_657413, round=42)),
    "lies about the randomness": told(ROUND_42, randomness="0" * 64),
    "forges": told(replace(ROUND_42, signature=FORGED, randomness=seed_of(FORGED))),
}


@pytest.mark.parametrize("answer", UNFIT.values(), ids=UNFIT)
async def test_one_of_no_use_is_passed_over_and_named(
    answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with relay(answer) as (bad, bad_paths), relay(told(ROUND_42)) as (good, _):
        assert await asked(bad, good) == (42, ROUND_42.randomness)
    assert bad_paths == [PATH_42]
    warnings = [each for each in caplog.messages if "relay" in each]
    assert len(warnings) == 1
    assert warnings[0].startswith(f"relay {bad}, round 42: ")


async def test_one_that_is_silent_is_given_up_in_time() -> None:
    async with relay(never) as (silent, _), relay(told(ROUND_42)) as (good, _):
        began = time.monotonic()
        assert (await asked(silent, good, seconds=0.2))[0] == 42
        assert time.monotonic() - began < 4


async def test_one_that_is_not_there_is_passed_over() -> None:
    async with relay(b"") as (gone, _):
        pass
    async with relay(told(ROUND_42)) as (good, _):
        assert (await asked(gone, good))[0] == 42


async def test_what_no_relay_has_is_not_ready(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    async with relay(UNFIT["lags"]) as (one, _), relay(UNFIT["forges"]) as (other, _):
        with pytest.raises(BeaconNotReady, match="no relay has beacon round 42"):
            await asked(one, other)
    assert "status 404" in caplog.text
    assert "the chain did not sign" in caplog.text


async def test_nobody_is_asked_before_the_instant() -> None:
    async with relay(told(ROUND_42)) as (origin, paths):
        instant = QUICKNET.instant_of(42)
        with pytest.raises(BeaconNotReady, match="lies ahead"):
            await asked(origin, now=instant - timedelta(microseconds=1))
        assert paths == []
        assert (await asked(origin, now=instant))[0] == 42


class Noting(DrandBeacon):
    """Notes in which thread signatures are checked."""

    thread = 0

    def verify(self, value: BeaconValue) -> bool:
        self.thread = threading.get_ident()
        return super().verify(value)


async def test_signatures_are_not_checked_where_everything_else_waits() -> None:
    async with relay(told(ROUND_42)) as (origin, _), httpx2.AsyncClient(trust_env=False) as client:
        relays = Relays(origins=[origin])
        beacon = Noting(QUICKNET, relays, client=client, clock=StoppedClock(NOW))
        await beacon.value_of(42)
    assert beacon.thread not in (0, threading.get_ident())
