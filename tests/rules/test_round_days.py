"""The calendar of B8, from the rules themselves."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from emask.rounds.catalogue import BUILT_IN, built_in_policies, built_in_round
from emask.rules.calendar import CounterPolicy, Round
from emask.rules.round_days import Event, RoundDay, weeks_of


def policy_on(day: date) -> CounterPolicy:
    return [each for each in built_in_policies() if each.valid_from <= day][-1]


def days_of(round: Round) -> dict[date, RoundDay]:
    return {each.day: each for week in weeks_of(round, policy_on) for each in week}


def test_b8_the_calendar_of_the_first_round() -> None:
    weeks = weeks_of(built_in_round("2020-1"), policy_on)
    assert [week[0].day for week in weeks] == [
        date(2020, 3, 12) + timedelta(days=7 * n) for n in range(4)
    ]
    assert all(len(week) == 7 for week in weeks)
    falls = {each.day: each.events for week in weeks for each in week if each.events}
    assert falls == {
        date(2020, 3, 12): (Event.OPENS,),
        date(2020, 3, 18): (Event.CLOSES,),
        date(2020, 3, 19): (Event.PAY_FROM,),
        date(2020, 3, 21): (Event.PAY_UNTIL,),
        date(2020, 3, 26): (Event.PICKUP_FROM,),
        date(2020, 4, 1): (Event.PICKUP_UNTIL,),
        date(2020, 4, 2): (Event.NEXT_PURCHASE,),
    }


def test_b9_b10_a_counter_sells_until_collection_begins_and_defers_it() -> None:
    days = days_of(built_in_round("2020-1"))
    for day in (date(2020, 3, 12), date(2020, 3, 18), date(2020, 3, 19)):
        assert days[day].sells
        assert days[day].collect_from is None
    assert days[date(2020, 3, 22)].collect_from == date(2020, 3, 29)
    assert days[date(2020, 3, 25)].collect_from == date(2020, 4, 1)
    refused = [day for day, each in days.items() if not each.sells]
    assert refused == [date(2020, 3, 26) + timedelta(days=n) for n in range(7)]
    assert days[date(2020, 4, 2)].sells


@pytest.mark.parametrize("round_id", BUILT_IN)
def test_every_round_has_a_calendar(round_id: str) -> None:
    days = days_of(built_in_round(round_id))
    found = [event for each in days.values() for event in each.events]
    assert sorted(found) == sorted(Event)


def test_what_falls_on_one_day_stands_together() -> None:
    first = built_in_round("2020-1")
    days = days_of(replace(first, pickup_until=first.pickup_from))
    assert days[first.pickup_from].events == (Event.PICKUP_FROM, Event.PICKUP_UNTIL)
