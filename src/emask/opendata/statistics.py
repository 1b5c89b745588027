"""What came of a round, in numbers of people: as documents without any small count in them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from emask.opendata.feed import csv_file
from emask.opendata.queries import DrawnRound, StoreCounts
from emask.opendata.suppression import LEAST, Leaf, Told, tell
from emask.rounds.model import COUNTIES, Chain

STORES_HEADER: Final = (
    *("round_id", "chain", "store_code", "name", "address", "county", "town"),
    *("paid", "collected"),
)

Count = Annotated[int, Meta(ge=LEAST)] | None
"""None where it is too small to be told, would give away one that is, or is not counted yet."""


class Measure(StrEnum):
    """What is counted of a round, in people."""

    REGISTERED = "registered"
    DRAWN = "drawn"
    PAID = "paid"
    COLLECTED = "collected"


class Counts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Numbers of people."""

    registered: Count
    drawn: Count
    paid: Count
    collected: Count


class ChainCounts(Counts, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Those of one chain's stores."""

    chain: Chain


class CountyCounts(Counts, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Those of the stores in one county."""

    county: str
    chains: list[ChainCounts]


class RoundStatistics(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A round's figures; of what is not in `counted` yet, every count is null."""

    round_id: str
    counted: list[Measure]
    suppressed_below: int
    total: Counts
    chains: list[ChainCounts]
    counties: list[CountyCounts]


class StoreFigures(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One store in one round: people who paid for a pack there, and who collected it."""

    round_id: str
    chain: Chain
    store_code: str
    name: str
    address: str
    county: str
    town: str
    paid: Count
    collected: Count


class RoundFigures:
    """The figures of one round, as far as they may be told.

    Args:
        of: the round.
        stores: its figures by store, as they are.
        now: decides what there is to be counted yet.
    """

    def __init__(self, of: DrawnRound, stores: Sequence[StoreCounts], *, now: datetime) -> None:
        self.round_id = of.round_id
        self._stores = stores
        self._counted = _counted(of, now)
        self._told = {
            measure: tell({_leaf(each): getattr(each, measure) for each in stores})
            for measure in self._counted
        }

    def statistics(self) -> RoundStatistics:
        """In all, by chain, and by county and chain."""
        return RoundStatistics(
            round_id=self.round_id,
            counted=self._counted,
            suppressed_below=LEAST,
            total=Counts(**self._counts(lambda told: told.total)),
            chains=[self._chain(chain) for chain in _chains(self._stores)],
            counties=[self._county(county) for county in self._counties()],
        )

    def stores(self) -> list[StoreFigures]:
        """Pick-up, store by store."""
        paid, collected = (
            self._told.get(measure, Told()).stores for measure in (Measure.PAID, Measure.COLLECTED)
        )
        return [
            StoreFigures(
                round_id=each.round_id,
                chain=Chain(each.chain),
                store_code=each.store_code,
                name=each.name,
                address=each.address,
                county=each.county,
                town=each.town,
                paid=paid.get(_leaf(each)),
                collected=collected.get(_leaf(each)),
            )
            for each in self._stores
        ]

    def _chain(self, chain: Chain) -> ChainCounts:
        return ChainCounts(chain=chain, **self._counts(lambda told: told.chains.get(chain)))

    def _county(self, county: str) -> CountyCounts:
        stores = [each for each in self._stores if each.county == county]
        return CountyCounts(
            county=county,
            chains=[self._cell(county, chain) for chain in _chains(stores)],
            **self._counts(lambda told: told.counties.get(county)),
        )

    def _cell(self, county: str, chain: Chain) -> ChainCounts:
        return ChainCounts(
            chain=chain, **self._counts(lambda told: told.cells.get((county, chain)))
        )

    def _counts(self, pick: Callable[[Told], int | None]) -> Mapping[str, int | None]:
        return {measure: pick(self._told.get(measure, Told())) for measure in Measure}

    def _counties(self) -> list[str]:
        found = {each.county for each in self._stores}
        return [*(c for c in COUNTIES if c in found), *sorted(found.difference(COUNTIES))]


def figures_of(
    rounds: Iterable[DrawnRound], stores: Iterable[StoreCounts], *, now: datetime
) -> list[RoundFigures]:
    """The figures of every round, of which `stores` are all."""
    by_round: dict[str, list[StoreCounts]] = defaultdict(list)
    for each in stores:
        by_round[each.round_id].append(each)
    return [RoundFigures(each, by_round[each.round_id], now=now) for each in rounds]


def statistics_json(figures: RoundFigures) -> bytes:
    """``rounds/<id>/statistics.json``."""
    return msgspec.json.encode(figures.statistics())


def stores_json(rounds: Iterable[RoundFigures]) -> bytes:
    """``stores.json``: a list of every round's stores."""
    return msgspec.json.encode([store for figures in rounds for store in figures.stores()])


def stores_csv(rounds: Iterable[RoundFigures]) -> bytes:
    """``stores.csv``: the same; a count that is not told is empty."""
    stores = (store for figures in rounds for store in figures.stores())
    rows = ([getattr(store, name) for name in STORES_HEADER] for store in stores)
    return csv_file(STORES_HEADER, rows)


def _counted(of: DrawnRound, now: datetime) -> list[Measure]:
    """What there is to be told at this time: nothing of a draw before it is published.

    Who pays and collects is told when it is over: of a count that runs, two readings half a minute
    apart would tell of one person at one store.
    """
    over = {
        Measure.REGISTERED: now >= of.closes_at,
        Measure.DRAWN: of.published,
        Measure.PAID: of.published and now >= of.pay_until,
        Measure.COLLECTED: of.published and now >= of.pickup_ends_at,
    }
    return [measure for measure, is_over in over.items() if is_over]


def _chains(stores: Iterable[StoreCounts]) -> list[Chain]:
    found = {each.chain for each in stores}
    return [chain for chain in Chain if chain in found]


def _leaf(store: StoreCounts) -> Leaf:
    return Leaf(store.chain, store.county, store.store_code)
