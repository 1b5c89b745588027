"""The scenes of a rehearsal: in the order of time, each in its round's right phase."""

from datetime import date

import pytest

from emask.rehearsal.plan import Fate
from emask.rehearsal.scenes import SCENES
from emask.rehearsal.timeline import timeline
from emask.rounds.catalogue import built_in_round
from emask.rules.calendar import Phase

_ROUNDS = (built_in_round("2020-1"), built_in_round("2020-2"))
_PHASES = {
    "sign_in": Phase.REGISTRATION,
    "register_at_once": Phase.REGISTRATION,
    "change_minds": Phase.REGISTRATION,
    "register_later": Phase.REGISTRATION,
    "come_too_late": Phase.CLOSED,
    "pay_0": Phase.PAYMENT,
    "pay_3": Phase.PAYMENT,
    "money_after_the_deadline": Phase.SETTLING,
    "money_after_the_release": Phase.PREPARING,
    "collect": Phase.PICKUP,
    "come_after_the_end": Phase.OVER,
}


def test_rounds_are_played_among_one_another() -> None:
    scenes = timeline(_ROUNDS, days_fast=False)
    assert [scene.at for scene in scenes] == sorted(scene.at for scene in scenes)
    order = [(scene.name, scene.round_id) for scene in scenes]
    assert order.index(("register_at_once", "2020-2")) < order.index(("pay_3", "2020-1"))


@pytest.mark.parametrize("name", _PHASES)
def test_each_scene_falls_into_its_phase(name: str) -> None:
    rounds = {round.id: round for round in _ROUNDS}
    scenes = [scene for scene in timeline(_ROUNDS, days_fast=False) if scene.name == name]
    assert {scene.round_id for scene in scenes} == set(rounds)
    assert {rounds[scene.round_id].phase(scene.at) for scene in scenes} == {_PHASES[name]}


def test_every_scene_can_be_played() -> None:
    assert {scene.name for scene in timeline(_ROUNDS, days_fast=False)} == set(SCENES)


def test_fast_days_keep_the_last_day_of_collection() -> None:
    slow = timeline(_ROUNDS[:1], days_fast=False)
    fast = timeline(_ROUNDS[:1], days_fast=True)
    days = [scene.at.date() for scene in fast if scene.name == "collect"]
    assert days == [date(2020, 3, 26), date(2020, 3, 29), date(2020, 4, 1)]
    assert len([scene for scene in slow if scene.name == "collect"]) == 7


def test_fate_is_the_same_for_the_same_seed_and_evenly_spread() -> None:
    shares = [Fate(1).share(serial, "pay") for serial in range(2_000)]
    assert shares == [Fate(1).share(serial, "pay") for serial in range(2_000)]
    assert shares != [Fate(2).share(serial, "pay") for serial in range(2_000)]
    assert shares != [Fate(1).share(serial, "collect") for serial in range(2_000)]
    assert 0 <= min(shares) < max(shares) < 1
    assert sum(share < 0.85 for share in shares) == pytest.approx(1_700, abs=60)
    assert {Fate(1).one_of(serial, "day", 7) for serial in range(200)} == set(range(7))
