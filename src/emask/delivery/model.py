"""Packs on their way to people: parcels, packing lists, slips."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from emask.rounds.model import Chain
from emask.rules.people import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One packed order; the bag number tells it apart within its store and round.

    `reopened_until` is the last day of the one re-collection that an operator allowed; `short`
    that the pack is missing in its centre.
    """

    person_id: UUID
    round_id: str
    chain: Chain
    store_code: str
    bag_number: int
    pickup_number: str
    reopened_until: date | None
    short: bool


class ShipmentState(StrEnum):
    """Where the packs of one store are."""

    PACKED = "packed"
    SHIPPED = "shipped"
    ARRIVED = "arrived"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackingLine:
    """How many packs one store is sent (B16), and how far they are.

    Args:
        open: whether the store still is; nothing is sent to one that closed.
        late: the chain reported that it will not be there when pick-up begins.
        to_come: the packs that have yet to reach the store, `short` and `later` among them.
        short: those that the centre does not have.
        later: those that are sent after the others had left.
        confirmed: the centre confirmed that it is packed.
    """

    store_code: str
    store_name: str
    open: bool
    packs: int
    state: ShipmentState
    late: bool
    to_come: int
    short: int
    later: int
    confirmed: bool

    @property
    def exceptional(self) -> bool:
        """Somebody has to see to it: closed, late, short, or more to be sent."""
        trailing = self.state is ShipmentState.ARRIVED and self.to_come > 0
        return not self.open or self.late or self.short + self.later > 0 or trailing


@dataclass(frozen=True, slots=True, kw_only=True)
class PackingTotals:
    """The sums of a packing list: stores by state, `to_come` and `short` in packs.

    `confirmed` counts the stores that the centre confirmed as packed, `exceptions` those to which
    somebody has to see.
    """

    stores: int
    packs: int
    packed: int
    shipped: int
    arrived: int
    confirmed: int
    to_come: int
    short: int
    exceptions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PackingFile:
    """One version of what a logistics centre is told to pack; `sha256` in hexadecimal."""

    round_id: str
    chain: Chain
    version: int
    made_at: datetime
    made_by: str
    stores: int
    packs: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """Packs that a centre did not have, for one store or (None) anywhere; `waiting` still are."""

    shortage_id: UUID
    chain: Chain
    store_code: str | None
    packs: int
    reported_at: datetime
    reported_by: str
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """What the kiosk prints: which bag, whose, against which document (B15).

    `number` is printed and nowhere kept; the till finds the pack by it until `expires_at`.
    """

    number: str
    bag_number: int
    masked_name: str
    documents: tuple[Document, ...]
    printed_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Till:
    """Where a pack is handed over, and by whose account."""

    chain: Chain
    store_code: str
    clerk: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bag:
    """What the till shows of a slip: which bag, whose, against which document (B15)."""

    person_id: UUID
    round_id: str
    bag_number: int
    masked_name: str
    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """A pack handed over; `nth` tells those of one pack apart when some were taken back."""

    person_id: UUID
    round_id: str
    nth: int
    bag_number: int
    collected_at: datetime
    chain: Chain
    store_code: str
    store_name: str
    document: Document
    by_proxy: bool
    clerk: str
    undone: bool


class NotReleasedYet(Exception):
    """Money for the round can still settle; packing starts at its release_at."""


class NothingToPack(Exception):
    """No pack of this round is to go to a store of this chain."""


class UnknownHandOver(LookupError):
    """There was no such hand-over."""


class NotSoMany(Exception):
    """More packs are said to be missing, or to have come, than there are."""

    def __init__(self, there: int) -> None:
        super().__init__(there)
        self.there = there


class NotForfeited(Exception):
    """Only a forfeited order can be reopened, and only once."""
