"""May this person buy, and if not, why: one answer for counter, citizen and hotline (B7-B10)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from emask.counter import why_queries as queries
from emask.counter.model import Paper, Purchase
from emask.counter.queries import CardHolder
from emask.database.pool import Transaction
from emask.entitlement import service as entitlement
from emask.rounds.service import policy_on
from emask.rules.calendar import CounterPolicy, Product
from emask.rules.eligibility import check_counter_person
from emask.rules.interval import Claim, sell_at_counter
from emask.rules.refusals import (
    CardInactive,
    CardUnknown,
    ChildNotEligible,
    OutOfStock,
    ProductNotForAdult,
    Refusal,
    SiteInactive,
)

_LOOK_AHEAD: Final = 70
"""Days in which a next one is sought: several intervals and the longest window of a round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What a site has left of a product; `active`: the site takes part."""

    site_name: str
    active: bool
    pieces: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Who wants to buy what on which day; `shelf` is None where nobody stands at a counter."""

    holder: CardHolder | None
    last_digit: int
    policy: CounterPolicy
    product: Product
    day: date
    paper: Paper = Paper.NHI_CARD
    shelf: Shelf | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The pieces of a product that can be bought, or the first rule that refuses them."""

    product: Product
    pieces: int
    refusal: Refusal | None

    @property
    def allowed(self) -> bool:
        return self.refusal is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A paid pre-order that is not handed out yet, and its days, both included."""

    round_id: str
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Where a person stands on a day: each product, the next dates, what was bought at counters.

    The product that is for this person comes first.

    `next_at_counter` is the first day from `day` on when a counter would sell, by the rules now in
    force, odd and even counted; None without a card in use.
    """

    day: date
    verdicts: tuple[Verdict, ...]
    next_at_counter: date | None
    collections: tuple[Collection, ...]
    purchases: tuple[Purchase, ...]


async def why(tx: Transaction, *, person_id: UUID, last_digit: int, day: date) -> Why:
    """What the person hears, whoever tells it. Raises NoPolicy before the scheme began."""
    holder = await queries.holder(tx, person_id)
    policy = await policy_on(tx, day)
    claims = await entitlement.claims_of(tx, person_id)
    cases = [
        Case(
            holder=holder,
            last_digit=last_digit,
            policy=policy,
            product=product,
            day=day,
        )
        for product in Product
    ]
    verdicts = [await verdict(tx, case, person_id=person_id, claims=claims) for case in cases]
    days = [found for case in cases if (found := _first_day(case, claims)) is not None]
    return Why(
        day=day,
        verdicts=_own_first(verdicts),
        next_at_counter=min(days, default=None),
        collections=_collections(claims, day),
        purchases=tuple(await queries.purchases(tx, person_id)),
    )


async def verdict(
    tx: Transaction, case: Case, *, person_id: UUID, claims: Sequence[Claim]
) -> Verdict:
    """The answer for one product: person and card, product, odd or even day, stock, claims."""
    try:
        pieces = pieces_for(case)
        await entitlement.check_counter_sale(
            tx,
            claims,
            person_id=person_id,
            day=case.day,
            interval_days=case.policy.interval_days,
        )
    except Refusal as refusal:
        return Verdict(product=case.product, pieces=0, refusal=refusal)
    return Verdict(product=case.product, pieces=pieces, refusal=None)


def pieces_for(case: Case) -> int:
    """What the person may buy, claims aside.

    Raises:
        SiteInactive, CardUnknown, CardInactive, ChildNotEligible, ProductNotForAdult,
        WrongDayOddEven, OutOfStock: in this order; the card's only where the card is what was
        shown.
    """
    if case.shelf is not None and not case.shelf.active:
        raise SiteInactive(site_name=case.shelf.site_name)
    by_card = case.paper is Paper.NHI_CARD
    if case.holder is None or (by_card and case.holder.card_active is None):
        raise CardUnknown
    if by_card and not case.holder.card_active:
        raise CardInactive
    pieces = check_counter_person(
        case.policy,
        birth_date=case.holder.birth_date,
        product=case.product,
        day=case.day,
        id_number_last_digit=case.last_digit,
    )
    if case.shelf is not None and case.shelf.pieces < pieces:
        raise OutOfStock(site_name=case.shelf.site_name)
    return pieces


def _first_day(case: Case, claims: Sequence[Claim]) -> date | None:
    days = (case.day + timedelta(days=number) for number in range(_LOOK_AHEAD))
    return next((day for day in days if _sells(replace(case, day=day), claims)), None)


def _sells(case: Case, claims: Sequence[Claim]) -> bool:
    try:
        pieces_for(case)
        sell_at_counter(claims, day=case.day, interval_days=case.policy.interval_days, reference="")
    except Refusal:
        return False
    return True


def _own_first(verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    others = ChildNotEligible, ProductNotForAdult
    return tuple(sorted(verdicts, key=lambda each: isinstance(each.refusal, others)))


def _collections(claims: Sequence[Claim], day: date) -> tuple[Collection, ...]:
    return tuple(
        Collection(
            round_id=claim.window.round_id,
            first=claim.during.start,
            last=claim.window.pickup_until,
        )
        for claim in claims
        if claim.window and not claim.collected and claim.window.pickup_until >= day
    )
