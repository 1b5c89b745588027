"""Whole histories of one person, beside a plain model that knows nothing but sets of days."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import combinations
from operator import methodcaller

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from emask.rules.calendar import DayRange, DeferredClaim
from emask.rules.interval import (
    Change,
    Claim,
    Move,
    NoDayLeft,
    Window,
    claim_for_payment,
    next_purchase_date,
    sell_at_counter,
    undo_sale,
    window_blocked,
)
from emask.rules.refusals import AlreadyBought, IntervalNotOver, WouldVoidPreorder

Days = frozenset[date]
FIRST_DAY = date(2020, 3, 17)
ONE_DAY = timedelta(days=1)


def days_from(start: date, count: int) -> Days:
    return frozenset(start + n * ONE_DAY for n in range(count))


@dataclass
class Used:
    """The days that one purchase takes; `window` for a pre-order."""

    days: Days
    window: Window | None = None
    collected: bool = False

    def gives_way(self, day: date) -> bool:
        return self.window is not None and not self.collected and min(self.days) > day


class PlainTimeline:
    """Every purchase with its set of days; a place is searched for day by day."""

    def __init__(self) -> None:
        self.used: dict[str, Used] = {}

    def sell(self, name: str, day: date, interval: int) -> str:
        answer, new = self._try_sale(day, interval)
        if answer == "sold":
            self._move(new)
            self.used[name] = Used(days_from(day, interval))
        return answer

    def next_sale(self, day: date, interval: int) -> date:
        """The first day after `day` on which a sale would be answered with yes."""
        return next(
            later
            for later in (day + n * ONE_DAY for n in range(1, 200))
            if self._try_sale(later, interval)[0] == "sold"
        )

    def pay(self, window: Window, today: date) -> bool:
        later = {
            name
            for name, used in self.used.items()
            if used.gives_way(today)
            and used.window is not None
            and used.window.pickup_from > window.pickup_from
        }
        taken = self._days(set(self.used) - later)
        days = self._search(window, window.pickup_from, taken)
        if days is None:
            return False
        new = self._push(later, taken | days)
        if new is None:
            return False
        self._move(new)
        self.used[window.round_id] = Used(days, window)
        return True

    def undo(self, sale: str, moved: dict[str, tuple[Days, Days]]) -> None:
        """Put back, earliest first, what still stands where `sale` moved it, if there is room."""
        self.used.pop(sale)
        for name in sorted(moved, key=lambda name: min(moved[name][0])):
            before, after = moved[name]
            used = self.used[name]
            others = self._days(set(self.used) - {name})
            if not used.collected and used.days == after and not before & others:
                used.days = before

    def blocked_until(self, window: Window) -> date | None:
        taken = self._days(self.used)
        length = (window.pickup_until - window.pickup_from).days + 1
        if not days_from(window.pickup_from, length) <= taken:
            return None
        day = window.pickup_until + ONE_DAY
        while day in taken:
            day += ONE_DAY
        return day

    def next_purchase(self, today: date) -> date:
        return max([today, *(max(used.days) + ONE_DAY for used in self.used.values())])

    def _try_sale(self, day: date, interval: int) -> tuple[str, dict[str, Days]]:
        wanted = days_from(day, interval)
        ahead = {name for name, used in self.used.items() if used.gives_way(day)}
        met = [self.used[n] for n in set(self.used) - ahead if self.used[n].days & wanted]
        if met:
            first = min(met, key=lambda used: min(used.days))
            return ("interval_not_over" if first.window is None else "already_bought"), {}
        new = self._push(ahead, self._days(set(self.used) - ahead) | wanted)
        return ("would_void_preorder", {}) if new is None else ("sold", new)

    def _push(self, names: Iterable[str], taken: Days) -> dict[str, Days] | None:
        new: dict[str, Days] = {}
        for name in sorted(names, key=lambda name: min(self.used[name].days)):
            used = self.used[name]
            assert used.window is not None
            days: Days | None = used.days
            if used.days & taken:
                days = self._search(used.window, min(used.days), taken)
            if days is None:
                return None
            new[name] = days
            taken |= days
        return new

    def _search(self, window: Window, day: date, taken: Days) -> Days | None:
        while day <= window.pickup_until:
            days = days_from(day, window.interval_days)
            if window.deferred is DeferredClaim.WINDOW_START:
                first_day_on = days_from(window.pickup_from, window.interval_days)
                days = frozenset(d for d in first_day_on if d >= day) or frozenset({day})
            if not days & taken:
                return days
            day += ONE_DAY
        return None

    def _move(self, new: dict[str, Days]) -> None:
        for name, days in new.items():
            self.used[name].days = days

    def _days(self, names: Iterable[str]) -> Days:
        return frozenset().union(*(self.used[name].days for name in names))


@st.composite
def adjacent_windows(draw: st.DrawFn) -> list[Window]:
    """Several rounds whose windows follow one another, some at once, of either kind."""
    start = date(2020, 3, 26)
    windows: list[Window] = []
    for number in range(draw(st.integers(2, 5))):
        start += draw(st.sampled_from([0, 0, 0, 1, 4])) * ONE_DAY
        until = start + draw(st.sampled_from([6, 6, 6, 3, 9, 13])) * ONE_DAY
        windows.append(
            Window(
                round_id=f"round-{number}",
                pickup_from=start,
                pickup_until=until,
                interval_days=draw(st.sampled_from([7, 7, 7, 14])),
                deferred=draw(st.sampled_from(DeferredClaim)),
            )
        )
        start = until + ONE_DAY
    return windows


class TimelineMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.today = FIRST_DAY
        self.claims: list[Claim] = []
        self.model = PlainTimeline()
        self.windows: list[Window] = []
        self.unpaid: list[Window] = []
        self.sales: dict[str, tuple[Move, ...]] = {}
        self.sold = 0

    @initialize(windows=adjacent_windows())
    def open_rounds(self, windows: list[Window]) -> None:
        self.windows = windows
        self.unpaid = list(windows)

    @rule(days=st.integers(1, 4))
    def let_days_pass(self, days: int) -> None:
        self.today += days * ONE_DAY

    @rule(interval=st.sampled_from([7, 7, 14]), late=st.sampled_from([0, 0, 0, 0, 1, 5]))
    def sell(self, interval: int, late: int) -> None:
        """A sale of today, or one made offline and uploaded some days late."""
        self.sold += 1
        name = f"sale-{self.sold}"
        day = self.today - late * ONE_DAY
        next_sale = self.model.next_sale(day, interval)
        expected = self.model.sell(name, day, interval)
        try:
            change = sell_at_counter(self.claims, day=day, interval_days=interval, reference=name)
        except (AlreadyBought, IntervalNotOver, WouldVoidPreorder) as refused:
            answer, next_date = refused.code, refused.next_date
        else:
            answer, next_date = "sold", next_sale
            self.write(change)
            self.sales[name] = change.moves
        assert (answer, next_date) == (expected, next_sale)

    @precondition(methodcaller("payable"))
    @rule(data=st.data(), lapses=st.sampled_from([False] * 5 + [True]))
    def pay_or_lapse(self, data: st.DataObject, *, lapses: bool) -> None:
        window = data.draw(st.sampled_from(self.payable()))
        if lapses:  # what is not paid leaves no claim: there is nothing to write
            self.unpaid.remove(window)
            return
        paid = self.model.pay(window, self.today)
        try:
            change = claim_for_payment(self.claims, window=window, today=self.today)
        except NoDayLeft:
            assert not paid
            return
        assert paid
        self.write(change)
        self.unpaid.remove(window)

    @precondition(methodcaller("collectable"))
    @rule(data=st.data())
    def collect(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(self.collectable()))
        self.claims[self.claims.index(claim)] = replace(claim, collected=True)
        self.model.used[claim.reference].collected = True

    @precondition(lambda self: self.sales)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        moving = sorted(name for name, moves in self.sales.items() if moves)
        name = data.draw(st.sampled_from(moving or sorted(self.sales)))
        moves = self.sales.pop(name)
        moved = {m.reference: (as_days(m.before), as_days(m.after)) for m in moves}
        self.model.undo(name, moved)
        back = undo_sale(self.claims, reference=name, moves=moves)
        self.claims = [claim for claim in self.claims if claim.reference != name]
        self.move(back)

    def payable(self) -> list[Window]:
        return [window for window in self.unpaid if self.today < window.pickup_from]

    def collectable(self) -> list[Claim]:
        return [
            claim
            for claim in self.claims
            if claim.window is not None
            and not claim.collected
            and claim.during.start <= self.today <= claim.window.pickup_until
        ]

    def write(self, change: Change) -> None:
        self.move(change.moves)
        self.claims.append(change.placed)
        self.no_two_claims_overlap()

    def move(self, moves: Iterable[Move]) -> None:
        """Write one after the other: no two claims may overlap at any moment."""
        for move in moves:
            place = next(n for n, c in enumerate(self.claims) if c.reference == move.reference)
            assert self.claims[place].during == move.before
            self.claims[place] = replace(self.claims[place], during=move.after)
            self.no_two_claims_overlap()

    @invariant()
    def no_two_claims_overlap(self) -> None:
        for one, other in combinations(self.claims, 2):
            assert not one.during.overlaps(other.during)

    @invariant()
    def every_paid_preorder_has_a_day_to_collect(self) -> None:
        for claim in self.claims:
            if claim.window is not None:
                start = claim.during.start
                assert claim.window.pickup_from <= start <= claim.window.pickup_until

    @invariant()
    def full_claims_keep_their_whole_interval(self) -> None:
        for claim in self.claims:
            if claim.window is not None and claim.window.deferred is DeferredClaim.FULL:
                assert claim.during.days == claim.window.interval_days

    @invariant()
    def the_model_agrees(self) -> None:
        assert {claim.reference: as_days(claim.during) for claim in self.claims} == {
            name: used.days for name, used in self.model.used.items()
        }
        assert next_purchase_date(self.claims, self.today) == self.model.next_purchase(self.today)
        for window in self.windows:
            assert window_blocked(self.claims, window) == self.model.blocked_until(window)


def as_days(during: DayRange) -> Days:
    return days_from(during.start, during.days)


TestTimeline = TimelineMachine.TestCase
