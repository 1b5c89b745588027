"""B12 and the lesson of a voided lottery: when, where and how somebody registered is no matter."""

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import replace

import pytest

from draw.town import Entry, Town, crowd

ENTRIES, QUOTA = 4000, 1500
CRITICAL = {2: 13.82, 3: 16.27, 9: 27.88}  # chi-square at 0.001, by degrees of freedom


def decile(entry: Entry) -> int:
    place = crowd_place[entry.person_id]
    return place * 10 // ENTRIES


CROWD = crowd(ENTRIES)
crowd_place = {entry.person_id: place for place, entry in enumerate(CROWD)}
GROUPINGS: dict[str, Callable[[Entry], Hashable]] = {
    "when": decile,
    "how": lambda entry: entry.channel,
    "where": lambda entry: entry.store,
}


def chi_square(selected: list[Entry], group_of: Callable[[Entry], Hashable]) -> tuple[float, int]:
    """How far the selected are from an even share of each group, and the degrees of freedom."""
    sizes = Counter(map(group_of, CROWD))
    hits = Counter(map(group_of, selected))
    share = len(selected) / ENTRIES
    distance = sum(
        (hits[group] - size * share) ** 2 * (1 / (size * share) + 1 / (size * (1 - share)))
        for group, size in sizes.items()
    )
    return distance, len(sizes) - 1


async def selected_in(town: Town) -> list[Entry]:
    large = replace(town, round=replace(town.round, quota=QUOTA))
    await large.build()
    await large.enter(CROWD)
    await large.draw()
    winning = {ticket for ticket, selected in await large.results() if selected}
    return [entry for entry in CROWD if entry.ticket.bytes in winning]


async def test_selection_does_not_depend_on_when_where_or_how(town: Town) -> None:
    selected = await selected_in(town)
    assert len(selected) == QUOTA
    for grouping, group_of in GROUPINGS.items():
        distance, freedom = chi_square(selected, group_of)
        assert distance < CRITICAL[freedom], grouping


@pytest.mark.parametrize("grouping", ["when", "how"])
def test_the_measure_sees_an_unfair_draw(grouping: str) -> None:
    """The negative control: first come, first served; and computers first."""
    order = {"when": lambda entry: crowd_place[entry.person_id], "how": lambda entry: entry.channel}
    selected = sorted(CROWD, key=order[grouping])[:QUOTA]
    distance, freedom = chi_square(selected, GROUPINGS[grouping])
    assert distance > CRITICAL[freedom]
