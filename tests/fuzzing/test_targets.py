"""A few inputs for every target; `make fuzz` feeds many more, guided by coverage."""

import runpy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzzing.targets import TARGETS


@st.composite
def altered(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """A valid example, cut short or with bytes changed, left out and put in."""
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, max(0, len(data) - 1)))
        match draw(st.sampled_from(("change", "change", "leave out", "put in", "cut"))):
            case "change":
                data[place : place + 1] = draw(st.binary(min_size=1, max_size=1))
            case "leave out":
                del data[place : place + draw(st.integers(1, 20))]
            case "put in":
                data[place:place] = draw(st.binary(max_size=20))
            case _:
                del data[place:]
    return bytes(data)


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_no_input_is_met_with_a_fault(name: str) -> None:
    target = TARGETS[name]
    seeds = target.seeds()

    for seed in seeds:
        target.read(seed)

    @given(st.one_of(altered(seeds), st.binary(max_size=300)))
    def feed(data: bytes) -> None:
        target.read(data)

    feed()


def test_the_script_runs_every_target() -> None:
    script = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "fuzz.py"))
    assert set(script["NAMES"]) == set(TARGETS)
