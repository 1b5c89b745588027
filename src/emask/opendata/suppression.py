"""Which counts may be told, so that none under five can be worked out from the others.

What is published of a round are sums over its stores: by store, by county and chain, by county,
by chain, in all. A store that stays hidden must not follow from the sums. So whatever is hidden is
hidden in groups: the stores of a group stand in the same published sums, which tell at most the
group's own sum, and that is :data:`LEAST` or more.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeVar

LEAST: Final = 5
"""The smallest count that is told."""

_HIDDEN: Final = ""  # the name that chains share whose sums are not told

Name = TypeVar("Name", bound=Hashable)
Key = TypeVar("Key", bound=Hashable)


class Leaf(NamedTuple):
    """A store, of which counts are told."""

    chain: str
    county: str
    store_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What may be told of one count; what is missing here is hidden."""

    total: int | None = None
    chains: Mapping[str, int] = field(default_factory=dict)
    counties: Mapping[str, int] = field(default_factory=dict)
    cells: Mapping[tuple[str, str], int] = field(default_factory=dict)  # county and chain
    stores: Mapping[Leaf, int] = field(default_factory=dict)


def tell(counts: Mapping[Leaf, int]) -> Told:
    """Hide every count under five, and the few others that would give those away."""
    total = sum(counts.values())
    if total < LEAST:
        return Told()
    chains = _summed(counts, lambda leaf: leaf.chain)
    small_chains = _small(chains)

    def cell_of(leaf: Leaf) -> tuple[str, str]:
        return leaf.county, _HIDDEN if leaf.chain in small_chains else leaf.chain

    in_cells: dict[tuple[str, str], dict[Leaf, int]] = defaultdict(dict)
    for leaf, count in counts.items():
        in_cells[cell_of(leaf)][leaf] = count
    cells = _summed(counts, cell_of)
    small = {cell: _small(stores) for cell, stores in in_cells.items()}
    counties = _hidden_counties(
        cells, {cell[0] for cell, stores in small.items() if not _safe(stores, counts)}
    )
    hidden = {leaf for stores in small.values() for leaf in stores}
    hidden |= {leaf for leaf in counts if leaf.county in counties}
    return Told(
        total=total,
        chains=_without(chains, small_chains),
        counties=_without(_summed(counts, lambda leaf: leaf.county), counties),
        cells={
            (county, chain): count
            for (county, chain), count in cells.items()
            if county not in counties and chain != _HIDDEN
        },
        stores=_without(counts, hidden),
    )


def _hidden_counties(cells: Mapping[tuple[str, str], int], first: set[str]) -> set[str]:
    """The first ones, and as many more as make each chain's sum over them large enough.

    There are always enough: a chain's sum over all counties is.
    """
    hidden = set(first)
    while True:
        of_hidden = {cell: count for cell, count in cells.items() if cell[0] in hidden}
        sums = _summed(of_hidden, lambda cell: cell[1])
        small = min((chain for chain, count in sums.items() if count < LEAST), default=None)
        if small is None:
            return hidden
        others = {
            county: count
            for (county, chain), count in cells.items()
            if chain == small and county not in hidden and count
        }
        hidden.add(_smallest(others))


def _small(counts: Mapping[Name, int]) -> set[Name]:
    """The counts that are too small, with the smallest other if together they are, too."""
    small = {name for name, count in counts.items() if count < LEAST}
    others = _without(counts, small)
    if not _safe(small, counts) and others:
        small.add(_smallest(others))
    return small


def _safe(group: Collection[Name], counts: Mapping[Name, int]) -> bool:
    """Whether the sum of a group may be known; nobody is in an empty one."""
    return not group or sum(counts[name] for name in group) >= LEAST


def _smallest(counts: Mapping[Name, int]) -> Name:
    return min(counts, key=lambda name: (counts[name], str(name)))


def _summed(counts: Mapping[Name, int], by: Callable[[Name], Key]) -> dict[Key, int]:
    sums: dict[Key, int] = defaultdict(int)
    for name, count in counts.items():
        sums[by(name)] += count
    return dict(sums)


def _without(counts: Mapping[Name, int], hidden: AbstractSet[Name]) -> dict[Name, int]:
    return {name: count for name, count in counts.items() if name not in hidden}
