"""The run of parcels: each ends where its chain has it, and one that does not would show."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from emask.cli.bench_parcels import ParcelsBench, carry_out, told
from emask.cli.bench_parcels_plan import Yard, open_yard

FINE = ParcelsBench(
    parcels=100,
    paid=100,
    packed=100,
    created=100,
    twice=0,
    arrived=95,
    collected=60,
    forfeited=40,
    back=39,
    lost=1,
    wrong=0,
    messages=700,
    unknown_codes=5,
    kills=2,
    create_seconds=1.0,
    tell_seconds=2.0,
)


@pytest.fixture
async def yard(database_url: str, tmp_path: Path) -> AsyncIterator[Yard]:
    async with open_yard(database_url, tmp_path / "keys.json") as opened:
        yield opened


async def test_each_parcel_ends_where_its_last_event_says_though_workers_are_killed(
    yard: Yard,
) -> None:
    found = await carry_out(yard, parcels=300)
    assert found.sound, found
    assert found.kills == 2
    assert found.unknown_codes
    assert found.messages > 6 * 300
    assert found.collected > 0
    assert found.back > 0


async def test_a_lost_message_shows(yard: Yard) -> None:
    """The negative control: the last word about one parcel is never told."""
    found = await carry_out(yard, parcels=120, mislaid=1)
    assert not found.sound
    assert found.wrong == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"paid": 99},
        {"packed": 101},
        {"created": 99},
        {"twice": 1},
        {"collected": 59},
        {"back": 40},
        {"wrong": 1},
    ],
)
def test_anything_that_does_not_add_up_is_unsound(changed: dict[str, Any]) -> None:
    assert FINE.sound
    assert not replace(FINE, **changed).sound
    assert "wrong state           0" in told(FINE)
