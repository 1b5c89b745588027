"""A round's days, one by one: what falls on each, and whether a counter sells on it (B7-B10)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from emask.rules.calendar import CounterPolicy, Round, day_in_taipei
from emask.rules.interval import Claim, Window, claim_for_payment, sell_at_counter
from emask.rules.refusals import Refusal

PolicyOn = Callable[[date], CounterPolicy]


class Event(StrEnum):
    """What falls on a day of a round."""

    OPENS = "opens"
    CLOSES = "closes"
    PAY_FROM = "pay_from"
    PAY_UNTIL = "pay_until"
    PICKUP_FROM = "pickup_from"
    PICKUP_UNTIL = "pickup_until"
    NEXT_PURCHASE = "next_purchase"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundDay:
    """One day as it is for somebody who pays on the first day and buys nothing else.

    `sells` says whether a counter would sell then, odd and even aside; `collect_from` is the day
    on which the pre-order could be collected after such a purchase, if that defers it.
    """

    day: date
    events: tuple[Event, ...]
    sells: bool
    collect_from: date | None


def weeks_of(round: Round, policy_on: PolicyOn) -> list[list[RoundDay]]:
    """The days from the opening to the next purchase, in weeks that begin as the round does (B8).

    Args:
        round: the round.
        policy_on: what counters sell on a day.
    """
    paid_on = day_in_taipei(round.pay_from)
    claim = claim_for_payment((), window=Window.of(round), today=paid_on).placed
    events = _events(round, claim)
    first, last = min(events), max(events)
    days = [
        _day(day, events, [claim] if day >= paid_on else [], policy_on(day))
        for day in (first + timedelta(days=n) for n in range(_whole_weeks((last - first).days + 1)))
    ]
    return [days[n : n + 7] for n in range(0, len(days), 7)]


def _events(round: Round, claim: Claim) -> dict[date, tuple[Event, ...]]:
    falls = (
        (day_in_taipei(round.opens_at), Event.OPENS),
        (day_in_taipei(round.closes_at), Event.CLOSES),
        (day_in_taipei(round.pay_from), Event.PAY_FROM),
        (day_in_taipei(round.pay_until), Event.PAY_UNTIL),
        (round.pickup_from, Event.PICKUP_FROM),
        (round.pickup_until, Event.PICKUP_UNTIL),
        (claim.during.end, Event.NEXT_PURCHASE),
    )
    events: dict[date, tuple[Event, ...]] = {}
    for day, event in falls:
        events[day] = (*events.get(day, ()), event)
    return events


def _day(
    day: date,
    events: dict[date, tuple[Event, ...]],
    claims: Sequence[Claim],
    policy: CounterPolicy,
) -> RoundDay:
    try:
        change = sell_at_counter(claims, day=day, interval_days=policy.interval_days, reference="")
    except Refusal:
        return RoundDay(day=day, events=events.get(day, ()), sells=False, collect_from=None)
    return RoundDay(
        day=day,
        events=events.get(day, ()),
        sells=True,
        collect_from=next((move.after.start for move in change.moves), None),
    )


def _whole_weeks(days: int) -> int:
    return -(-days // 7) * 7
