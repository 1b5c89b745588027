"""Undoing a sale within five minutes."""

from datetime import date
from uuid import uuid4

import pytest

from counter.test_check_and_sell import ADULT_MASK, ask, buy, claimed, notices, refusal_of
from counter.test_races import sell_to
from delivery.world import FIRST, HEALTH_CENTRE, PHARMACY, Someone, World, day
from emask.counter.model import Sale, TooLateToUndo, UnknownSale
from emask.counter.service import sales_today, stock_of, undo_sale
from emask.rules.refusals import SaleNumberUsed, SiteInactive


async def undo(world: World, sale: Sale, *, reason: str = "掃錯卡") -> None:
    await undo_sale(
        world.db,
        world.clock,
        person_id=sale.person_id,
        sale_id=sale.sale_id,
        reason=reason,
        by="pharmacist-1",
    )


async def deferring_sale(world: World) -> tuple[Someone, Sale]:
    """A purchase on 3/22 that deferred a paid pre-order to 3/29 (B10)."""
    who = await world.person(digit=1)
    await world.order(who, paid_at=day(3, 20))
    await world.clock.set(day(3, 22))
    return who, await buy(world, who)


async def test_stock_days_and_what_was_deferred_come_back(world: World) -> None:
    who, sale = await deferring_sale(world)
    await world.clock.set(day(3, 22, 10, 5))
    await undo(world, sale)
    assert await claimed(world, who) == [(date(2020, 3, 26), date(2020, 4, 2))]
    assert await notices(world) == []  # the notice had not gone out
    async with world.db.transaction() as tx:
        assert (await stock_of(tx, PHARMACY))[ADULT_MASK] == 200
        (undone,) = await sales_today(tx, site_code=PHARMACY, today=date(2020, 3, 22))
    assert undone.undone_at == day(3, 22, 10, 5)
    log = await world.rows("SELECT actor, act, subject, detail FROM audit_log")
    detail = {"sale_id": str(sale.sale_id), "site_code": PHARMACY, "pieces": 3}
    assert log == [("pharmacist-1", "undo_sale", str(who.person_id), detail)]
    assert await world.value("SELECT undo_reason FROM counter_sale") == "掃錯卡"


async def test_who_was_told_of_the_deferral_is_told_that_it_is_over(world: World) -> None:
    who, sale = await deferring_sale(world)
    sent = "UPDATE outbox SET state = 'sent', sent_at = now() RETURNING 1"
    await world.rows(sent)
    await undo(world, sale)
    restored = {"round_id": FIRST.id, "collect_from": "2020-03-26"}
    assert (await notices(world))[0] == ("deferred", f"{FIRST.id}:2020-03-26", restored)
    await world.rows(sent)
    await buy(world, who)  # deferred once more, and told once more
    waiting = await world.rows("SELECT reference FROM outbox WHERE state = 'waiting'")
    assert waiting == [(f"{FIRST.id}:2020-03-29",)]


async def test_undoing_twice_gives_back_once(world: World) -> None:
    _, sale = await deferring_sale(world)
    await undo(world, sale)
    await world.clock.set(day(3, 22, 12))
    await undo(world, sale)
    assert await world.value("SELECT sum(pieces) FROM counter_stock") == 800
    assert await world.value("SELECT count(*) FROM audit_log") == 1


async def test_after_five_minutes_a_sale_stands(world: World) -> None:
    who, sale = await deferring_sale(world)
    await world.clock.set(day(3, 22, 10, 6))
    with pytest.raises(TooLateToUndo):
        await undo(world, sale)
    assert len(await claimed(world, who)) == 2
    assert await world.value("SELECT sum(pieces) FROM counter_stock") == 797


async def test_a_reason_and_the_right_sale_are_needed(world: World) -> None:
    _, sale = await deferring_sale(world)
    with pytest.raises(ValueError, match="reason"):
        await undo(world, sale, reason="  ")
    with pytest.raises(UnknownSale):
        await undo_sale(
            world.db,
            world.clock,
            person_id=sale.person_id,
            sale_id=uuid4(),
            reason="掃錯卡",
            by="pharmacist-1",
        )


async def test_an_undone_sale_that_is_sent_again_is_no_sale(world: World) -> None:
    """Nobody takes masks home on a number whose days and stock were given back."""
    who, sale = await deferring_sale(world)
    await undo(world, sale)
    with pytest.raises(SaleNumberUsed):
        await sell_to(world, who, PHARMACY, sale.sale_id)
    assert await world.value("SELECT sum(pieces) FROM counter_stock") == 800


async def test_the_number_of_another_sites_sale_is_no_sale(world: World) -> None:
    who, sale = await deferring_sale(world)
    assert await sell_to(world, who, PHARMACY, sale.sale_id) == sale
    with pytest.raises(SaleNumberUsed):
        await sell_to(world, who, HEALTH_CENTRE, sale.sale_id)


async def test_a_sale_is_undone_where_no_stock_was_ever_entered(world: World) -> None:
    """As one without a line can be made."""
    who, sale = await deferring_sale(world)
    await world.rows("DELETE FROM counter_stock RETURNING 1")
    await undo(world, sale)
    assert await claimed(world, who) == [(date(2020, 3, 26), date(2020, 4, 2))]
    async with world.db.transaction() as tx:
        assert (await stock_of(tx, PHARMACY))[ADULT_MASK] == 3


async def test_a_site_that_is_on_the_list_no_longer_sells_nothing(world: World) -> None:
    who = await world.person(digit=2)
    sale = await buy(world, who)
    await world.rows("UPDATE counter_site SET active = false RETURNING 1")
    refusal = await refusal_of(world, await world.person(digit=4))
    assert isinstance(refusal, SiteInactive)
    assert refusal.site_name == "幸福藥局"
    assert (await ask(world, who)).masked_name is None  # it needs to know nobody
    await undo(world, sale)
    assert await world.value("SELECT count(*) FROM claim") == 0
    await world.rows("UPDATE counter_site SET active = true RETURNING 1")
    await buy(world, who)
