"""The interval (B1, B7-B10): one timeline of claims per person, shared by both channels.

A claim is a range of days; no two claims of one person overlap. A pre-order is claimed when it
is paid and, until its first day has come, gives way to what is placed before it. Every function
takes all claims of one person and says what is to be written; nothing is changed in place.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NoReturn, Self

from emask.rules.calendar import DayRange, DeferredClaim, Round
from emask.rules.refusals import AlreadyBought, IntervalNotOver, WouldVoidPreorder


class Source(StrEnum):
    """Where a claim comes from."""

    COUNTER = "counter"
    PREORDER = "preorder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What a round says about collection; both days are included."""

    round_id: str
    pickup_from: date
    pickup_until: date
    interval_days: int
    deferred: DeferredClaim

    @classmethod
    def of(cls, round: Round) -> Self:
        return cls(
            round_id=round.id,
            pickup_from=round.pickup_from,
            pickup_until=round.pickup_until,
            interval_days=round.interval_days,
            deferred=round.deferred_claim,
        )

    def claim_from(self, start: date) -> DayRange:
        """The days that a pre-order of this round takes when its first day is `start`."""
        interval = timedelta(days=self.interval_days)
        if self.deferred is DeferredClaim.FULL:
            return DayRange(start, start + interval)
        return DayRange(start, max(self.pickup_from + interval, start + timedelta(days=1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a person has used of the entitlement.

    `reference` is the round's id for a pre-order and the sale's id for a counter sale; a
    pre-order alone has a `window` (ValueError otherwise).
    """

    during: DayRange
    source: Source
    reference: str
    window: Window | None
    collected: bool = False

    def __post_init__(self) -> None:
        if (self.window is None) is not (self.source is Source.COUNTER):
            raise ValueError("a pre-order's claim has a window, a counter sale's has none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A pre-order's claim that changes its place; `reference` is the round's id."""

    reference: str
    before: DayRange
    after: DayRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What to write: the moves in their order, then the placed claim.

    The moves come latest claim first, the order in which a constraint that is checked at once
    accepts them.
    """

    placed: Claim
    moves: tuple[Move, ...]


class NoDayLeft(Exception):
    """No day of `window` is left to collect what was paid."""

    def __init__(self, window: Window) -> None:
        super().__init__(f"no day left in {window.round_id}")
        self.window = window


def sell_at_counter(
    claims: Sequence[Claim], *, day: date, interval_days: int, reference: str
) -> Change:
    """Place a counter sale of `day`; uncollected pre-orders ahead give way (B9, B10).

    Raises:
        AlreadyBought: the days meet a pre-order's claim that stands (B8).
        IntervalNotOver: the days meet a counter claim.
        WouldVoidPreorder: a paid pre-order would lose its last day of collection.
    """
    during = DayRange(day, day + timedelta(days=interval_days))
    if blocking := _blocking(claims, during):
        _refuse(blocking, next_date=_first_day_to_buy(claims, day, interval_days))
    try:
        moves = _make_room(claims, during)
    except NoDayLeft as voided:
        raise WouldVoidPreorder(
            pickup_until=voided.window.pickup_until,
            round_id=voided.window.round_id,
            next_date=_first_day_to_buy(claims, day, interval_days),
        ) from None
    sale = Claim(during=during, source=Source.COUNTER, reference=reference, window=None)
    return Change(placed=sale, moves=moves)


def claim_for_payment(claims: Sequence[Claim], *, window: Window, today: date) -> Change:
    """Claim the first days of collection for a paid pre-order (B8).

    Later rounds' uncollected claims give way, earlier rounds' do not.

    Raises:
        NoDayLeft: this round or a later one would lose its last day of collection.
    """
    later = [
        (claim, own)
        for claim, own in _movable(claims, today)
        if own.pickup_from > window.pickup_from
    ]
    giving_way = [claim for claim, _ in later]
    standing = [claim.during for claim in claims if claim not in giving_way]
    during = _first_free(window, window.pickup_from, standing)
    moves = _cascade([*standing, during], later)
    placed = Claim(during=during, source=Source.PREORDER, reference=window.round_id, window=window)
    return Change(placed=placed, moves=moves)


def undo_sale(
    claims: Sequence[Claim], *, reference: str, moves: Sequence[Move]
) -> tuple[Move, ...]:
    """The moves to write back after the sale's own claim is gone, earliest claim first.

    A claim goes back only if it still stands where the sale put it, is not collected, and its
    old days are free: what was collected or moved since stays, and so does what it stands on.
    """
    places = {
        (claim.source, claim.reference): claim
        for claim in claims
        if (claim.source, claim.reference) != (Source.COUNTER, reference)
    }
    taken = {key: claim.during for key, claim in places.items()}
    back: list[Move] = []
    for move in sorted(moves, key=lambda move: move.before.start):
        key = (Source.PREORDER, move.reference)
        claim = places.get(key)
        if claim is None or claim.collected or claim.during != move.after:
            continue
        if any(move.before.overlaps(days) for other, days in taken.items() if other != key):
            continue
        taken[key] = move.before
        back.append(Move(reference=move.reference, before=move.after, after=move.before))
    return tuple(back)


def window_blocked(claims: Sequence[Claim], window: Window) -> date | None:
    """The first free day after the window if claims cover every day of it, else None (B7)."""
    day = first_free_day(claims, window.pickup_from)
    return day if day > window.pickup_until else None


def first_free_day(claims: Sequence[Claim], day: date) -> date:
    """The first day, `day` itself or later, that lies in no claim."""
    while covering := next((claim for claim in claims if claim.during.contains(day)), None):
        day = covering.during.end
    return day


def next_purchase_date(claims: Sequence[Claim], today: date) -> date:
    """The end of the last claim, or today if that is later (B8); odd and even do not count."""
    return max([today, *(claim.during.end for claim in claims)])


def earliest_collection(claim: Claim) -> date:
    """The first day on which a pre-order is handed out; it counts as the purchase (B8)."""
    return claim.during.start


def _movable(claims: Iterable[Claim], day: date) -> list[tuple[Claim, Window]]:
    """Pre-orders that still give way on `day`: not collected, and their first day ahead."""
    return [
        (claim, claim.window)
        for claim in claims
        if claim.window is not None and not claim.collected and claim.during.start > day
    ]


def _blocking(claims: Sequence[Claim], during: DayRange) -> Claim | None:
    """The first claim in the way of a sale that does not give way to it."""
    movable = [claim for claim, _ in _movable(claims, during.start)]
    blocking = [c for c in claims if c not in movable and c.during.overlaps(during)]
    return min(blocking, key=lambda claim: claim.during.start, default=None)


def _make_room(claims: Sequence[Claim], during: DayRange) -> tuple[Move, ...]:
    movable = _movable(claims, during.start)
    moving = [claim for claim, _ in movable]
    return _cascade([during, *(c.during for c in claims if c not in moving)], movable)


def _cascade(
    standing: Iterable[DayRange], movable: Iterable[tuple[Claim, Window]]
) -> tuple[Move, ...]:
    """Push each claim that something stands on behind it, first claim first."""
    taken = list(standing)
    moves: list[Move] = []
    for claim, window in sorted(movable, key=lambda pair: pair[0].during.start):
        after = claim.during
        if any(after.overlaps(days) for days in taken):
            after = _first_free(window, claim.during.start, taken)
            moves.append(Move(reference=claim.reference, before=claim.during, after=after))
        taken.append(after)
    return tuple(reversed(moves))


def _first_free(window: Window, start: date, taken: Sequence[DayRange]) -> DayRange:
    """The first place for a claim, `start` or later. Raises NoDayLeft past the window."""
    during = window.claim_from(start)
    while hit := next((days for days in taken if days.overlaps(during)), None):
        during = window.claim_from(hit.end)
    if during.start > window.pickup_until:
        raise NoDayLeft(window)
    return during


def _first_day_to_buy(claims: Sequence[Claim], day: date, interval_days: int) -> date:
    """The first later day on which a counter would sell; after the last claim it always does."""
    day += timedelta(days=1)
    while not _sells(claims, DayRange(day, day + timedelta(days=interval_days))):
        day += timedelta(days=1)
    return day


def _sells(claims: Sequence[Claim], during: DayRange) -> bool:
    try:
        _make_room(claims, during)
    except NoDayLeft:
        return False
    return _blocking(claims, during) is None


def _refuse(blocking: Claim, *, next_date: date) -> NoReturn:
    if blocking.source is Source.PREORDER:
        raise AlreadyBought(
            next_date=next_date, round_id=blocking.reference, collect_from=blocking.during.start
        )
    raise IntervalNotOver(next_date=next_date, bought_on=blocking.during.start)
