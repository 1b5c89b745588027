"""Who may pre-order (B1-B5, B7), and who may buy what at a counter on which day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from emask.rules.calendar import Channel, CounterPolicy, Product, Round
from emask.rules.interval import Claim, Window, window_blocked
from emask.rules.people import is_child
from emask.rules.refusals import (
    AlreadyBought,
    ChannelNotOffered,
    ChildNotEligible,
    Closed,
    IntervalNotOver,
    NotOpenYet,
    ProductNotForAdult,
    ProductNotOnline,
    WrongDayOddEven,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreorderCase:
    """All facts that decide whether one person may pre-order now.

    `claims` are the person's; `bought_closed_round` says that the person holds a paid order in
    the round whose buyers this round is closed to.
    """

    round: Round
    now: datetime
    channel: Channel
    birth_date: date
    product: Product
    claims: Sequence[Claim]
    bought_closed_round: bool = False


def check_preorder(case: PreorderCase) -> None:
    """Raises the first refusal that applies; a counter purchase alone does not (B7).

    Raises:
        NotOpenYet, Closed, ProductNotOnline, ChannelNotOffered, ChildNotEligible,
        ProductNotForAdult, AlreadyBought, IntervalNotOver: in this order.
    """
    offered = case.round
    if case.now < offered.opens_at:
        raise NotOpenYet(opens_at=offered.opens_at)
    if not offered.accepts_preorders(case.now):
        raise Closed(closed_at=offered.closes_at)
    if case.product is not offered.product:  # B5
        raise ProductNotOnline
    if case.channel not in offered.channels:
        raise ChannelNotOffered
    child = is_child(case.birth_date, offered.child_born_from)
    if child and offered.product is Product.ADULT_MASK:  # B1: nor adult masks as a child
        raise ChildNotEligible(child_born_from=offered.child_born_from)
    if not child and offered.product is Product.CHILD_MASK:
        raise ProductNotForAdult
    if case.bought_closed_round:
        raise AlreadyBought
    if next_date := window_blocked(case.claims, Window.of(offered)):
        raise IntervalNotOver(next_date=next_date)


def check_counter_person(
    policy: CounterPolicy,
    *,
    birth_date: date,
    product: Product,
    day: date,
    id_number_last_digit: int,
) -> int:
    """The pieces that this person may buy at a counter on `day`, claims not yet looked at.

    Raises:
        ChildNotEligible, ProductNotForAdult: the product is not for this person.
        WrongDayOddEven: the last digit's day is another.
    """
    child = is_child(birth_date, policy.child_born_from)
    choosers_end = policy.either_born_before or policy.child_born_from
    if product is Product.ADULT_MASK and child and birth_date >= choosers_end:
        raise ChildNotEligible(child_born_from=max(choosers_end, policy.child_born_from))
    if product is Product.CHILD_MASK and not (child or policy.adult_may_buy_child_masks):
        raise ProductNotForAdult
    exempt = not policy.odd_even or (child and policy.children_exempt)
    if not exempt and not odd_even_allows(day, id_number_last_digit):
        raise WrongDayOddEven(next_date=next_allowed_day(day, id_number_last_digit))
    return policy.child_pieces if product is Product.CHILD_MASK else policy.adult_pieces


def odd_even_allows(day: date, last_digit: int) -> bool:
    """Odd digits Monday, Wednesday, Friday; even Tuesday, Thursday, Saturday; all on Sunday."""
    weekday = day.isoweekday()
    return weekday == _SUNDAY or weekday % 2 == last_digit % 2


def next_allowed_day(day: date, last_digit: int) -> date:
    """The first day, `day` itself or later, on which this last digit may buy."""
    while not odd_even_allows(day, last_digit):
        day += timedelta(days=1)
    return day


_SUNDAY = 7
