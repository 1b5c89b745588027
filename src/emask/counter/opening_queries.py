"""The SQL of hours, holidays and silence."""

from datetime import date, datetime
from typing import NamedTuple

from emask.database.pool import Transaction


class Opening(NamedTuple):
    """What a site says of itself: 21 letters, mornings from Monday on, afternoons, evenings.

    N is open, Y closed.
    """

    service_periods: str
    custom_note: str


class Holiday(NamedTuple):
    """A day on which one site is closed, or every site."""

    day: date
    note: str
    everywhere: bool


class SilentSite(NamedTuple):
    """A site that is open and does not sell; None where it has sold nothing today."""

    site_code: str
    name: str
    phone: str
    county: str
    town: str
    last_sale: datetime | None


async def opening(tx: Transaction, site_code: str) -> Opening | None:
    """What a site says of itself, or None."""
    cursor = await tx.execute(
        "SELECT service_periods, custom_note FROM counter_site WHERE site_code = %s", (site_code,)
    )
    row = await cursor.fetchone()
    return Opening(*row) if row else None


async def write_opening(tx: Transaction, site_code: str, opening: Opening, now: datetime) -> bool:
    """Write it; False if there is no such site."""
    cursor = await tx.execute(
        "UPDATE counter_site SET service_periods = %s, custom_note = %s, changed_at = %s"
        " WHERE site_code = %s",
        (*opening, now, site_code),
    )
    return cursor.rowcount == 1


async def write_holiday(tx: Transaction, site_code: str | None, day: date, note: str) -> None:
    """Write a closed day, of every site where none is named."""
    await tx.execute(
        "INSERT INTO counter_holiday (site_code, day, note) VALUES (%s, %s, %s)"
        " ON CONFLICT (site_code, day) DO UPDATE SET note = excluded.note",
        (site_code, day, note),
    )


async def delete_holiday(tx: Transaction, site_code: str | None, day: date) -> bool:
    """Take a closed day back; False if it was none."""
    cursor = await tx.execute(
        "DELETE FROM counter_holiday WHERE site_code IS NOT DISTINCT FROM %s AND day = %s",
        (site_code, day),
    )
    return cursor.rowcount == 1


async def holidays(tx: Transaction, site_code: str | None, *, since: date) -> list[Holiday]:
    """The closed days of a site and of all sites from a day on."""
    cursor = await tx.execute(
        "SELECT day, note, site_code IS NULL FROM counter_holiday"
        " WHERE (site_code IS NULL OR site_code = %s) AND day >= %s ORDER BY day, site_code",
        (site_code, since),
    )
    return [Holiday(*row) for row in await cursor.fetchall()]


async def silent(
    tx: Transaction, *, letter: int, today: date, begin: datetime, since: datetime, limit: int
) -> tuple[int, list[SilentSite]]:
    """Sites with stock whose letter says open today and that sold nothing from `since` on."""
    cursor = await tx.execute(
        "SELECT count(*) OVER (), site.site_code, name, phone, county, town, last.sold_at"
        " FROM counter_site site"
        " CROSS JOIN LATERAL (SELECT max(sold_at) AS sold_at FROM counter_sale sale"
        "  WHERE sale.site_code = site.site_code AND sold_on = %(today)s) AS last"
        " WHERE active AND substr(service_periods, %(letter)s, 1) = 'N'"
        " AND NOT EXISTS (SELECT FROM counter_holiday holiday WHERE day = %(today)s"
        "  AND (holiday.site_code IS NULL OR holiday.site_code = site.site_code))"
        " AND EXISTS (SELECT FROM counter_stock stock"
        "  WHERE stock.site_code = site.site_code AND pieces > 0)"
        " AND greatest(last.sold_at, %(begin)s) < %(since)s"
        " ORDER BY last.sold_at NULLS FIRST, site.site_code LIMIT %(limit)s",
        {"letter": letter, "today": today, "begin": begin, "since": since, "limit": limit},
    )
    rows = await cursor.fetchall()
    return (rows[0][0] if rows else 0), [SilentSite(*row[1:]) for row in rows]
