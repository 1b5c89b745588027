"""The SQL of counter sites and their stock."""

from collections.abc import Sequence
from typing import NamedTuple

from emask.counter.model import Site, SiteKind, Stock
from emask.database.pool import Transaction
from emask.rules.calendar import Product

_NOW = "coalesce((SELECT now FROM clock), now())"


class Written(NamedTuple):
    """The codes of what a list added and changed; the rest of it said nothing new."""

    added: frozenset[str]
    changed: frozenset[str]


async def site(tx: Transaction, site_code: str) -> Site | None:
    """One site, or None."""
    cursor = await tx.execute(
        "SELECT kind, name, address, phone FROM counter_site WHERE site_code = %s", (site_code,)
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    kind, name, address, phone = row
    return Site(site_code=site_code, kind=SiteKind(kind), name=name, address=address, phone=phone)


async def write_sites(tx: Transaction, sites: Sequence[Site]) -> Written:
    """Add sites, or bring them up to date."""
    cursor = await tx.execute(
        "INSERT INTO counter_site AS s (site_code, kind, name, address, phone, changed_at)"
        f" SELECT *, {_NOW}"
        " FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[])"
        " ON CONFLICT (site_code) DO UPDATE SET kind = excluded.kind, name = excluded.name,"
        " address = excluded.address, phone = excluded.phone, changed_at = excluded.changed_at"
        " WHERE (s.kind, s.name, s.address, s.phone)"
        " <> (excluded.kind, excluded.name, excluded.address, excluded.phone)"
        " RETURNING new.site_code, old.site_code IS NULL",
        (
            [site.site_code for site in sites],
            [site.kind for site in sites],
            [site.name for site in sites],
            [site.address for site in sites],
            [site.phone for site in sites],
        ),
    )
    return _written(await cursor.fetchall())


async def write_stock(tx: Transaction, stocks: Sequence[Stock]) -> Written:
    """Set what sites have left."""
    cursor = await tx.execute(
        "INSERT INTO counter_stock AS s (site_code, product, pieces, changed_at)"
        f" SELECT *, {_NOW} FROM unnest(%s::text[], %s::text[], %s::integer[])"
        " ON CONFLICT (site_code, product)"
        " DO UPDATE SET pieces = excluded.pieces, changed_at = excluded.changed_at"
        " WHERE s.pieces <> excluded.pieces"
        " RETURNING new.site_code, old.site_code IS NULL",
        (
            [stock.site_code for stock in stocks],
            [stock.product for stock in stocks],
            [stock.pieces for stock in stocks],
        ),
    )
    return _written(await cursor.fetchall())


async def add_stock(tx: Transaction, site_code: str, product: Product, pieces: int) -> bool:
    """Add to what a site has; False if there is no such site."""
    cursor = await tx.execute(
        "INSERT INTO counter_stock AS s (site_code, product, pieces, changed_at)"
        f" SELECT site_code, %s, %s, {_NOW} FROM counter_site WHERE site_code = %s"
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


def _written(rows: Sequence[tuple[str, bool]]) -> Written:
    added = frozenset(code for code, is_new in rows if is_new)
    return Written(added=added, changed=frozenset(code for code, _ in rows) - added)
