"""The SQL of counter sites and their stock."""

from collections.abc import Sequence
from typing import NamedTuple

from psycopg.rows import TupleRow

from emask.counter.model import Location, Site, SiteKind
from emask.database.clock import NOW
from emask.database.pool import Transaction
from emask.rules.calendar import Product

_SITE = (
    "SELECT site_code, kind, name, address, phone, longitude, latitude, active FROM counter_site"
)


class Found(NamedTuple):
    """A site, and whether it takes part."""

    site: Site
    active: bool


async def site(tx: Transaction, site_code: str) -> Found | None:
    """One site, or None."""
    cursor = await tx.execute(f"{_SITE} WHERE site_code = %s", (site_code,))
    row = await cursor.fetchone()
    return _found(row) if row else None


async def matching(tx: Transaction, text: str, *, limit: int) -> list[Found]:
    """Sites in whose code, name, address or phone number a text stands, by code."""
    cursor = await tx.execute(
        f"{_SITE} WHERE search_form(concat_ws(' ', site_code, name, address, phone))"
        r" LIKE '%%' || regexp_replace(search_form(%s), '[\\%%_]', '\\\&', 'g') || '%%'"
        " ORDER BY active DESC, site_code LIMIT %s",
        (text, limit),
    )
    return [_found(row) for row in await cursor.fetchall()]


def _found(row: TupleRow) -> Found:
    site_code, kind, name, address, phone, longitude, latitude, active = row
    site = Site(
        site_code=site_code,
        kind=SiteKind(kind),
        name=name,
        address=address,
        phone=phone,
        location=None if longitude is None else Location(longitude=longitude, latitude=latitude),
    )
    return Found(site, active)


async def write_sites(tx: Transaction, sites: Sequence[Site]) -> None:
    """Add sites, or bring them up to date; they take part."""
    if not sites:
        return
    rows = [
        (
            *(site.site_code, site.kind, site.name, site.address, site.phone, *site.place),
            *((at.longitude, at.latitude) if (at := site.location) else (None, None)),
        )
        for site in sites
    ]
    await tx.execute(
        "INSERT INTO counter_site (site_code, kind, name, address, phone, county, town, longitude,"
        f" latitude, changed_at) SELECT *, {NOW} FROM unnest(%s::text[], %s::text[], %s::text[],"
        " %s::text[], %s::text[], %s::text[], %s::text[], %s::float8[], %s::float8[])"
        " ON CONFLICT (site_code) DO UPDATE SET kind = excluded.kind, name = excluded.name,"
        " address = excluded.address, phone = excluded.phone, county = excluded.county,"
        " town = excluded.town, longitude = excluded.longitude, latitude = excluded.latitude,"
        " active = true, changed_at = excluded.changed_at",
        [list(column) for column in zip(*rows, strict=True)],
    )


async def add_stock(tx: Transaction, site_code: str, product: Product, pieces: int) -> bool:
    """Add to what a site has; False if there is no such site."""
    cursor = await tx.execute(
        "INSERT INTO counter_stock AS s (site_code, product, pieces, changed_at)"
        f" SELECT site_code, %s, %s, {NOW} FROM counter_site WHERE site_code = %s"
        " ON CONFLICT (site_code, product)"
        " DO UPDATE SET pieces = s.pieces + excluded.pieces, changed_at = excluded.changed_at",
        (product, pieces, site_code),
    )
    return cursor.rowcount == 1


async def stock(tx: Transaction, site_code: str) -> dict[Product, int]:
    """What a site has left, by product."""
    cursor = await tx.execute(
        "SELECT product, pieces FROM counter_stock WHERE site_code = %s", (site_code,)
    )
    return {Product(product): pieces for product, pieces in await cursor.fetchall()}
