"""What the partner API takes and tells. An ID number is only ever sent to us, never told."""

from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from emask.counter.model import Answer, Paper, Sale
from emask.language import Language
from emask.rules.calendar import Product
from emask.web.intake_problems import Problem, document

MOST_PIECES: Final = 99_999
"""That can be entered at once."""
MOST_STOCK: Final = 9_999_999
"""Pieces of a product that a site can have."""

# Something besides white space, spelt out since dialects differ in what that is; the database knows
# no text with NUL.
_WORDS: Final = (
    r"^[^\x00]*[^\x00\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
    r"[^\x00]*$"
)

_IdNumber = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=40,
        description="National ID or residence permit number, as read from the card.",
    ),
]


class EligibilityAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose card it is, or other `paper` where there is none, and what is wanted."""

    id_number: _IdNumber
    product: Product
    paper: Paper = Paper.NHI_CARD


class Eligibility(msgspec.Struct, frozen=True, kw_only=True):
    """Whether they may buy here and now: so many pieces, or the refusal that a sale would get."""

    allowed: bool
    pieces: int
    masked_name: str | None
    birth_year: int | None
    refusal: Problem | None

    @classmethod
    def of(cls, answer: Answer, language: Language) -> "Eligibility":
        """In a caller's language."""
        refusal = answer.refusal
        return cls(
            allowed=answer.allowed,
            pieces=answer.pieces,
            masked_name=answer.masked_name,
            birth_year=answer.birth_year,
            refusal=None if refusal is None else document(refusal, language),
        )


class SaleAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sale to be made; all cards that one visitor brings for others bear one `visit_id`."""

    id_number: _IdNumber
    product: Product
    paper: Paper = Paper.NHI_CARD
    by_proxy: bool = False
    visit_id: UUID | None = None


class SaleFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A sale of the site; `undone_at` is null while it stands."""

    sale_id: UUID
    product: Product
    pieces: int
    sold_on: date
    sold_at: datetime
    by_proxy: bool
    undone_at: datetime | None

    @classmethod
    def of(cls, sale: Sale) -> "SaleFacts":
        """Of the buyer they say nothing."""
        return cls(
            sale_id=sale.sale_id,
            product=sale.product,
            pieces=sale.pieces,
            sold_on=sale.sold_on,
            sold_at=sale.sold_at,
            by_proxy=sale.by_proxy,
            undone_at=sale.undone_at,
        )


class UndoAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a sale is undone, without personal data."""

    reason: Annotated[str, Meta(min_length=1, max_length=200, pattern=_WORDS)]


class StockEntered(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pieces that came in."""

    product: Product
    pieces: Annotated[int, Meta(ge=1, le=MOST_PIECES)]


class StockCounted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The pieces that somebody has counted, usually at the end of the day."""

    product: Product
    counted: Annotated[int, Meta(ge=0, le=MOST_STOCK)]


class StockLine(msgspec.Struct, frozen=True, kw_only=True):
    """The pieces that are left of a product."""

    product: Product
    pieces: int


class StockFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a site has left to sell."""

    site_code: str
    stock: list[StockLine]
