"""What happens to a parcel, when nobody does anything about it: pure, and by the clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise, product
from typing import Final

from emask.delivery.ports import ParcelState
from emask.partners.logistics.kinds import SubType
from emask.partners.logistics.statuses import CODES, state_of


class Fate(StrEnum):
    """What is going to become of a parcel."""

    KEPT = "kept"
    """It lies in its store until somebody comes, or goes back."""
    COLLECTED = "collected"
    """Its receiver comes of his own accord."""
    STORE_CLOSED = "store_closed"
    """Its store has closed by the time it arrives there."""
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """How long each part of the way takes.

    `visited_in_a_hundred` is how many of a hundred parcels are collected by themselves.
    """

    taken: timedelta = timedelta(hours=2)
    to_centre: timedelta = timedelta(hours=6)
    to_store: timedelta = timedelta(days=1)
    until_collected: timedelta = timedelta(hours=9)
    kept: timedelta = timedelta(days=7)
    until_reselected: timedelta = timedelta(days=3)
    back: timedelta = timedelta(days=1)
    visited_in_a_hundred: int = 0


OVERNIGHT: Final = Timetable(
    taken=timedelta(hours=1),
    to_centre=timedelta(hours=4),
    to_store=timedelta(hours=9),
    kept=timedelta(days=8),
)
"""What is shipped in the morning is at its store when collection begins the day after, and lies
there until nobody may collect it any more (B3, B6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From one code to the next, which holds until `lasts` has passed; for ever if None."""

    sub_type: SubType
    fate: Fate
    code: str
    next_code: str
    lasts: timedelta | None


def steps(timetable: Timetable) -> Iterator[Step]:
    """Every step that any parcel can make by itself."""
    for sub_type, fate in product(SubType, Fate):
        onward = _onward(sub_type, fate)
        for code, next_code in onward.items():
            yield Step(
                sub_type=sub_type,
                fate=fate,
                code=code,
                next_code=next_code,
                lasts=_lasts(sub_type, fate, next_code, timetable) if next_code in onward else None,
            )


def usual_code(sub_type: SubType, state: ParcelState) -> str:
    """The code that a chain usually has for a state; empty if it has none."""
    return next(iter(CODES[sub_type].get(state, ())), "")


def _onward(sub_type: SubType, fate: Fate) -> dict[str, str]:
    """The code after each one; OK has none for a lost parcel, of which no more is heard."""
    states = (ParcelState.ACCEPTED, ParcelState.AT_CENTRE, *_ENDS[fate])
    codes = [
        *CODES[sub_type][ParcelState.ORDER_TAKEN],
        *(code for state in states if (code := usual_code(sub_type, state))),
    ]
    if ParcelState.BACK_AT_CENTRE in states:
        codes += CODES[sub_type][ParcelState.RETURNED_TO_SENDER]
    onward = dict(pairwise(codes))
    if from_centre := onward.get(usual_code(sub_type, ParcelState.AT_CENTRE)):
        onward[usual_code(sub_type, ParcelState.STORE_CHANGED)] = from_centre
    return onward


def _lasts(sub_type: SubType, fate: Fate, code: str, timetable: Timetable) -> timedelta:
    state = state_of(sub_type, code)
    if state is ParcelState.ARRIVED and fate is Fate.COLLECTED:
        return timetable.until_collected
    return {
        ParcelState.ORDER_TAKEN: timetable.taken,
        ParcelState.ACCEPTED: timetable.to_centre,
        ParcelState.AT_CENTRE: timetable.to_store,
        ParcelState.ARRIVED: timetable.kept,
        ParcelState.RESELECT_STORE: timetable.until_reselected,
    }.get(state, timetable.back)


_BACK: Final = (ParcelState.GOING_BACK, ParcelState.BACK_AT_CENTRE)
_ENDS: Final = {
    Fate.KEPT: (ParcelState.ARRIVED, *_BACK),
    Fate.COLLECTED: (ParcelState.ARRIVED, ParcelState.COLLECTED),
    Fate.STORE_CLOSED: (ParcelState.RESELECT_STORE, *_BACK),
    Fate.LOST: (ParcelState.LOST,),
}
