"""The SQL of deliveries, daily supply and counts."""

from dataclasses import dataclass
from datetime import date, datetime

from emask.database.pool import Transaction
from emask.rules.calendar import Product


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Pieces that came to a site on a day, and who noted it when."""

    product: Product
    pieces: int
    day: date
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """How many pieces a site is sent each day from a day on."""

    product: Product
    valid_from: date
    pieces: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StockCount:
    """The pieces that were to be there and those that were, by whom and when."""

    product: Product
    expected: int
    counted: int
    by: str
    at: datetime

    @property
    def difference(self) -> int:
        """Above 0 where more were there than were to be."""
        return self.counted - self.expected


async def insert_delivery(tx: Transaction, site_code: str, delivery: Delivery) -> bool:
    """Keep what came; False if there is no such site."""
    cursor = await tx.execute(
        "INSERT INTO counter_delivery"
        " (site_code, product, delivered_on, pieces, noted_at, noted_by)"
        " SELECT site_code, %s, %s, %s, %s, %s FROM counter_site WHERE site_code = %s",
        (
            *(delivery.product, delivery.day, delivery.pieces, delivery.at, delivery.by),
            site_code,
        ),
    )
    return cursor.rowcount == 1


async def deliveries(tx: Transaction, site_code: str, *, limit: int) -> list[Delivery]:
    """The last deliveries, the latest first."""
    cursor = await tx.execute(
        "SELECT product, pieces, delivered_on, noted_by, noted_at FROM counter_delivery"
        " WHERE site_code = %s ORDER BY delivered_on DESC, delivery_id DESC LIMIT %s",
        (site_code, limit),
    )
    return [
        Delivery(product=Product(product), pieces=pieces, day=day, by=by, at=at)
        for product, pieces, day, by, at in await cursor.fetchall()
    ]


async def count(
    tx: Transaction, *, site_code: str, product: Product, counted: int, by: str, at: datetime
) -> int | None:
    """Set the stock and keep the count, in one statement; what was to be there, None if no site."""
    cursor = await tx.execute(
        "WITH corrected AS (INSERT INTO counter_stock (site_code, product, pieces, changed_at)"
        "  SELECT site_code, %(product)s, %(counted)s, %(at)s FROM counter_site"
        "  WHERE site_code = %(site)s ON CONFLICT (site_code, product)"
        "  DO UPDATE SET pieces = excluded.pieces, changed_at = excluded.changed_at"
        "  RETURNING coalesce(old.pieces, 0) AS expected)"
        " INSERT INTO counter_count"
        " (site_code, product, expected, counted, counted_at, counted_by)"
        " SELECT %(site)s, %(product)s, expected, %(counted)s, %(at)s, %(by)s FROM corrected"
        " RETURNING expected",
        {"site": site_code, "product": product, "counted": counted, "by": by, "at": at},
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def counts(tx: Transaction, site_code: str, *, limit: int) -> list[StockCount]:
    """The last counts, the latest first."""
    cursor = await tx.execute(
        "SELECT product, expected, counted, counted_by, counted_at FROM counter_count"
        " WHERE site_code = %s ORDER BY counted_at DESC, count_id DESC LIMIT %s",
        (site_code, limit),
    )
    return [
        StockCount(product=Product(product), expected=expected, counted=counted, by=by, at=at)
        for product, expected, counted, by, at in await cursor.fetchall()
    ]


async def write_supply(tx: Transaction, site_code: str, supply: Supply) -> bool:
    """Set the figure of a day, another one of the same day is replaced; False if no such site."""
    cursor = await tx.execute(
        "INSERT INTO counter_supply (site_code, product, valid_from, pieces)"
        " SELECT site_code, %s, %s, %s FROM counter_site WHERE site_code = %s"
        " ON CONFLICT (site_code, product, valid_from) DO UPDATE SET pieces = excluded.pieces",
        (supply.product, supply.valid_from, supply.pieces, site_code),
    )
    return cursor.rowcount == 1


async def supply_on(tx: Transaction, site_code: str, day: date) -> dict[Product, int]:
    """The figures that apply on a day."""
    cursor = await tx.execute(
        "SELECT DISTINCT ON (product) product, pieces FROM counter_supply"
        " WHERE site_code = %s AND valid_from <= %s ORDER BY product, valid_from DESC",
        (site_code, day),
    )
    return {Product(product): pieces for product, pieces in await cursor.fetchall()}


async def supplies(tx: Transaction, site_code: str) -> list[Supply]:
    """All figures, the latest first."""
    cursor = await tx.execute(
        "SELECT product, valid_from, pieces FROM counter_supply WHERE site_code = %s"
        " ORDER BY valid_from DESC, product",
        (site_code,),
    )
    return [
        Supply(product=Product(product), valid_from=day, pieces=pieces)
        for product, day, pieces in await cursor.fetchall()
    ]
