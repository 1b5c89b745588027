"""No count under five is told or follows from what is told: worked out by linear algebra."""

from collections.abc import Iterator, Mapping
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emask.opendata.suppression import LEAST, Leaf, Told, tell

_LEAVES = st.builds(
    Leaf,
    chain=st.sampled_from(["SE", "FM", "HL"]),
    county=st.sampled_from(["臺北市", "花蓮縣", "連江縣", "金門縣"]),
    store_code=st.sampled_from(["1", "2", "3"]),
)
_COUNTS = st.one_of(st.integers(0, 9), st.integers(0, 200))
TABLES = st.dictionaries(_LEAVES, _COUNTS, max_size=24)


def sums_of(told: Told, leaves: list[Leaf]) -> Iterator[tuple[set[Leaf], int]]:
    """Each published number, with the stores that it is the sum of."""
    if told.total is not None:
        yield set(leaves), told.total
    for chain, count in told.chains.items():
        yield {leaf for leaf in leaves if leaf.chain == chain}, count
    for county, count in told.counties.items():
        yield {leaf for leaf in leaves if leaf.county == county}, count
    for cell, count in told.cells.items():
        yield {leaf for leaf in leaves if (leaf.county, leaf.chain) == cell}, count
    for leaf, count in told.stores.items():
        yield {leaf}, count


def reduced(told: Told, leaves: list[Leaf]) -> list[list[Fraction]]:
    """The published equations solved as far as they go: reduced row echelon form."""
    rows = [
        [Fraction(leaf in members) for leaf in leaves] + [Fraction(count)]
        for members, count in sums_of(told, leaves)
    ]
    solved = 0
    for column in range(len(leaves)):
        pivot = next((row for row in range(solved, len(rows)) if rows[row][column]), None)
        if pivot is None:
            continue
        rows[solved], rows[pivot] = rows[pivot], rows[solved]
        rows[solved] = [value / rows[solved][column] for value in rows[solved]]
        for row in range(len(rows)):
            if row != solved and (factor := rows[row][column]):
                rows[row] = [
                    value - factor * taken
                    for value, taken in zip(rows[row], rows[solved], strict=True)
                ]
        solved += 1
    return rows[:solved]


def worked_out(told: Told, counts: Mapping[Leaf, int]) -> dict[Leaf, int]:
    """The counts of stores that follow from what is told."""
    leaves = list(counts)
    return {
        leaves[row.index(Fraction(1))]: int(row[-1])
        for row in reduced(told, leaves)
        if sum(1 for value in row[:-1] if value) == 1
    }


def only_small_ones_hidden(counts: Mapping[Leaf, int]) -> Told:
    """What telling would be without the second step."""
    return Told(
        total=sum(counts.values()),
        chains={c: sum(n for x, n in counts.items() if x.chain == c) for c in ("SE", "FM", "HL")},
        stores={leaf: count for leaf, count in counts.items() if count >= LEAST},
    )


@given(TABLES)
def test_no_small_count_is_told_or_follows(counts: dict[Leaf, int]) -> None:
    told = tell(counts)
    assert all(count >= LEAST for _, count in sums_of(told, list(counts)))
    assert all(count >= LEAST for count in worked_out(told, counts).values())


@given(TABLES)
def test_what_is_told_is_true(counts: dict[Leaf, int]) -> None:
    for members, count in sums_of(tell(counts), list(counts)):
        assert count == sum(counts[leaf] for leaf in members)


@given(TABLES)
def test_sums_of_what_is_hidden_are_large_enough_wherever_they_follow(
    counts: dict[Leaf, int],
) -> None:
    """Each sum that is told, less the stores that are, is nothing or at least five."""
    told = tell(counts)
    for members, count in sums_of(told, list(counts)):
        hidden = members - told.stores.keys()
        rest = count - sum(told.stores[leaf] for leaf in members & told.stores.keys())
        assert not hidden or rest >= LEAST
    if told.total is not None:
        assert told.total - sum(told.chains.values()) not in range(1, LEAST)
        assert told.total - sum(told.counties.values()) not in range(1, LEAST)


def test_hiding_small_ones_alone_would_not_do() -> None:
    """The negative control of the linear algebra."""
    counts = {Leaf("SE", "臺北市", "1"): 3, Leaf("SE", "臺北市", "2"): 40}
    assert worked_out(only_small_ones_hidden(counts), counts)[Leaf("SE", "臺北市", "1")] == 3
    told = tell(counts)
    assert not told.stores
    assert told.total == told.counties["臺北市"] == told.cells["臺北市", "SE"] == 43


def test_large_counts_are_all_told() -> None:
    counts = {
        Leaf("SE", "臺北市", "1"): 70,
        Leaf("FM", "臺北市", "1"): 50,
        Leaf("SE", "花蓮縣", "2"): 5,
    }
    told = tell(counts)
    assert told.stores == counts
    assert told.cells == {("臺北市", "SE"): 70, ("臺北市", "FM"): 50, ("花蓮縣", "SE"): 5}
    assert told.chains == {"SE": 75, "FM": 50}
    assert told.counties == {"臺北市": 120, "花蓮縣": 5}


def test_a_small_county_takes_another_with_it() -> None:
    counts = {
        Leaf("SE", "臺北市", "1"): 70,
        Leaf("SE", "花蓮縣", "1"): 60,
        Leaf("SE", "連江縣", "1"): 2,
    }
    told = tell(counts)
    assert told.counties == {"臺北市": 70}
    assert told.chains == {"SE": 132}
    assert told.stores == {Leaf("SE", "臺北市", "1"): 70}


def test_a_small_chain_takes_another_with_it() -> None:
    counts = {
        Leaf("SE", "臺北市", "1"): 70,
        Leaf("FM", "臺北市", "1"): 60,
        Leaf("OK", "臺北市", "1"): 2,
    }
    told = tell(counts)
    assert told.chains == {"SE": 70}
    assert told.total == told.counties["臺北市"] == 132


@pytest.mark.parametrize("counts", [{}, {Leaf("SE", "臺北市", "1"): 4}])
def test_too_few_in_all_are_not_told_at_all(counts: dict[Leaf, int]) -> None:
    assert tell(counts) == Told()
