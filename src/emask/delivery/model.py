"""Packs on their way to people: parcels, packing lists, slips."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from emask.rounds.model import Chain
from emask.rules.people import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One packed order; the bag number tells it apart within its store and round."""

    person_id: UUID
    round_id: str
    chain: Chain
    store_code: str
    bag_number: int
    pickup_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackingLine:
    """How many packs one store is sent (B16)."""

    store_code: str
    store_name: str
    packs: int


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
