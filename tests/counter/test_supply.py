"""Deliveries, daily supply and counts: what comes, what is sent, what is there."""

import asyncio
from collections.abc import Awaitable
from datetime import date
from typing import Protocol
from uuid import uuid4

import pytest

from counter.test_check_and_sell import ADULT_MASK
from counter.test_races import sell_to
from delivery.world import PHARMACY, World, day, until_waiting
from emask.counter.model import UnknownSite
from emask.counter.service import receive_stock, stock_of
from emask.counter.supply import (
    count_stock,
    counts_of,
    deliver,
    deliveries_of,
    set_supply,
    supplies_of,
    supply_on,
)
from emask.counter.supply_queries import StockCount
from emask.database.pool import Transaction
from emask.rules.calendar import Product

CHILD_MASK = Product.CHILD_MASK
NOWHERE = "9999999999"
NOW = day(3, 12, 9)
TODAY = NOW.date()


async def came(tx: Transaction, pieces: int, site: str = PHARMACY) -> None:
    await deliver(tx, site_code=site, product=ADULT_MASK, pieces=pieces, day=TODAY, by="wu", at=NOW)


async def counted(
    tx: Transaction, pieces: int, site: str = PHARMACY, *, product: Product = ADULT_MASK
) -> StockCount:
    return await count_stock(tx, site_code=site, product=product, counted=pieces, by="wu", at=NOW)


async def sent(
    tx: Transaction, pieces: int, site: str = PHARMACY, *, valid_from: date = TODAY
) -> None:
    await set_supply(
        tx,
        site_code=site,
        product=ADULT_MASK,
        valid_from=valid_from,
        pieces=pieces,
        by="operator",
        at=NOW,
    )


async def test_what_is_delivered_is_no_stock_yet(world: World) -> None:
    async with world.db.transaction() as tx:
        for pieces in (400, 50):
            await came(tx, pieces)
        assert (await stock_of(tx, PHARMACY))[ADULT_MASK] == 200
        last, first = await deliveries_of(tx, PHARMACY)
    assert (last.pieces, first.pieces, first.day, first.by) == (50, 400, TODAY, "wu")


async def test_a_count_corrects_the_stock_and_keeps_the_difference(world: World) -> None:
    async with world.db.transaction() as tx:
        count = await counted(tx, 194)
        assert (count.expected, count.counted, count.difference) == (200, 194, -6)
        assert await stock_of(tx, PHARMACY) == {ADULT_MASK: 194, CHILD_MASK: 200}
        assert await counts_of(tx, PHARMACY) == [count]
    assert await world.rows("SELECT actor, act, subject, detail FROM audit_log") == [
        (
            *("wu", "count_stock", PHARMACY),
            {"product": "adult_mask", "expected": 200, "counted": 194},
        )
    ]
    assert await world.value("SELECT difference FROM counter_count") == -6


async def test_what_was_never_entered_can_be_counted(world: World) -> None:
    async with world.db.transaction() as tx:
        await tx.execute("DELETE FROM counter_stock")
        count = await counted(tx, 7, product=CHILD_MASK)
        assert count.expected == 0
        await receive_stock(tx, site_code=PHARMACY, product=CHILD_MASK, pieces=10)
        assert (await stock_of(tx, PHARMACY))[CHILD_MASK] == 17


async def test_the_daily_supply_is_the_last_figure_that_applies(world: World) -> None:
    async with world.db.transaction() as tx:
        for valid_from, pieces in ((1, 200), (20, 600), (20, 400)):
            await sent(tx, pieces, valid_from=date(2020, 3, valid_from))
        assert await supply_on(tx, PHARMACY, date(2020, 2, 29)) == {ADULT_MASK: 0, CHILD_MASK: 0}
        assert (await supply_on(tx, PHARMACY, date(2020, 3, 19)))[ADULT_MASK] == 200
        assert (await supply_on(tx, PHARMACY, date(2020, 3, 20)))[ADULT_MASK] == 400
        assert [each.pieces for each in await supplies_of(tx, PHARMACY)] == [400, 200]
    assert await world.value("SELECT count(*) FROM audit_log WHERE act = 'set_supply'") == 3


class Act(Protocol):
    def __call__(self, tx: Transaction, pieces: int, site: str = ...) -> Awaitable[object]: ...


async def test_impossible_figures_and_sites_are_refused(world: World) -> None:
    acts: list[tuple[Act, int]] = [(came, 0), (counted, -1), (sent, -1)]
    async with world.db.transaction() as tx:
        for act, too_few in acts:
            with pytest.raises(ValueError, match=r"pieces|counted"):
                await act(tx, too_few)
            with pytest.raises(UnknownSite):
                await act(tx, 5, NOWHERE)
    assert await world.value("SELECT count(*) FROM audit_log") == 0


async def careless_count(tx: Transaction, *, counted: int) -> int:
    """What a count would be that reads first and writes later."""
    cursor = await tx.execute(
        "SELECT pieces FROM counter_stock WHERE site_code = %s AND product = 'adult_mask'",
        (PHARMACY,),
    )
    ((expected,),) = await cursor.fetchall()
    await tx.execute(
        "UPDATE counter_stock SET pieces = %s WHERE site_code = %s AND product = 'adult_mask'",
        (counted, PHARMACY),
    )
    return int(expected)


async def count_during_a_sale(world: World, *, careful: bool) -> int:
    """The expected figure of a count that begins before a sale ends and ends after it."""

    async def count() -> int:
        async with world.db.transaction() as tx:
            if not careful:
                return await careless_count(tx, counted=150)
            return (await counted(tx, 150)).expected

    async with world.db.transaction() as sale:
        await sale.execute(
            "UPDATE counter_stock SET pieces = pieces - 3"
            " WHERE site_code = %s AND product = 'adult_mask'",
            (PHARMACY,),
        )
        counting = asyncio.create_task(count())
        await until_waiting(world.db, 1)
    return await counting


async def test_a_count_knows_of_the_sale_that_it_waited_for(world: World) -> None:
    assert await count_during_a_sale(world, careful=True) == 197
    assert await world.value("SELECT min(pieces) FROM counter_stock") == 150


async def test_a_count_that_reads_first_would_miss_it(world: World) -> None:
    assert await count_during_a_sale(world, careful=False) == 200


async def test_what_is_sold_after_a_count_is_taken_from_it(world: World) -> None:
    async with world.db.transaction() as tx:
        await counted(tx, 10)
    await sell_to(world, await world.person(digit=2), PHARMACY, uuid4())
    async with world.db.transaction() as tx:
        assert (await stock_of(tx, PHARMACY))[ADULT_MASK] == 7
