"""Quicknet's key, pace and signatures, by values that it has published."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from py_ecc.bls.hash_to_curve import hash_to_G1
from py_ecc.bls.point_compression import compress_G1, compress_G2, decompress_G1
from py_ecc.optimized_bls12_381 import (
    FQ,
    FQ12,
    G2,
    Z1,
    add,
    b,
    curve_order,
    field_modulus,
    is_inf,
    is_on_curve,
    multiply,
    neg,
    pairing,
)

from emask.database.clock import StoppedClock
from emask.draw.ports import BeaconValue
from emask.partners.beacon import QUICKNET, BeaconNotBegun, DrandBeacon, Relays
from emask.partners.beacon.bls import is_signed, public_point
from partners.relays import ROUND_42, ROUND_657413, seed_of

BEACON = DrandBeacon(
    QUICKNET,
    Relays(origins=()),
    client=httpx2.AsyncClient(transport=httpx2.MockTransport(lambda _: httpx2.Response(500))),
    clock=StoppedClock(QUICKNET.genesis),
)


def message_of(number: int) -> bytes:
    return sha256(number.to_bytes(8, "big")).digest()


def signed_as(signature: bytes, value: BeaconValue = ROUND_42) -> BeaconValue:
    return replace(value, signature=signature, randomness=seed_of(signature))


@pytest.mark.parametrize("value", [ROUND_42, ROUND_657413])
def test_published_values_verify(value: BeaconValue) -> None:
    assert BEACON.verify(value)


@pytest.mark.parametrize(
    "value",
    [
        replace(ROUND_657413, round=657414),
        replace(ROUND_42, randomness=ROUND_657413.randomness),
        signed_as(ROUND_657413.signature),
        signed_as(b""),
        signed_as(ROUND_42.signature[:-1]),
        signed_as(ROUND_42.signature + b"\0"),
        signed_as(bytes(48)),
        signed_as(b"\xff" * 48),
        signed_as(bytes([0xC0]) + bytes(47)),
        signed_as(bytes([ROUND_42.signature[0] ^ 0x20]) + ROUND_42.signature[1:]),
    ],
    ids=[
        "the round after",
        "another randomness",
        "another round's",
        "none",
        "too short",
        "too long",
        "not compressed",
        "no point",
        "the point at infinity",
        "the opposite point",
    ],
)
def test_nothing_else_verifies(value: BeaconValue) -> None:
    assert not BEACON.verify(value)


def test_another_key_s_signature_does_not_verify() -> None:
    secret = 2020_03_12
    own = compress_G1(multiply(hash_to_G1(message_of(42), _DOMAIN, sha256), secret))
    signature = own.to_bytes(48, "big")
    key = b"".join(each.to_bytes(48, "big") for each in compress_G2(multiply(G2, secret)))
    assert is_signed(message_of(42), signature, public_key=key)
    assert not BEACON.verify(signed_as(signature))


def test_a_point_that_pairings_do_not_see_cannot_be_added() -> None:
    """Without the check of the group a relay could choose the seed among such sums."""
    stray = multiply(_point_of_the_curve(), curve_order)
    assert not is_inf(stray)
    genuine = decompress_G1(int.from_bytes(ROUND_42.signature, "big"))
    altered = add(genuine, stray)
    hashed = hash_to_G1(message_of(42), _DOMAIN, sha256)
    key = public_point(QUICKNET.public_key)
    assert pairing(neg(G2), altered) * pairing(key, hashed) == FQ12.one()  # all but the group
    signature = compress_G1(altered).to_bytes(48, "big")
    assert signature != ROUND_42.signature
    assert not BEACON.verify(signed_as(signature))


def test_a_key_is_a_point_of_its_group() -> None:
    for key in (b"", QUICKNET.public_key[:-1], bytes([0xC0]) + bytes(95), bytes(96)):
        with pytest.raises(ValueError, match=r"."):
            public_point(key)
        assert not is_signed(message_of(42), ROUND_42.signature, public_key=key)


def test_what_is_pinned_is_quicknet() -> None:
    assert (BEACON.name, BEACON.public_key) == ("drand-quicknet", QUICKNET.public_key)
    assert QUICKNET.genesis == datetime(2023, 8, 23, 15, 9, 27, tzinfo=UTC)
    assert QUICKNET.period == timedelta(seconds=3)
    assert QUICKNET.hash == "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
    key_checksum = sha256(QUICKNET.public_key).hexdigest()
    assert key_checksum == "96e74fcdd3a118406d3800a4e4935e67450a6befde915d47a0d6a13519cee134"


def test_rounds_are_counted_from_the_beginning() -> None:
    assert BEACON.instant_of(1) == QUICKNET.genesis
    assert BEACON.round_after(QUICKNET.genesis) == 2
    assert BEACON.round_after(BEACON.instant_of(657413)) == 657414
    assert BEACON.round_after(BEACON.instant_of(657413) - timedelta(microseconds=1)) == 657413


@given(st.integers(0, 100 * 366 * 86_400 * 1000).map(lambda each: timedelta(milliseconds=each)))
def test_the_next_round_comes_within_a_period(age: timedelta) -> None:
    instant = QUICKNET.genesis + age
    ahead = BEACON.instant_of(BEACON.round_after(instant)) - instant
    assert timedelta(0) < ahead <= QUICKNET.period


def test_a_clock_of_2020_is_refused_with_the_reason() -> None:
    with pytest.raises(BeaconNotBegun, match=r"began on 2023-08-23.*known to everybody.*sandbox"):
        BEACON.round_after(datetime(2020, 3, 18, 12, 0, tzinfo=UTC))
    with pytest.raises(BeaconNotBegun):
        BEACON.round_after(QUICKNET.genesis - timedelta(microseconds=1))


_DOMAIN = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"


def _point_of_the_curve() -> Any:
    """Of the whole curve, of which the group is a part."""
    found = Z1
    x = 0
    while is_inf(found) or is_inf(multiply(found, curve_order)):
        x += 1
        y = pow(x**3 + b.n, (field_modulus + 1) // 4, field_modulus)
        point = (FQ(x), FQ(y), FQ(1))
        found = point if is_on_curve(point, b) else Z1
    return found


def test_deep_json_is_refused_as_before_in_a_process_that_checks_signatures() -> None:
    look = "import sys; print(sys.getrecursionlimit()); import {}; print(sys.getrecursionlimit())"
    for module, alike in (("emask.partners.beacon.bls", True), ("py_ecc", False)):
        command = [sys.executable, "-c", look.format(module)]
        seen = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        assert (seen[0] == seen[1]) == alike
