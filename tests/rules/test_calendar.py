from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from emask.rules.calendar import (
    TAIPEI,
    Channel,
    CounterPolicy,
    DayRange,
    DeferredClaim,
    Language,
    Phase,
    Product,
    Round,
    at,
    day_in_taipei,
    long_birth_date,
    long_date,
    long_instant,
    weekday_name,
)

SECOND = timedelta(seconds=1)


def day(month: int, number: int) -> date:
    return date(2020, month, number)


@pytest.mark.parametrize(
    ("phase", "first", "last"),
    [
        (Phase.NOT_OPEN_YET, at(day(1, 1)), at(day(3, 12), 9) - SECOND),
        (Phase.REGISTRATION, at(day(3, 12), 9), at(day(3, 18), 20) - SECOND),
        (Phase.CLOSED, at(day(3, 18), 20), at(day(3, 19), 8) - SECOND),
        (Phase.PAYMENT, at(day(3, 19), 8), at(day(3, 21), 20) - SECOND),
        (Phase.SETTLING, at(day(3, 21), 20), at(day(3, 22), 8) - SECOND),
        (Phase.PREPARING, at(day(3, 22), 8), at(day(3, 26)) - SECOND),
        (Phase.PICKUP, at(day(3, 26)), at(day(4, 2)) - SECOND),
        (Phase.OVER, at(day(4, 2)), at(day(12, 31))),
    ],
)
def test_each_phase_begins_where_the_one_before_ends(
    round_one: Round, phase: Phase, first: datetime, last: datetime
) -> None:
    assert round_one.phase(first) is phase
    assert round_one.phase(last) is phase
    assert round_one.accepts_preorders(first) is (phase is Phase.REGISTRATION)


def test_a_phase_is_the_same_wherever_the_clock_stands(round_one: Round) -> None:
    opening_in_utc = datetime(2020, 3, 12, 1, 0, tzinfo=UTC)
    assert round_one.phase(opening_in_utc) is Phase.REGISTRATION
    assert round_one.phase(opening_in_utc - SECOND) is Phase.NOT_OPEN_YET


def test_b13_three_pieces_and_one_handling_fee(round_one: Round) -> None:
    assert round_one.amount_due == 22


def test_later_rounds_are_data_too(round_one: Round) -> None:
    later = replace(
        round_one,
        id="2020-7",
        pieces=9,
        interval_days=14,
        product=Product.CHILD_MASK,
        deferred_claim=DeferredClaim.WINDOW_START,
        channels=round_one.channels | {Channel.KIOSK},
        closed_to_buyers_of="2020-6",
    )
    assert later.amount_due == 52
    assert Channel.KIOSK not in round_one.channels


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("id", "2020/1", "id: "),
        ("id", "", "id: "),
        ("closes_at", at(day(3, 12), 9), "closes_at: must come after opens_at"),
        ("pay_from", at(day(3, 18), 19), "pay_from: must come after closes_at"),
        ("pay_until", at(day(3, 19), 8), "pay_until: must come after pay_from"),
        ("release_at", at(day(3, 21), 19), "release_at: must come after pay_until"),
        ("pickup_from", day(3, 22), "pickup_from: must come after release_at"),
        ("pickup_until", day(3, 25), "pickup_until: must come after pickup_from"),
        ("opens_at", datetime(2020, 3, 12, 9, 0), "opens_at: a time needs its zone"),  # noqa: DTZ001 the point
        ("quota", 0, "quota: "),
        ("pieces", 0, "pieces: "),
        ("price", -5, "price: "),
        ("interval_days", 0, "interval_days: "),
        ("handling_fee", -1, "handling_fee: "),
        ("channels", frozenset(), "channels: "),
    ],
)
def test_a_round_that_cannot_be_is_refused_by_field(
    round_one: Round, field: str, value: object, message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        replace(round_one, **{field: value})  # type: ignore[arg-type]  # any field, by name


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pay_from", at(day(3, 18), 20)),
        ("release_at", at(day(3, 21), 20)),
        ("release_at", at(day(3, 26))),
        ("pickup_until", day(3, 26)),
        ("handling_fee", 0),
    ],
)
def test_dates_that_may_coincide_do(round_one: Round, field: str, value: object) -> None:
    replace(round_one, **{field: value})  # type: ignore[arg-type]  # any field, by name


@pytest.mark.parametrize("field", ["interval_days", "adult_pieces", "child_pieces", "price"])
def test_a_policy_needs_positive_figures(field: str) -> None:
    policy = CounterPolicy(
        valid_from=day(3, 5),
        interval_days=7,
        adult_pieces=3,
        child_pieces=5,
        price=5,
        child_born_from=date(2007, 1, 1),
        odd_even=True,
    )
    assert policy.children_exempt
    assert not policy.adult_may_buy_child_masks
    with pytest.raises(ValueError, match=f"^{field}: "):
        replace(policy, **{field: 0})  # type: ignore[arg-type]  # any field, by name


def test_a_day_range_is_half_open() -> None:
    week = DayRange(day(3, 26), day(4, 2))
    assert week.days == 7
    assert week.contains(day(3, 26))
    assert week.contains(day(4, 1))
    assert not week.contains(day(4, 2))
    assert not week.contains(day(3, 25))


def test_ranges_that_touch_do_not_overlap() -> None:
    week = DayRange(day(3, 26), day(4, 2))
    assert not week.overlaps(DayRange(day(4, 2), day(4, 3)))
    assert not DayRange(day(4, 2), day(4, 3)).overlaps(week)
    assert week.overlaps(DayRange(day(4, 1), day(4, 3)))
    assert DayRange(day(4, 1), day(4, 3)).overlaps(week)
    assert week.overlaps(DayRange(day(3, 28), day(3, 29)))


@pytest.mark.parametrize("end", [day(3, 26), day(3, 25)])
def test_a_day_range_is_never_empty(end: date) -> None:
    with pytest.raises(ValueError, match="ends after it starts"):
        DayRange(day(3, 26), end)


def test_the_day_is_taipeis() -> None:
    assert day_in_taipei(datetime(2020, 3, 25, 16, 0, tzinfo=UTC)) == day(3, 26)
    assert day_in_taipei(datetime(2020, 3, 25, 15, 59, tzinfo=UTC)) == day(3, 25)
    assert at(day(3, 26)) == datetime(2020, 3, 25, 16, 0, tzinfo=UTC)
    assert at(day(3, 26), 9) == datetime(2020, 3, 26, 1, 0, tzinfo=UTC)
    assert at(day(3, 26)).utcoffset() == timedelta(hours=8)
    assert str(TAIPEI) == "Asia/Taipei"


def test_a_time_without_zone_has_no_day() -> None:
    with pytest.raises(ValueError, match="zone"):
        day_in_taipei(datetime(2020, 3, 26))  # noqa: DTZ001 the point of the test


def test_days_are_written_out_with_their_weekday() -> None:
    assert weekday_name(day(3, 22), "zh") == "星期日"
    assert weekday_name(day(3, 23), "en") == "Monday"
    assert long_date(day(3, 21), "zh") == "3月21日（星期六）"
    assert long_date(day(3, 21), "en") == "Saturday 21 March 2020"


def test_birth_dates_are_told_by_their_year() -> None:
    assert long_birth_date(date(2007, 1, 1), "zh") == "2007年（民國96年）1月1日"
    assert long_birth_date(date(2007, 1, 1), "en") == "1 January 2007"


@pytest.mark.parametrize(
    ("hour", "minute", "language", "ending"),
    [
        (20, 0, "zh", "晚上 8:00"),
        (0, 0, "zh", "凌晨 0:00"),
        (5, 59, "zh", "凌晨 5:59"),
        (6, 0, "zh", "上午 6:00"),
        (9, 5, "zh", "上午 9:05"),
        (12, 30, "zh", "中午 12:30"),
        (13, 0, "zh", "下午 1:00"),
        (18, 0, "zh", "晚上 6:00"),
        (20, 0, "en", ", 8pm"),
        (9, 5, "en", ", 9:05am"),
        (0, 0, "en", ", midnight"),
        (0, 30, "en", ", 12:30am"),
        (12, 0, "en", ", midday"),
        (12, 30, "en", ", 12:30pm"),
        (11, 0, "en", ", 11am"),
    ],
)
def test_instants_are_written_out(hour: int, minute: int, language: Language, ending: str) -> None:
    instant = at(day(3, 21), hour, minute)
    assert long_instant(instant, language) == long_date(day(3, 21), language) + ending
    assert long_instant(instant.astimezone(UTC), language) == long_instant(instant, language)
