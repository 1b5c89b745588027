"""Packs on their way to people: parcels, packing lists, slips."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from emask.rounds.model import Chain
from emask.rules.people import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One packed order; the bag number tells it apart within its store and round.

    `reopened_until` is the last day of the one re-collection that an operator allowed.
    """

    person_id: UUID
    round_id: str
    chain: Chain
    store_code: str
    bag_number: int
    pickup_number: str
    reopened_until: date | None


class ShipmentState(StrEnum):
    """Where the packs of one store are."""

    PACKED = "packed"
    SHIPPED = "shipped"
    ARRIVED = "arrived"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackingLine:
    """How many packs one store is sent (B16), and how far they are.

    `late` is what the chain reported as not there when pick-up begins; `to_come` counts the packs
    that have yet to reach the store, also those that were sent there after the others.
    """

    store_code: str
    store_name: str
    packs: int
    state: ShipmentState
    late: bool
    to_come: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """What the kiosk prints for the clerk: which bag, whose, against which document (B15)."""

    person_id: UUID
    round_id: str
    bag_number: int
    masked_name: str
    documents: tuple[Document, ...]
    earliest: date


class NotReleasedYet(Exception):
    """Money for the round can still settle; packing starts at its release_at."""


class NotForfeited(Exception):
    """Only a forfeited order can be reopened, and only once."""
