"""The dated examples of the Q&A (B1, B7-B10) and what follows from them."""

from dataclasses import replace
from datetime import date

import pytest

from emask.rules.calendar import DayRange, DeferredClaim, Round
from emask.rules.interval import (
    Change,
    Claim,
    Move,
    NoDayLeft,
    Source,
    Window,
    claim_for_payment,
    earliest_collection,
    first_free_day,
    next_purchase_date,
    sell_at_counter,
    undo_sale,
    window_blocked,
)
from emask.rules.refusals import AlreadyBought, IntervalNotOver, WouldVoidPreorder

PAID_ON = date(2020, 3, 20)


def day(month: int, number: int) -> date:
    return date(2020, month, number)


def days(start: tuple[int, int], end: tuple[int, int]) -> DayRange:
    return DayRange(day(*start), day(*end))


FIRST = Window(
    round_id="2020-1",
    pickup_from=day(3, 26),
    pickup_until=day(4, 1),
    interval_days=7,
    deferred=DeferredClaim.FULL,
)
SECOND = replace(FIRST, round_id="2020-2", pickup_from=day(4, 2), pickup_until=day(4, 8))
THIRD = replace(FIRST, round_id="2020-3", pickup_from=day(4, 9), pickup_until=day(4, 15))


def written(claims: tuple[Claim, ...], change: Change) -> tuple[Claim, ...]:
    """The person's claims after `change`."""
    places = {move.reference: move.after for move in change.moves}
    moved = (replace(c, during=places.get(c.reference, c.during)) for c in claims)
    return (*moved, change.placed)


def pay(claims: tuple[Claim, ...], window: Window, *, today: date = PAID_ON) -> tuple[Claim, ...]:
    return written(claims, claim_for_payment(claims, window=window, today=today))


def sell(
    claims: tuple[Claim, ...], on: date, *, reference: str = "sale", interval_days: int = 7
) -> tuple[Claim, ...]:
    change = sell_at_counter(claims, day=on, interval_days=interval_days, reference=reference)
    return written(claims, change)


def collect(claims: tuple[Claim, ...], window: Window) -> tuple[Claim, ...]:
    return tuple(
        replace(claim, collected=True) if claim.reference == window.round_id else claim
        for claim in claims
    )


def place_of(claims: tuple[Claim, ...], reference: str) -> DayRange:
    return next(claim.during for claim in claims if claim.reference == reference)


def test_b1_three_pieces_in_seven_days() -> None:
    claims = sell((), day(3, 12))
    assert place_of(claims, "sale") == days((3, 12), (3, 19))
    with pytest.raises(IntervalNotOver) as refused:
        sell(claims, day(3, 18), reference="again")
    assert refused.value.bought_on == day(3, 12)
    assert refused.value.next_date == day(3, 19)
    again = sell(claims, day(3, 19), reference="again")
    assert place_of(again, "again") == days((3, 19), (3, 26))


@pytest.mark.parametrize("bought_on", [day(3, 12), day(3, 18)])
def test_b7_a_counter_purchase_leaves_the_window_open(bought_on: date) -> None:
    assert window_blocked(sell((), bought_on), FIRST) is None


def test_b8_whenever_it_is_collected_it_counts_from_the_first_day() -> None:
    claims = pay((), FIRST)
    assert place_of(claims, "2020-1") == days((3, 26), (4, 2))
    assert earliest_collection(claims[0]) == day(3, 26)
    assert next_purchase_date(claims, PAID_ON) == day(4, 2)
    assert next_purchase_date(collect(claims, FIRST), day(4, 1)) == day(4, 2)


def test_b9_a_paid_preorder_does_not_stop_a_counter_purchase_before_its_window() -> None:
    claims = sell(pay((), FIRST), day(3, 20))
    assert place_of(claims, "sale") == days((3, 20), (3, 27))
    # a deferred claim keeps its seven days, so that any two purchases lie as far apart
    assert place_of(claims, "2020-1") == days((3, 27), (4, 3))


def test_b9_a_purchase_that_ends_before_the_window_moves_nothing() -> None:
    change = sell_at_counter(
        pay((), FIRST, today=day(3, 19)), day=day(3, 19), interval_days=7, reference="sale"
    )
    assert change.moves == ()
    assert change.placed.during == days((3, 19), (3, 26))


def test_b10_bought_on_22_march_collected_from_29_march() -> None:
    claims = sell(pay((), FIRST), day(3, 22))
    assert place_of(claims, "2020-1") == days((3, 29), (4, 5))
    assert next_purchase_date(claims, day(3, 22)) == day(4, 5)


def test_b10_the_same_when_the_purchase_comes_before_the_payment() -> None:
    claims = pay(sell((), day(3, 19)), FIRST)
    assert place_of(claims, "2020-1") == days((3, 26), (4, 2))
    claims = pay(sell((), day(3, 21)), FIRST, today=day(3, 21))
    assert place_of(claims, "2020-1") == days((3, 28), (4, 4))


def test_b10_a_round_may_count_from_its_first_day_instead() -> None:
    from_start = replace(FIRST, deferred=DeferredClaim.WINDOW_START)
    claims = sell(pay((), from_start), day(3, 22))
    assert place_of(claims, "2020-1") == days((3, 29), (4, 2))
    assert next_purchase_date(claims, day(3, 22)) == day(4, 2)


def test_counted_from_its_first_day_a_claim_keeps_one_day_at_least() -> None:
    long_window = replace(FIRST, deferred=DeferredClaim.WINDOW_START, pickup_until=day(4, 8))
    claims = sell(pay((), long_window), day(3, 24), interval_days=14)
    assert place_of(claims, "2020-1") == days((4, 7), (4, 8))


def test_the_last_counter_purchase_that_leaves_a_day_is_on_25_march() -> None:
    claims = sell(pay((), FIRST), day(3, 25))
    assert place_of(claims, "2020-1") == days((4, 1), (4, 8))


@pytest.mark.parametrize("on", [day(3, 26), day(3, 28), day(4, 1)])
@pytest.mark.parametrize("collected", [True, False])
def test_from_its_first_day_on_the_counter_refuses(on: date, *, collected: bool) -> None:
    claims = pay((), FIRST)
    claims = collect(claims, FIRST) if collected else claims
    with pytest.raises(AlreadyBought) as refused:
        sell(claims, on)
    assert refused.value.next_date == day(4, 2)
    assert sell(claims, day(4, 2))[-1].during == days((4, 2), (4, 9))


def test_a_sale_that_would_push_a_preorder_past_its_window_is_refused() -> None:
    claims = pay(sell((), day(3, 22)), FIRST, today=day(3, 22))  # collect from 29 March
    with pytest.raises(IntervalNotOver):
        sell(claims, day(3, 28), reference="again")
    fortnight = pay((), FIRST)
    with pytest.raises(WouldVoidPreorder) as refused:
        sell(fortnight, day(3, 25), interval_days=14)
    assert refused.value.pickup_until == day(4, 1)
    assert refused.value.round_id == "2020-1"
    assert refused.value.next_date == day(4, 2)


def test_the_next_date_of_a_refusal_is_a_day_on_which_the_counter_sells() -> None:
    claims = pay(sell((), day(3, 22)), FIRST, today=day(3, 22))
    with pytest.raises(IntervalNotOver) as refused:
        sell(claims, day(3, 24), reference="again")
    assert refused.value.next_date == day(4, 5)  # 29 March belongs to the pre-order
    with pytest.raises(IntervalNotOver) as before_the_window:
        sell(pay(sell((), day(3, 14)), FIRST), day(3, 20), reference="again")
    assert before_the_window.value.next_date == day(3, 21)  # B9
    short = replace(FIRST, pickup_until=day(3, 26))
    with pytest.raises(IntervalNotOver) as no_room_between:
        sell(pay(sell((), day(3, 14)), short), day(3, 20), reference="again")
    assert no_room_between.value.next_date == day(4, 2)


def test_two_paid_rounds_stand_side_by_side() -> None:
    for order in ((FIRST, SECOND, THIRD), (THIRD, FIRST, SECOND), (SECOND, THIRD, FIRST)):
        claims: tuple[Claim, ...] = ()
        for window in order:
            claims = pay(claims, window)
        assert place_of(claims, "2020-1") == days((3, 26), (4, 2))
        assert place_of(claims, "2020-2") == days((4, 2), (4, 9))
        assert place_of(claims, "2020-3") == days((4, 9), (4, 16))


def test_a_move_cascades_into_the_next_paid_rounds() -> None:
    claims = pay(pay(pay((), FIRST), SECOND), THIRD)
    change = sell_at_counter(claims, day=day(3, 22), interval_days=7, reference="sale")
    # latest claim first: the order in which a constraint checked at once accepts them
    assert change.moves == (
        Move(reference="2020-3", before=days((4, 9), (4, 16)), after=days((4, 12), (4, 19))),
        Move(reference="2020-2", before=days((4, 2), (4, 9)), after=days((4, 5), (4, 12))),
        Move(reference="2020-1", before=days((3, 26), (4, 2)), after=days((3, 29), (4, 5))),
    )
    assert next_purchase_date(written(claims, change), day(3, 22)) == day(4, 19)


def test_a_cascade_stops_where_there_is_room() -> None:
    week_later = replace(SECOND, pickup_from=day(4, 5), pickup_until=day(4, 11))
    claims = pay(pay((), FIRST), week_later)
    change = sell_at_counter(claims, day=day(3, 22), interval_days=7, reference="sale")
    assert [move.reference for move in change.moves] == ["2020-1"]


def test_a_sale_is_refused_when_the_cascade_passes_a_later_window() -> None:
    short = replace(SECOND, pickup_until=day(4, 4))
    claims = pay(pay((), FIRST), short)
    with pytest.raises(WouldVoidPreorder) as refused:
        sell(claims, day(3, 22))
    assert refused.value.round_id == "2020-2"
    assert refused.value.pickup_until == day(4, 4)
    assert place_of(sell(claims, day(3, 21)), "2020-2") == days((4, 4), (4, 11))


def test_a_payment_pushes_later_rounds() -> None:
    claims = pay(sell((), day(3, 21)), SECOND)
    assert place_of(claims, "2020-2") == days((4, 2), (4, 9))
    change = claim_for_payment(claims, window=FIRST, today=day(3, 21))
    assert change.placed.during == days((3, 28), (4, 4))
    assert change.moves == (
        Move(reference="2020-2", before=days((4, 2), (4, 9)), after=days((4, 4), (4, 11))),
    )


def test_a_payment_gives_way_to_earlier_rounds() -> None:
    claims = pay(sell(pay((), FIRST), day(3, 22)), SECOND)
    assert place_of(claims, "2020-1") == days((3, 29), (4, 5))
    assert place_of(claims, "2020-2") == days((4, 5), (4, 12))


def test_a_payment_gives_way_to_what_stands() -> None:
    """A later round's claim that is collected, or whose first day has come, stays."""
    overlapping = replace(SECOND, pickup_from=day(3, 28), pickup_until=day(4, 8))
    claims = pay((), overlapping)
    until_later = replace(FIRST, pickup_until=day(4, 8))
    for standing in (collect(claims, overlapping), claims):
        change = claim_for_payment(standing, window=until_later, today=day(3, 28))
        assert change.moves == ()
        assert change.placed.during == days((4, 4), (4, 11))
    change = claim_for_payment(claims, window=until_later, today=day(3, 27))
    assert change.placed.during == days((3, 26), (4, 2))
    assert [move.after for move in change.moves] == [days((4, 2), (4, 9))]


def test_a_round_with_the_same_first_day_is_not_pushed() -> None:
    twin = replace(FIRST, round_id="2020-1-children", pickup_until=day(4, 8))
    claims = pay(pay((), FIRST), twin)
    assert place_of(claims, "2020-1") == days((3, 26), (4, 2))
    assert place_of(claims, "2020-1-children") == days((4, 2), (4, 9))


def test_a_payment_without_a_day_left_is_for_refund() -> None:
    blocked = sell((), day(3, 19), interval_days=14)
    with pytest.raises(NoDayLeft, match="2020-1") as refused:
        claim_for_payment(blocked, window=FIRST, today=PAID_ON)
    assert refused.value.window == FIRST
    last_day = claim_for_payment(
        sell((), day(3, 18), interval_days=14), window=FIRST, today=PAID_ON
    )
    assert last_day.placed.during == days((4, 1), (4, 8))


def test_a_payment_that_would_void_a_later_one_is_for_refund() -> None:
    short = replace(SECOND, pickup_until=day(4, 2))
    claims = pay(sell((), day(3, 20)), short)
    with pytest.raises(NoDayLeft) as refused:
        claim_for_payment(claims, window=FIRST, today=day(3, 21))
    assert refused.value.window == short


def test_a_late_sale_does_not_move_what_is_collected() -> None:
    """A sale made offline and uploaded afterwards has a day of the past."""
    claims = collect(pay((), FIRST), FIRST)
    with pytest.raises(AlreadyBought) as refused:
        sell(claims, day(3, 22))
    assert refused.value.next_date == day(4, 2)
    later_sale = sell((), day(3, 26), reference="later")
    with pytest.raises(IntervalNotOver) as met:
        sell(later_sale, day(3, 22))
    assert met.value.bought_on == day(3, 26)


def test_a_late_sale_pushes_an_uncollected_preorder_over_what_stands() -> None:
    long_window = replace(FIRST, pickup_until=day(4, 9))
    claims = (*pay((), long_window), *sell((), day(4, 2), reference="later"))
    moved = sell(claims, day(3, 22))
    assert place_of(moved, "2020-1") == days((4, 9), (4, 16))
    assert place_of(moved, "later") == days((4, 2), (4, 9))


def test_undoing_a_sale_restores_what_it_moved_earliest_first() -> None:
    before = pay(pay((), FIRST), SECOND)
    change = sell_at_counter(before, day=day(3, 22), interval_days=7, reference="sale")
    after = written(before, change)
    back = undo_sale(after, reference="sale", moves=change.moves)
    assert back == (
        Move(reference="2020-1", before=days((3, 29), (4, 5)), after=days((3, 26), (4, 2))),
        Move(reference="2020-2", before=days((4, 5), (4, 12)), after=days((4, 2), (4, 9))),
    )
    without_the_sale = tuple(claim for claim in after if claim.reference != "sale")
    assert undo_sale(without_the_sale, reference="sale", moves=change.moves) == back


def test_undoing_leaves_what_was_collected_or_moved_since() -> None:
    before = pay((), FIRST)
    change = sell_at_counter(before, day=day(3, 22), interval_days=7, reference="sale")
    after = written(before, change)
    assert undo_sale(collect(after, FIRST), reference="sale", moves=change.moves) == ()
    moved_since = tuple(replace(c, during=days((3, 30), (4, 6))) if c.window else c for c in after)
    assert undo_sale(moved_since, reference="sale", moves=change.moves) == ()
    assert undo_sale((), reference="sale", moves=change.moves) == ()


def test_undoing_never_puts_one_claim_upon_another() -> None:
    """The first pack was collected where the sale had moved it: the second stays behind it."""
    before = pay(pay((), FIRST), SECOND)
    change = sell_at_counter(before, day=day(3, 22), interval_days=7, reference="sale")
    collected = collect(written(before, change), FIRST)
    assert undo_sale(collected, reference="sale", moves=change.moves) == ()


def test_a_sale_and_a_round_may_have_the_same_name() -> None:
    before = pay((), FIRST)
    change = sell_at_counter(before, day=day(3, 22), interval_days=7, reference="2020-1")
    sale, preorder = change.placed, replace(before[0], during=days((3, 29), (4, 5)))
    back = undo_sale((sale, preorder), reference="2020-1", moves=change.moves)
    assert [move.after for move in back] == [days((3, 26), (4, 2))]
    with_both = (replace(sale, reference="2020-2"), *pay((), SECOND))
    assert claim_for_payment(with_both, window=FIRST, today=day(3, 22)).placed.during == days(
        (3, 29), (4, 5)
    )


def test_a_window_is_blocked_only_when_every_day_is_taken() -> None:
    assert window_blocked((), FIRST) is None
    assert window_blocked(sell((), day(3, 18), interval_days=14), FIRST) is None
    assert window_blocked(sell((), day(3, 18), interval_days=15), FIRST) == day(4, 2)
    two = sell(sell((), day(3, 20), reference="a"), day(3, 27), reference="b")
    assert window_blocked(two, FIRST) == day(4, 3)
    assert window_blocked(two, replace(FIRST, pickup_until=day(4, 3))) is None
    apart = sell(sell((), day(3, 20), reference="a"), day(3, 28), reference="b")
    assert window_blocked(apart, FIRST) is None  # 27 March is free


def test_the_first_free_day_skips_claims_that_touch() -> None:
    two = sell(sell((), day(3, 20), reference="a"), day(3, 27), reference="b")
    assert first_free_day(two, day(3, 20)) == day(4, 3)
    assert first_free_day(two, day(3, 19)) == day(3, 19)
    assert first_free_day((), day(3, 19)) == day(3, 19)


def test_the_next_purchase_date_is_never_in_the_past() -> None:
    assert next_purchase_date((), day(3, 22)) == day(3, 22)
    claims = sell((), day(3, 12))
    assert next_purchase_date(claims, day(3, 18)) == day(3, 19)
    assert next_purchase_date(claims, day(4, 30)) == day(4, 30)


def test_a_window_is_taken_from_its_round(round_one: Round) -> None:
    assert Window.of(round_one) == FIRST


@pytest.mark.parametrize(("source", "window"), [(Source.COUNTER, FIRST), (Source.PREORDER, None)])
def test_a_claim_has_a_window_if_it_is_a_preorders(source: Source, window: Window | None) -> None:
    with pytest.raises(ValueError, match="a pre-order's claim has a window"):
        Claim(during=days((3, 26), (4, 2)), source=source, reference="x", window=window)
