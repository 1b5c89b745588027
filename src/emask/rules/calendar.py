"""Days, rounds and counter policies: what happens when, always in Taipei time."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum
from itertools import pairwise
from typing import Literal

TAIPEI = timezone(timedelta(hours=8), "Asia/Taipei")

Language = Literal["zh", "en"]


class Channel(StrEnum):
    """How a session was opened; B14 ties the payment methods to it."""

    COMPUTER = "computer"
    MOBILE = "mobile"
    COUNTER = "counter"
    KIOSK = "kiosk"


class Product(StrEnum):
    """What is rationed."""

    ADULT_MASK = "adult_mask"
    CHILD_MASK = "child_mask"

    @property
    def zh(self) -> str:
        return "成人口罩" if self is Product.ADULT_MASK else "兒童口罩"

    @property
    def en(self) -> str:
        return "adult masks" if self is Product.ADULT_MASK else "child masks"


class DeferredClaim(StrEnum):
    """How a pre-order counts that a counter purchase has deferred (B10).

    FULL keeps the whole interval from the new first day; WINDOW_START counts from pickup_from.
    """

    FULL = "full"
    WINDOW_START = "window_start"


class Phase(StrEnum):
    """Where a round stands at one instant; each phase starts where the one before ends."""

    NOT_OPEN_YET = "not_open_yet"
    REGISTRATION = "registration"
    CLOSED = "closed"
    PAYMENT = "payment"
    SETTLING = "settling"
    PREPARING = "preparing"
    PICKUP = "pickup"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class DayRange:
    """Calendar days from `start` up to, not including, `end`; never empty (ValueError)."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError(f"a day range ends after it starts: {self.start} to {self.end}")

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    def contains(self, day: date) -> bool:
        return self.start <= day < self.end

    def overlaps(self, other: "DayRange") -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One cycle of dates, quota, product and price. Money is whole NT$, times are aware.

    Pick-up runs from `pickup_from` to `pickup_until`, both included. Who holds a paid order in
    the round `closed_to_buyers_of` may not pre-order in this one.

    Raises:
        ValueError: an id that cannot stand in an address, dates out of order, a time without
            zone, or a figure that is not positive; the message begins with the field.
    """

    id: str
    opens_at: datetime
    closes_at: datetime
    pay_from: datetime
    pay_until: datetime
    release_at: datetime
    pickup_from: date
    pickup_until: date
    quota: int
    pieces: int
    price: int
    handling_fee: int
    interval_days: int
    child_born_from: date
    product: Product = Product.ADULT_MASK
    deferred_claim: DeferredClaim = DeferredClaim.FULL
    channels: frozenset[Channel] = frozenset({Channel.COMPUTER, Channel.MOBILE, Channel.COUNTER})
    closed_to_buyers_of: str | None = None

    def __post_init__(self) -> None:
        if re.fullmatch("[a-z0-9][a-z0-9-]{0,31}", self.id) is None:
            raise ValueError("id: must be small letters, digits and hyphens, at most 32")
        times = {
            "opens_at": self.opens_at,
            "closes_at": self.closes_at,
            "pay_from": self.pay_from,
            "pay_until": self.pay_until,
            "release_at": self.release_at,
            "pickup_from": self.pickup_opens_at,
            "pickup_until": self.pickup_ends_at,
        }
        _require_order(times, may_coincide={"pay_from", "release_at", "pickup_from"})
        figures = {
            "quota": self.quota,
            "pieces": self.pieces,
            "price": self.price,
            "interval_days": self.interval_days,
            "channels": len(self.channels),
            "handling_fee": self.handling_fee + 1,  # a round may come without a fee
        }
        _require_positive(figures)

    @property
    def pickup_opens_at(self) -> datetime:
        return at(self.pickup_from)

    @property
    def pickup_ends_at(self) -> datetime:
        return at(self.pickup_until + timedelta(days=1))

    @property
    def amount_due(self) -> int:
        """NT$ for one pre-order; every one bears its own handling fee (B11, B13)."""
        return self.pieces * self.price + self.handling_fee

    def accepts_preorders(self, now: datetime) -> bool:
        return self.phase(now) is Phase.REGISTRATION

    def phase(self, now: datetime) -> Phase:
        """The phase at `now`; each instant belongs to the phase that begins with it."""
        ends = (
            (self.opens_at, Phase.NOT_OPEN_YET),
            (self.closes_at, Phase.REGISTRATION),
            (self.pay_from, Phase.CLOSED),
            (self.pay_until, Phase.PAYMENT),
            (self.release_at, Phase.SETTLING),
            (self.pickup_opens_at, Phase.PREPARING),
            (self.pickup_ends_at, Phase.PICKUP),
        )
        return next((phase for end, phase in ends if now < end), Phase.OVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterPolicy:
    """What pharmacies and health centres sell from `valid_from` on (B7, B9, B17).

    `price` is NT$ a piece; a child is a person born on or after `child_born_from`. Children buy
    child masks; those of them who were born before `either_born_before` may choose adult masks
    instead. One visitor may act for `proxy_adults` and `proxy_children` others.

    Raises:
        ValueError: a figure is not positive.
    """

    valid_from: date
    interval_days: int
    adult_pieces: int
    child_pieces: int
    price: int
    child_born_from: date
    odd_even: bool
    children_exempt: bool = True
    adult_may_buy_child_masks: bool = False
    either_born_before: date | None = None
    proxy_adults: int = 1
    proxy_children: int = 3

    def __post_init__(self) -> None:
        figures = {
            "interval_days": self.interval_days,
            "adult_pieces": self.adult_pieces,
            "child_pieces": self.child_pieces,
            "price": self.price,
            "proxy_adults": self.proxy_adults + 1,  # nobody may buy for others
            "proxy_children": self.proxy_children + 1,
        }
        _require_positive(figures)


def day_in_taipei(instant: datetime) -> date:
    """The calendar day in Taipei. Raises ValueError for a time without zone."""
    if instant.tzinfo is None:
        raise ValueError("a time needs its zone")
    return instant.astimezone(TAIPEI).date()


def at(day: date, hour: int = 0, minute: int = 0) -> datetime:
    """An aware Taipei instant."""
    return datetime.combine(day, time(hour, minute), TAIPEI)


def weekday_name(day: date, language: Language) -> str:
    """Name the day of the week: 星期六, Saturday."""
    if language == "zh":
        return f"星期{'一二三四五六日'[day.weekday()]}"
    return _WEEKDAYS[day.weekday()]


def long_date(day: date, language: Language) -> str:
    """Write a day out: 3月21日（星期六）, Saturday 21 March 2020."""
    if language == "zh":
        return f"{day.month}月{day.day}日（{weekday_name(day, language)}）"
    return f"{weekday_name(day, language)} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def long_birth_date(day: date, language: Language) -> str:
    """Write a birth date out, whose year tells more than its weekday.

    2007年（民國96年）1月1日, 1 January 2007.
    """
    if language == "zh":
        since_the_republic = day.year - _YEARS_BEFORE_THE_REPUBLIC
        return f"{day.year}年（民國{since_the_republic}年）{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def long_instant(instant: datetime, language: Language) -> str:
    """Write an instant out in Taipei time.

    3月21日（星期六）晚上 8:00, Saturday 21 March 2020, 8pm; exact hours of twelve are midday and
    midnight in English.
    """
    local = instant.astimezone(TAIPEI)
    day = long_date(local.date(), language)
    hour = local.hour % 12
    if language == "zh":
        part = next(word for end, word in _PARTS_OF_DAY if local.hour < end)
        return f"{day}{part} {12 if part == '中午' else hour}:{local.minute:02}"
    if local.minute == 0 and hour == 0:
        return f"{day}, {'midday' if local.hour else 'midnight'}"
    minutes = f":{local.minute:02}" if local.minute else ""
    return f"{day}, {hour or 12}{minutes}{'am' if local.hour < _NOON else 'pm'}"


_NOON = 12
_YEARS_BEFORE_THE_REPUBLIC = 1911
_PARTS_OF_DAY = ((6, "凌晨"), (12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上"))
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def _require_order(times: Mapping[str, datetime], *, may_coincide: set[str]) -> None:
    for field, instant in times.items():
        if instant.tzinfo is None:
            raise ValueError(f"{field}: a time needs its zone")
    for (earlier, before), (field, instant) in pairwise(times.items()):
        if instant < before or (instant == before and field not in may_coincide):
            raise ValueError(f"{field}: must come after {earlier}")


def _require_positive(figures: Mapping[str, int]) -> None:
    for field, figure in figures.items():
        if figure <= 0:
            raise ValueError(f"{field}: must be greater than nothing")
