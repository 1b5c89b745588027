"""What comes to a site, what it is sent each day, and what is there when somebody counts (B9).

Deliveries are no stock: a site enters stock when it begins to sell from it.
"""

from datetime import date, datetime

from emask.counter import supply_queries as queries
from emask.counter.model import UnknownSite
from emask.counter.supply_queries import Delivery, StockCount, Supply
from emask.database import audit_log
from emask.database.pool import Transaction
from emask.rules.calendar import Product

_LAST = 20


async def deliver(
    tx: Transaction,
    *,
    site_code: str,
    product: Product,
    pieces: int,
    day: date,
    by: str,
    at: datetime,
) -> None:
    """Note what came to a site on a day; its stock stays as it is.

    Raises:
        UnknownSite: there is none of this code.
        ValueError: fewer than one piece.
    """
    if pieces < 1:
        raise ValueError("pieces: enter at least one")
    delivery = Delivery(product=product, pieces=pieces, day=day, by=by, at=at)
    if not await queries.insert_delivery(tx, site_code, delivery):
        raise UnknownSite(site_code)


async def count_stock(
    tx: Transaction, *, site_code: str, product: Product, counted: int, by: str, at: datetime
) -> StockCount:
    """Correct a site's stock to what was counted, usually at the end of the day.

    The difference from what it was to be is kept, and noted in the audit log. A sale that goes on
    meanwhile comes wholly before the count or wholly after it.

    Raises:
        UnknownSite: there is none of this code.
        ValueError: fewer than no piece.
    """
    if counted < 0:
        raise ValueError("counted: enter 0 or more")
    expected = await queries.count(
        tx, site_code=site_code, product=product, counted=counted, by=by, at=at
    )
    if expected is None:
        raise UnknownSite(site_code)
    await audit_log.record(
        tx,
        at=at,
        actor=by,
        act="count_stock",
        subject=site_code,
        detail={"product": product, "expected": expected, "counted": counted},
    )
    return StockCount(product=product, expected=expected, counted=counted, by=by, at=at)


async def set_supply(
    tx: Transaction,
    *,
    site_code: str,
    product: Product,
    valid_from: date,
    pieces: int,
    by: str,
    at: datetime,
) -> None:
    """Have a site sent so many pieces a day from a day on, until another figure applies.

    Raises:
        UnknownSite: there is none of this code.
        ValueError: fewer than no piece.
    """
    if pieces < 0:
        raise ValueError("pieces: enter 0 or more")
    supply = Supply(product=product, valid_from=valid_from, pieces=pieces)
    if not await queries.write_supply(tx, site_code, supply):
        raise UnknownSite(site_code)
    detail = {"product": product, "valid_from": valid_from.isoformat(), "pieces": pieces}
    await audit_log.record(tx, at=at, actor=by, act="set_supply", subject=site_code, detail=detail)


async def supply_on(tx: Transaction, site_code: str, day: date) -> dict[Product, int]:
    """The pieces that a site is sent on a day, 0 where nothing is set."""
    return dict.fromkeys(Product, 0) | await queries.supply_on(tx, site_code, day)


async def supplies_of(tx: Transaction, site_code: str) -> list[Supply]:
    """Every figure of a site's daily supply, the latest first."""
    return await queries.supplies(tx, site_code)


async def deliveries_of(tx: Transaction, site_code: str) -> list[Delivery]:
    """What came to a site last, the latest first."""
    return await queries.deliveries(tx, site_code, limit=_LAST)


async def counts_of(tx: Transaction, site_code: str) -> list[StockCount]:
    """What was counted at a site last, the latest first."""
    return await queries.counts(tx, site_code, limit=_LAST)
