"""The scenes of a rehearsal in the order of time, those of several rounds among one another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from emask.rehearsal.paying import PAYING_HOURS
from emask.rules.calendar import Round, at

_OPENING_HOUR = 10  # of counters
_EVENING = 18  # when most people collect
_DAYS_BEFORE = 2  # of counter sales before the first round opens
_FAST = 3  # of so many days, one is played


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What happens at one instant; `name` is one of :data:`emask.rehearsal.scenes.SCENES`."""

    at: datetime
    name: str
    round_id: str


def timeline(rounds: Sequence[Round], *, days_fast: bool) -> list[Scene]:
    """Every scene, the earliest first; with `days_fast` counters and stores see fewer days."""
    every = _FAST if days_fast else 1
    scenes = [*_counter_days(rounds, every)]
    for round in rounds:
        scenes += _registration(round)
        scenes += _payment(round)
        scenes += _collection(round, every)
    return sorted(scenes, key=lambda scene: scene.at)


def _registration(round: Round) -> Iterator[Scene]:
    def scene(instant: datetime, name: str) -> Scene:
        return Scene(at=instant, name=name, round_id=round.id)

    span = round.closes_at - round.opens_at
    yield scene(round.opens_at, "sign_in")
    yield scene(round.opens_at, "register_at_once")
    yield scene(round.opens_at + span / 2, "change_minds")
    yield scene(round.closes_at - span / 100, "register_later")
    yield scene(round.closes_at + timedelta(minutes=1), "come_too_late")


def _payment(round: Round) -> Iterator[Scene]:
    span = round.pay_until - round.pay_from
    for hour in range(PAYING_HOURS):
        instant = round.pay_from + span * (hour + 1) / (PAYING_HOURS + 1)
        yield Scene(at=instant, name=f"pay_{hour}", round_id=round.id)
    late = round.pay_until + (round.release_at - round.pay_until) / 2
    yield Scene(at=late, name="money_after_the_deadline", round_id=round.id)
    released = round.release_at + timedelta(minutes=30)
    yield Scene(at=released, name="money_after_the_release", round_id=round.id)


def _collection(round: Round, every: int) -> Iterator[Scene]:
    for day in _days(round.pickup_from, round.pickup_until, every):
        yield Scene(at=at(day, _EVENING), name="collect", round_id=round.id)
    after = round.pickup_ends_at + timedelta(hours=_OPENING_HOUR)
    yield Scene(at=after, name="come_after_the_end", round_id=round.id)


def _counter_days(rounds: Sequence[Round], every: int) -> Iterator[Scene]:
    first = min(round.opens_at.date() for round in rounds) - timedelta(days=_DAYS_BEFORE)
    last = max(round.pickup_until for round in rounds) + timedelta(days=1)
    for day in _days(first, last, every):
        yield Scene(at=at(day, _OPENING_HOUR), name="buy", round_id=rounds[0].id)


def _days(first: date, last: date, every: int) -> Iterator[date]:
    """Every so-manieth day, the last one always."""
    count = (last - first).days
    for number in range(count + 1):
        if (count - number) % every == 0:
            yield first + timedelta(days=number)
