"""Times as NewebPay writes them: naive, of Taipei."""

from datetime import datetime, time
from typing import Final

from emask.rules.calendar import TAIPEI

NEVER: Final = ("", "0000-00-00 00:00:00")
"""How it writes a time that has not come."""

_MOMENT: Final = "%Y-%m-%d %H:%M:%S"
_DAY: Final = "%Y-%m-%d"
_CLOCKS: Final = ("%H%M%S", "%H:%M:%S")
_END_OF_DAY: Final = time(23, 59, 59)
_YEARS: Final = range(2000, 2200)


def moment(text: str) -> datetime:
    """An instant such as ``2023-09-27 14:21:59``. Raises ValueError."""
    return _sane(datetime.strptime(text, _MOMENT).replace(tzinfo=TAIPEI))


def moment_text(instant: datetime) -> str:
    """An instant as :func:`moment` reads it."""
    return instant.astimezone(TAIPEI).strftime(_MOMENT)


def deadline(day: str, clock: str) -> datetime:
    """A day and a time of it, the day's last second if there is none. Raises ValueError."""
    date = _sane(datetime.strptime(day, _DAY).replace(tzinfo=TAIPEI))
    return datetime.combine(date, _clock(clock) if clock else _END_OF_DAY, TAIPEI)


def _sane(instant: datetime) -> datetime:
    """Years that neither UTC nor a database could overflow with."""
    if instant.year not in _YEARS:
        raise ValueError("year")
    return instant


def _clock(text: str) -> time:
    for form in _CLOCKS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=TAIPEI).time()
        except ValueError:
            continue
    raise ValueError("no time of day")
