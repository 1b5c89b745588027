"""What holds of a scenario's people from the beginning, although it shows only later."""

from collections.abc import Sequence

from emask.features.registry import Step
from emask.features.steps_counter import buy, buy_for
from emask.features.steps_rounds import advance_clock, set_clock
from emask.features.world import BEGINNING

_SUNDAY = 7  # everyone's day


def last_digits(steps: Sequence[Step]) -> dict[str, int]:
    """The last digits of ID numbers, by name: an ID number is made once.

    Whoever's digit is said, however late, has that one. Whoever's is not has one that may buy on
    the first day on which the scenario lets the person buy at a counter.
    """
    said: dict[str, int] = {}
    fitting: dict[str, int] = {}
    now = BEGINNING
    for step in steps:
        if step.phrase.run in (set_clock, advance_clock):
            now = step.values["instant"]
        elif step.phrase.run in (buy, buy_for) and now.isoweekday() != _SUNDAY:
            fitting.setdefault(step.values["name"], now.isoweekday() % 2)
        elif "digit" in step.values:
            said.setdefault(step.values["name"], step.values["digit"])
    return fitting | said
