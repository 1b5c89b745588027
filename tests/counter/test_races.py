"""Two terminals at once, and that without its guard each of these goes wrong."""

import asyncio
from uuid import UUID, uuid4

import pytest

from counter.test_check_and_sell import ADULT_MASK
from delivery.world import HEALTH_CENTRE, PHARMACY, Someone, World, day, until_waiting
from emask.counter import queries
from emask.counter.model import Sale
from emask.counter.service import sell

Outcome = Sale | BaseException


async def sell_to(world: World, who: Someone, site: str, sale_id: UUID) -> Sale:
    return await sell(
        world.db,
        world.clock,
        world.vault,
        site_code=site,
        id_number=who.id_number,
        product=ADULT_MASK,
        sold_by="pharmacist-1",
        sale_id=sale_id,
    )


async def at_once(world: World, *buyers: tuple[Someone, str, UUID]) -> list[Outcome]:
    """Every terminal has read claims and stock before one of them writes."""
    async with world.db.transaction() as holder:
        await holder.execute("LOCK TABLE claim IN SHARE MODE")
        terminals = asyncio.gather(
            *(sell_to(world, *buyer) for buyer in buyers), return_exceptions=True
        )
        await until_waiting(world.db, len(buyers))
    return list(await terminals)


async def same_person_twice(world: World) -> list[Outcome]:
    who = await world.person(digit=1)
    await world.order(who, paid_at=day(3, 20))
    await world.clock.set(day(3, 22))
    return await at_once(world, (who, PHARMACY, uuid4()), (who, HEALTH_CENTRE, uuid4()))


async def test_two_terminals_sell_to_one_person_once(world: World) -> None:
    outcomes = await same_person_twice(world)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["IntervalNotOver", "Sale"]
    assert await world.value("SELECT count(*) FROM counter_sale") == 1
    assert await world.value("SELECT sum(pieces) FROM counter_stock") == 797
    assert await world.value("SELECT count(*) FROM outbox") == 1


async def test_without_the_key_of_claims_they_sell_twice(world: World) -> None:
    who = await world.person(digit=2)
    async with world.db.transaction() as tx:
        await tx.execute("ALTER TABLE claim DROP CONSTRAINT claim_pkey")
    outcomes = await at_once(world, (who, PHARMACY, uuid4()), (who, HEALTH_CENTRE, uuid4()))
    assert [type(outcome) for outcome in outcomes] == [Sale, Sale]
    assert await world.value("SELECT count(*) FROM counter_sale") == 2


async def test_one_sale_sent_twice_at_once_is_one_sale(world: World) -> None:
    who, sale_id = await world.person(digit=2), uuid4()
    first, second = await at_once(world, (who, PHARMACY, sale_id), (who, PHARMACY, sale_id))
    assert isinstance(first, Sale)
    assert first == second
    assert await world.value("SELECT sum(pieces) FROM counter_stock") == 797


async def last_three_pieces(world: World) -> list[Outcome]:
    async with world.db.transaction() as tx:
        await tx.execute("UPDATE counter_stock SET pieces = 3")
    one, other = await world.person(digit=2), await world.person(digit=4)
    return await at_once(world, (one, PHARMACY, uuid4()), (other, PHARMACY, uuid4()))


async def test_the_last_pieces_are_sold_once(world: World) -> None:
    outcomes = await last_three_pieces(world)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["OutOfStock", "Sale"]
    assert await world.value("SELECT count(*) FROM claim") == 1
    assert (
        await world.value(
            "SELECT pieces FROM counter_stock WHERE site_code = %s AND product = 'adult_mask'",
            PHARMACY,
        )
        == 0
    )


async def test_without_the_guards_of_stock_they_are_sold_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    unguarded = queries.SELL.replace(" AND pieces >= %(pieces)s", "")
    assert unguarded != queries.SELL
    monkeypatch.setattr(queries, "SELL", unguarded)
    async with world.db.transaction() as tx:
        await tx.execute("ALTER TABLE counter_stock DROP CONSTRAINT counter_stock_pieces_check")
    outcomes = await last_three_pieces(world)
    assert [type(outcome) for outcome in outcomes] == [Sale, Sale]
    assert await world.value("SELECT min(pieces) FROM counter_stock") == -3
