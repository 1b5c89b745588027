"""When a site is open, as it says itself, and which sites are open and yet do not sell."""

import re
from datetime import date, datetime, timedelta
from typing import Final

from emask.counter import opening_queries as queries
from emask.counter.model import UnknownSite
from emask.counter.opening_queries import Holiday, Opening, SilentSite
from emask.database import audit_log
from emask.database.pool import Transaction
from emask.rules.calendar import TAIPEI, at, day_in_taipei

HALF_DAYS: Final = ((8, 13), (13, 18), (18, 22))
"""Morning, afternoon and evening: from and to which hour each counts."""
UNKNOWN: Final = "N" * 21
"""The hours of a site that has not told them."""
SILENT_AFTER: Final = timedelta(minutes=30)
_PERIODS: Final = re.compile("[NY]{21}")
_MOST_SILENT: Final = 200


def is_open(service_periods: str, now: datetime) -> bool:
    """Whether hours of 21 letters, holidays aside, include an instant."""
    letter = _letter(now)
    return letter is not None and service_periods[letter] == "N"


async def opening_of(tx: Transaction, site_code: str) -> Opening:
    """The hours and the note of a site. Raises UnknownSite."""
    opening = await queries.opening(tx, site_code)
    if opening is None:
        raise UnknownSite(site_code)
    return opening


async def set_opening(
    tx: Transaction, *, site_code: str, opening: Opening, by: str, now: datetime
) -> None:
    """Have a site say when it is open, and what else its customers are to know.

    Raises:
        UnknownSite: there is none of this code.
        ValueError: the hours are not 21 letters N or Y.
    """
    if not _PERIODS.fullmatch(opening.service_periods):
        raise ValueError("service_periods: 21 letters, N for open, Y for closed")
    if not await queries.write_opening(tx, site_code, opening, now):
        raise UnknownSite(site_code)
    detail = {"service_periods": opening.service_periods, "custom_note": opening.custom_note}
    await audit_log.record(
        tx, at=now, actor=by, act="set_opening", subject=site_code, detail=detail
    )


async def close_on(
    tx: Transaction, *, site_code: str | None, day: date, note: str, by: str, now: datetime
) -> None:
    """Close a site on a day, or every site where none is named; said again, the note is new."""
    await queries.write_holiday(tx, site_code, day, note)
    await _note(tx, "close_on", site_code, day, by=by, now=now)


async def open_after_all(
    tx: Transaction, *, site_code: str | None, day: date, by: str, now: datetime
) -> bool:
    """Take a closed day back; False if it was none."""
    if not await queries.delete_holiday(tx, site_code, day):
        return False
    await _note(tx, "open_after_all", site_code, day, by=by, now=now)
    return True


async def holidays_of(tx: Transaction, site_code: str | None, *, since: date) -> list[Holiday]:
    """The closed days of a site and of every site, or only the latter; the next first."""
    return await queries.holidays(tx, site_code, since=since)


async def silent_sites(tx: Transaction, now: datetime) -> tuple[int, list[SilentSite]]:
    """Who is open, has something to sell and has sold nothing for over half an hour.

    Counted from the last sale, or from when the half of the day began. Those that never told
    their hours count as open.

    Returns:
        How many there are, and the first of them, those silent for longest first.
    """
    letter = _letter(now)
    if letter is None:
        return 0, []
    begin, _ = HALF_DAYS[letter // 7]
    today = day_in_taipei(now)
    return await queries.silent(
        tx,
        letter=letter + 1,
        today=today,
        begin=at(today, begin),
        since=now - SILENT_AFTER,
        limit=_MOST_SILENT,
    )


def _letter(now: datetime) -> int | None:
    """Which of the 21 letters speaks of an instant; none does at night."""
    local = now.astimezone(TAIPEI)
    for half, (begin, end) in enumerate(HALF_DAYS):
        if begin <= local.hour < end:
            return half * 7 + local.weekday()
    return None


async def _note(
    tx: Transaction, act: str, site_code: str | None, day: date, *, by: str, now: datetime
) -> None:
    detail = {"day": day.isoformat()}
    await audit_log.record(
        tx, at=now, actor=by, act=act, subject=site_code or "all_sites", detail=detail
    )
