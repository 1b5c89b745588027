"""What became of a round's packs, by chain and by county."""

from dataclasses import dataclass, fields
from enum import StrEnum
from operator import attrgetter
from typing import Self

from emask.database.pool import Transaction
from emask.delivery import figures_queries as queries
from emask.delivery.figures_queries import StoreFigures
from emask.rounds.model import Chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Numbers of packs.

    Args:
        paid: ordered and paid for.
        arrived: that reached their store, whatever became of them there.
        by_owner: collected by who ordered them.
        by_proxy: collected by somebody else with the orderer's document (B4).
        forfeited: given up; reopened ones are not among them.
        returned: of those, back at the logistics centre.
    """

    paid: int = 0
    arrived: int = 0
    by_owner: int = 0
    by_proxy: int = 0
    forfeited: int = 0
    returned: int = 0

    @property
    def collected(self) -> int:
        return self.by_owner + self.by_proxy

    @property
    def share(self) -> float:
        """Collected of those paid for, between 0 and 1."""
        return self.collected / self.paid if self.paid else 0.0

    @property
    def missing(self) -> int:
        """Given up, and not back."""
        return self.forfeited - self.returned

    def __add__(self, other: Self) -> Self:
        return type(self)(
            **{
                each.name: getattr(self, each.name) + getattr(other, each.name)
                for each in fields(self)
            }
        )


class By(StrEnum):
    """What figures are told apart by."""

    CHAIN = "chain"
    COUNTY = "county"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundFigures:
    """A round's figures in all, by chain and by county."""

    total: Figures
    chains: dict[Chain, Figures]
    counties: dict[str, Figures]


async def figures_of(tx: Transaction, *, round_id: str) -> RoundFigures:
    """The figures of one round; chains and counties without a paid order are left out."""
    stores = await queries.by_store(tx, round_id)
    return RoundFigures(
        total=sum((_figures(each) for each in stores), Figures()),
        chains={Chain(chain): each for chain, each in _summed(stores, By.CHAIN).items()},
        counties=_summed(stores, By.COUNTY),
    )


def _summed(stores: list[StoreFigures], by: By) -> dict[str, Figures]:
    found: dict[str, Figures] = {}
    name = attrgetter(by)
    for each in sorted(stores, key=name):
        found[name(each)] = found.get(name(each), Figures()) + _figures(each)
    return found


def _figures(of: StoreFigures) -> Figures:
    return Figures(**{each.name: getattr(of, each.name) for each in fields(Figures)})
