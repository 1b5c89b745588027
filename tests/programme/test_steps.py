"""When things fall due in round 2020-1, and in rounds of other lengths."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from emask.draw.service import COMMITMENT, SHORTEST_COMMITMENT
from emask.programme.steps import STEPS
from emask.programme.system import System
from emask.rounds.catalogue import BUILT_IN, built_in_round
from emask.rules.calendar import Round, at
from emask.sandbox.beacon import PERIOD
from programme.play import Play


def _dues(round: Round, system: System) -> dict[str, datetime]:
    return {step.name: step.due(round, system.partners.beacon) for step in STEPS}


def test_round_one_by_the_calendar(play: Play) -> None:
    dues = _dues(built_in_round("2020-1"), play.system)
    drawn = dues.pop("draw") - at(date(2020, 3, 18), 20) - COMMITMENT
    assert timedelta(0) < drawn <= PERIOD
    assert dues == {
        "close": at(date(2020, 3, 18), 20),
        "publish": at(date(2020, 3, 19), 8),
        "remind": at(date(2020, 3, 20), 20),
        "ask_gateways": at(date(2020, 3, 22), 7),
        "lapse": at(date(2020, 3, 22), 8),
        "pack": at(date(2020, 3, 22), 8),
        "ship": at(date(2020, 3, 25), 8),
        "arrive": at(date(2020, 3, 26)),
        "last_day": at(date(2020, 4, 1), 8),
        "forfeit": at(date(2020, 4, 2)),
    }


def _short() -> Round:
    """Everything as close together as a round may have it."""
    day = date(2020, 5, 1)
    return replace(
        built_in_round("2020-1"),
        id="short",
        opens_at=at(day, 8),
        closes_at=at(day, 9),
        pay_from=at(day, 9),
        pay_until=at(day, 12),
        release_at=at(day + timedelta(days=1)),
        pickup_from=day + timedelta(days=1),
        pickup_until=day + timedelta(days=1),
    )


@pytest.mark.parametrize("round", [*map(built_in_round, BUILT_IN), _short()], ids=lambda r: r.id)
def test_no_step_is_due_before_the_one_above_it(play: Play, round: Round) -> None:
    dues = list(_dues(round, play.system).values())
    assert dues == sorted(dues)


def test_a_result_that_is_due_a_minute_after_closing_is_out_by_then(play: Play) -> None:
    first = built_in_round("2020-1")
    midnight = at(date(2020, 3, 19))
    round = replace(first, closes_at=midnight - timedelta(minutes=1), pay_from=midnight)
    dues = _dues(round, play.system)
    assert round.closes_at + SHORTEST_COMMITMENT < dues["draw"] < dues["publish"] == midnight


def test_a_draw_is_never_published_before_it_is_drawn(play: Play) -> None:
    dues = _dues(_short(), play.system)
    assert dues["publish"] == dues["draw"] > _short().pay_from
