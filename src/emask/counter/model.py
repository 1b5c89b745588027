"""Pharmacies and health centres, their stock, their answers and their sales."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from emask.counter.address import Place, place_of
from emask.rules.calendar import Product
from emask.rules.refusals import Refusal


class SiteKind(StrEnum):
    """What kind of institution sells at the counter (B9)."""

    PHARMACY = "pharmacy"
    HEALTH_CENTRE = "health_centre"

    @classmethod
    def of_name(cls, name: str) -> "SiteKind":
        """The kind that an institution's name tells.

        Pharmacies are called so; the rest (衛生所, 健康服務中心, and on two coasts a hospital in
        their place) are public.
        """
        pharmacy = "藥局" in name or "藥房" in name
        return cls.PHARMACY if pharmacy else cls.HEALTH_CENTRE


class Paper(StrEnum):
    """What shows whose purchase it is: the NHI card, or another paper of who has none."""

    NHI_CARD = "nhi_card"
    NATIONAL_ID = "national_id"
    RESIDENCE_PERMIT = "residence_permit"
    PASSPORT = "passport"
    ENTRY_PERMIT = "entry_permit"
    HOUSEHOLD_DOCUMENT = "household_document"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A point on the map in degrees (WGS 84)."""

    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One pharmacy or health centre under its institution code, and where it is if known."""

    site_code: str
    kind: SiteKind
    name: str
    address: str
    phone: str
    location: Location | None = None

    @property
    def place(self) -> Place:
        """Its county and town."""
        return place_of(self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether the holder of a card may buy here and now, and if not, by which rule.

    Of the person it says no more than a counter needs; without a known person it says nothing.
    """

    pieces: int
    refusal: Refusal | None
    masked_name: str | None
    birth_year: int | None

    @property
    def allowed(self) -> bool:
        return self.refusal is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """One counter sale; `sold_on` is the day on the buyer's timeline (B10).

    `visit_id` names the visit of who acted for the card's holder, where the site says so.
    """

    sale_id: UUID
    person_id: UUID
    site_code: str
    product: Product
    pieces: int
    sold_on: date
    sold_at: datetime
    sold_by: str
    by_proxy: bool
    visit_id: UUID | None = None
    paper: Paper = Paper.NHI_CARD
    undone_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What a person bought at a counter, as told to that person; undone ones count for nothing."""

    bought_on: date
    site_name: str
    product: Product
    pieces: int
    undone: bool


class UnknownSite(LookupError):
    """No pharmacy or health centre has this code."""


class UnknownSale(LookupError):
    """This person has no such sale."""


class TooLateToUndo(Exception):
    """A sale can be undone for five minutes; after that the days it took are used."""
