"""The SQL of lists of institutions: what they change, and what they changed."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from emask.counter.model import Location, Site, SiteKind
from emask.counter.site_file import Entry
from emask.database.clock import NOW
from emask.database.pool import Transaction
from emask.rounds.list_queries import GRAVEST_FIRST
from emask.rounds.model import Change, ImportReport
from emask.rules.calendar import Product

_STOCK_OF_FACTS = "(became->>product)::integer"


class Listed(NamedTuple):
    """A site as a list leaves it: its entry, whether it takes part, and its stock in pieces."""

    site: Site
    active: bool
    stock: Mapping[Product, int]


class SiteDifference(NamedTuple):
    """What one site was, and what it became; `was` is None for one that is new."""

    kind: Change
    was: Listed | None
    became: Listed


async def hold_imports(tx: Transaction) -> None:
    """One import at a time; sites sell meanwhile."""
    await tx.execute("LOCK TABLE counter_site IN SHARE ROW EXCLUSIVE MODE")


async def bring_in(
    tx: Transaction, entries: Iterable[Entry], locations: Mapping[str, Location]
) -> None:
    """Copy a list beside the table, for the statements below."""
    await tx.execute(
        "DROP TABLE IF EXISTS pg_temp.incoming;"
        "CREATE TEMPORARY TABLE incoming (site_code text, kind text, name text, address text,"
        " phone text, county text, town text, longitude float8, latitude float8,"
        " adult_mask integer, child_mask integer, at timestamptz) ON COMMIT DROP"
    )
    async with tx.cursor() as cursor, cursor.copy("COPY incoming FROM STDIN") as copy:
        for site, stock, at in entries:
            where = locations.get(site.site_code)
            await copy.write_row(
                (
                    *(site.site_code, site.kind, site.name, site.address, site.phone, *site.place),
                    *((where.longitude, where.latitude) if where else (None, None)),
                    *(stock[Product.ADULT_MASK], stock[Product.CHILD_MASK], at),
                )
            )


async def compare_incoming(tx: Transaction) -> None:
    """Write beside the table in what the list differs from it.

    Sites that it does not name take part no longer. A place stays known if the list has none. The
    stock of the list counts unless the site's changed after the time that the list tells.
    """
    await tx.execute(
        "DROP TABLE IF EXISTS pg_temp.difference;"
        "CREATE TEMPORARY TABLE difference ON COMMIT DROP AS"
        " WITH s AS (SELECT site.*, a.pieces AS adult_mask, a.changed_at AS adult_at,"
        "   c.pieces AS child_mask, c.changed_at AS child_at FROM counter_site site"
        "  LEFT JOIN counter_stock a ON (a.site_code, a.product) = (site.site_code, 'adult_mask')"
        "  LEFT JOIN counter_stock c ON (c.site_code, c.product) = (site.site_code, 'child_mask')),"
        " both_sides AS (SELECT site_code,"
        "  CASE WHEN s.kind IS NOT NULL THEN jsonb_build_object('kind', s.kind, 'name', s.name,"
        "   'address', s.address, 'phone', s.phone, 'county', s.county, 'town', s.town,"
        "   'longitude', s.longitude, 'latitude', s.latitude, 'active', s.active,"
        "   'adult_mask', s.adult_mask, 'child_mask', s.child_mask) END AS was,"
        "  CASE WHEN i.kind IS NOT NULL THEN jsonb_build_object('kind', i.kind, 'name', i.name,"
        "   'address', i.address, 'phone', i.phone, 'county', i.county, 'town', i.town,"
        "   'longitude', coalesce(i.longitude, s.longitude),"
        "   'latitude', coalesce(i.latitude, s.latitude), 'active', true,"
        "   'adult_mask', CASE WHEN s.adult_at > i.at OR s.adult_at IS NOT NULL AND i.at IS NULL"
        "    THEN s.adult_mask ELSE i.adult_mask END,"
        "   'child_mask', CASE WHEN s.child_at > i.at OR s.child_at IS NOT NULL AND i.at IS NULL"
        "    THEN s.child_mask ELSE i.child_mask END) END AS listed, i.at"
        "  FROM s FULL JOIN incoming i USING (site_code))"
        " SELECT site_code, at, was, became, CASE WHEN was IS NULL THEN 'added'"
        "  WHEN (was->>'active')::boolean AND NOT (became->>'active')::boolean THEN 'closed'"
        "  WHEN NOT (was->>'active')::boolean AND (became->>'active')::boolean THEN 'reopened'"
        "  WHEN was->>'county' <> became->>'county' OR was->>'town' <> became->>'town'"
        "   OR search_form(was->>'address') <> search_form(became->>'address') THEN 'moved'"
        "  ELSE 'changed' END AS kind"
        " FROM both_sides,"
        "  LATERAL (SELECT coalesce(listed, was || '{\"active\": false}') AS became) AS after"
        " WHERE was IS DISTINCT FROM became"
    )


async def report_of_difference(tx: Transaction) -> ImportReport:
    """How many sites the list changes, by kind of change."""
    cursor = await tx.execute(
        "SELECT kind, count(*) FROM difference GROUP BY kind"
        " UNION ALL SELECT 'unchanged', count(*) FROM incoming"
        " WHERE site_code NOT IN (SELECT site_code FROM difference)"
    )
    return ImportReport(**dict(await cursor.fetchall()))


async def vanishing(tx: Transaction) -> tuple[int, int]:
    """How many sites the list has take part no longer, and how many take part."""
    cursor = await tx.execute(
        "SELECT (SELECT count(*) FROM difference WHERE kind = 'closed'),"
        " (SELECT count(*) FROM counter_site WHERE active)"
    )
    ((closing, active),) = await cursor.fetchall()
    return closing, active


async def differences(tx: Transaction) -> list[SiteDifference]:
    """The list's differences site by site: those that vanish first."""
    cursor = await tx.execute(
        f"SELECT site_code, kind, was, became FROM difference ORDER BY {GRAVEST_FIRST}, site_code"
    )
    return [_difference(*row) for row in await cursor.fetchall()]


async def apply_difference(tx: Transaction, *, import_id: int) -> None:
    """Make sites and their stock say what the list says, and keep each difference.

    Stock that a site sold from meanwhile stays: it is newer than any list.
    """
    await tx.execute(
        "MERGE INTO counter_site s USING (SELECT site_code, was, n.* FROM difference,"
        "  jsonb_to_record(became) AS n (kind text, name text, address text, phone text,"
        "   county text, town text, longitude float8, latitude float8, active boolean)) AS d"
        " ON s.site_code = d.site_code"
        " WHEN MATCHED AND (s.kind, s.name, s.address, s.phone, s.county, s.town, s.longitude,"
        "   s.latitude, s.active) IS DISTINCT FROM (d.kind, d.name, d.address, d.phone, d.county,"
        "   d.town, d.longitude, d.latitude, d.active) THEN"
        "  UPDATE SET kind = d.kind, name = d.name, address = d.address, phone = d.phone,"
        "   county = d.county, town = d.town, longitude = d.longitude, latitude = d.latitude,"
        f"   active = d.active, changed_at = {NOW}"
        " WHEN NOT MATCHED THEN"
        "  INSERT (site_code, kind, name, address, phone, county, town, longitude, latitude,"
        "   active, changed_at) VALUES (d.site_code, d.kind, d.name, d.address, d.phone, d.county,"
        f"   d.town, d.longitude, d.latitude, d.active, {NOW})"
    )
    await tx.execute(
        "INSERT INTO counter_stock AS s (site_code, product, pieces, changed_at)"
        f" SELECT site_code, product, {_STOCK_OF_FACTS}, least(at, {NOW})"
        " FROM difference, unnest(ARRAY['adult_mask', 'child_mask']) AS product"
        " WHERE became->product IS DISTINCT FROM was->product"
        " ON CONFLICT (site_code, product)"
        " DO UPDATE SET pieces = excluded.pieces, changed_at = excluded.changed_at"
        " WHERE s.changed_at <= excluded.changed_at"
    )
    await tx.execute(
        "INSERT INTO counter_site_change (import_id, site_code, kind, was, became)"
        " SELECT %s, site_code, kind, was, became FROM difference",
        (import_id,),
    )


async def changes_of_import(tx: Transaction, import_id: int, *, limit: int) -> list[SiteDifference]:
    """What a list changed: those that vanished first."""
    cursor = await tx.execute(
        "SELECT site_code, kind, was, became FROM counter_site_change WHERE import_id = %s"
        f" ORDER BY {GRAVEST_FIRST}, site_code LIMIT %s",
        (import_id, limit),
    )
    return [_difference(*row) for row in await cursor.fetchall()]


def _difference(
    code: str, kind: str, was: Mapping[str, Any] | None, became: Mapping[str, Any]
) -> SiteDifference:
    return SiteDifference(
        Change(kind), None if was is None else _listed(code, was), _listed(code, became)
    )


def _listed(code: str, facts: Mapping[str, Any]) -> Listed:
    x, y = facts["longitude"], facts["latitude"]
    site = Site(
        site_code=code,
        kind=SiteKind(facts["kind"]),
        name=facts["name"],
        address=facts["address"],
        phone=facts["phone"],
        location=None if x is None else Location(longitude=x, latitude=y),
    )
    return Listed(site, facts["active"], {each: facts[each] or 0 for each in Product})
