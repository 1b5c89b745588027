"""Stores, their chains, and what reading a file of them reports."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

COUNTIES = (
    *("臺北市", "新北市", "基隆市", "桃園市", "新竹市", "新竹縣", "苗栗縣", "臺中市", "彰化縣"),
    *("南投縣", "雲林縣", "嘉義市", "嘉義縣", "臺南市", "高雄市", "屏東縣", "宜蘭縣", "花蓮縣"),
    *("臺東縣", "澎湖縣", "金門縣", "連江縣"),
)
"""Cities and counties in the order of lists: down the west, up the east, the islands."""


class Chain(StrEnum):
    """A convenience-store chain (B3)."""

    SE = "SE"
    FM = "FM"
    HL = "HL"
    OK = "OK"

    @property
    def label(self) -> str:
        """The name by which people know it: 7-11, 全家, 萊爾富, OK."""
        return _LABELS[self][0]

    @property
    def label_en(self) -> str:
        return _LABELS[self][1]

    @classmethod
    def from_label(cls, label: str) -> "Chain":
        """The chain of a name in either language.

        Raises:
            LookupError: no chain is called so.
        """
        for chain, labels in _LABELS.items():
            if label in labels:
                return chain
        raise LookupError(f"no chain is called {label}")


_LABELS = {
    Chain.SE: ("7-11", "7-ELEVEN"),
    Chain.FM: ("全家", "FamilyMart"),
    Chain.HL: ("萊爾富", "Hi-Life"),
    Chain.OK: ("OK", "OK Mart"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A shop where packs are handed out; chain and code together tell it apart.

    County and town are written with 臺; name and address stand as the chain published them.
    """

    chain: Chain
    code: str
    name: str
    address: str
    county: str
    town: str
    zip_code: str
    open: bool = True


class PlaceCount(NamedTuple):
    """How many open stores a town has."""

    county: str
    town: str
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LineError:
    """Why one line of a file was not accepted; `line` counts from 1, the heading included."""

    line: int
    field: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What a file brought. With errors nothing was written and the figures are 0.

    Each line counts once. `closed` counts what was open before and no longer is: marked so, or no
    longer in the file; `reopened` the other way round; `moved` what has another town or address.
    `warnings` tell of what looks wrong and was taken all the same.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    closed: int = 0
    moved: int = 0
    reopened: int = 0
    warnings: tuple[LineError, ...] = ()
    errors: tuple[LineError, ...] = ()


class Change(StrEnum):
    """What can become of a store."""

    ADDED = "added"
    CHANGED = "changed"
    MOVED = "moved"
    CLOSED = "closed"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What one store was, and what it became; `was` is None for one that is new."""

    kind: Change
    was: Store | None
    became: Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Closings:
    """How many of a chain's open stores a list would close."""

    chain: Chain
    closing: int
    open: int

    @property
    def share(self) -> float:
        """Of the open stores, from 0 to 1."""
        return self.closing / self.open

    @property
    def plausible(self) -> bool:
        """Whether the list may be trusted in this."""
        return plausible_to_close(self.closing, of=self.open)


def plausible_to_close(closing: int, *, of: int) -> bool:
    """A week closes a few; more than a few and one in twenty is more likely a torn file."""
    return closing <= _A_FEW or closing * _ONE_IN <= of


_A_FEW = 10
_ONE_IN = 20
