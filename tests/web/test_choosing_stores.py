"""Finding a store by map and list, and another one when it closed; without JavaScript."""

from datetime import date

from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rounds.model import Store
from emask.rounds.stores import set_store_open
from emask.rules.calendar import at
from emask.sandbox.network import made_up_stores
from emask.web.demo.stage import STORE
from web.steps import SHOP, be, pay, register
from web.visitor import Visitor

PAGE = "/orders/2020-1/store"
OTHER, NEAR = made_up_stores(30)[1], made_up_stores(30)[29]  # 29 places: in the town of the first
ANOTHER = f"{OTHER.chain}:{OTHER.code}"
PUBLISHED = at(date(2020, 3, 19), 8)


async def close(system: System, store: Store, *, is_open: bool = False) -> None:
    async with system.db.transaction() as tx:
        await set_store_open(tx, chain=store.chain, code=store.code, open=is_open)


async def told(system: System) -> list[str]:
    async with system.db.transaction() as tx:
        cursor = await tx.execute(
            "SELECT reference FROM outbox WHERE kind = 'store_closed' ORDER BY created_at"
        )
        return [reference for (reference,) in await cursor.fetchall()]


async def test_from_the_map_to_a_county_to_a_town_to_its_stores(visitor: Visitor) -> None:
    await be(visitor)
    first = await visitor.go("/store")
    assert "從地圖選縣市" in first.text
    county = next(link for link in first.links if "county=" in link)
    towns = await visitor.go(f"/store{county}")
    town = next(link for link in towns.links if "town=" in link)
    stores = await visitor.go(f"/store{town}")
    assert "店號" in stores.text
    assert "submission_id" not in stores.text


async def test_the_map_keeps_to_the_chain_asked_for(visitor: Visitor) -> None:
    await be(visitor)
    page = await visitor.go(f"/store?chain={OTHER.chain}")
    links = [link for link in page.links if "county=" in link]
    assert links
    assert all(f"chain={OTHER.chain}" in link for link in links)
    english = Visitor(visitor.client, "en")
    assert "open stores" in (await english.go("/store")).html


async def test_who_registered_at_it_is_told_what_is_near(visitor: Visitor, system: System) -> None:
    await register(visitor)
    await close(system, STORE)
    page = await visitor.go(PAGE)
    assert page.path == "/zh/store"
    assert "目前沒有開放取貨" in page.text
    assert "同一區營業中的門市" in page.text
    assert NEAR.name in page.text
    await advance_to(system, at(date(2020, 3, 18), 21))
    await be(visitor)
    assert "not_drawn_yet" in (await visitor.go(PAGE)).text


async def test_an_order_that_awaits_payment_may_go_elsewhere_until_it_lapses(
    visitor: Visitor, system: System
) -> None:
    await register(visitor)
    await close(system, STORE)
    await advance_to(system, PUBLISHED)
    assert await told(system) == [f"2020-1:{STORE.chain}{STORE.code}"]
    await be(visitor)
    page = await visitor.go(PAGE)
    assert page.heading == "改選門市"
    assert "3月21日（星期六）晚上 8:00前改選並繳費" in page.text
    assert NEAR.name in page.text
    await advance_to(system, at(date(2020, 3, 22), 9))
    await be(visitor)
    assert "payment_closed" in (await visitor.go(PAGE)).text


async def test_a_paid_pack_goes_to_the_new_store_once_however_often_it_is_sent(
    visitor: Visitor, system: System
) -> None:
    await register(visitor)
    await advance_to(system, PUBLISHED)
    await be(visitor)
    await pay(visitor)
    assert (await visitor.go(PAGE)).path == "/zh/progress"  # nothing to change at an open store
    await close(system, STORE)
    assert await told(system) == [f"2020-1:{STORE.chain}{STORE.code}"]
    page = await visitor.go(PAGE)
    assert "口罩會改送到新的門市" in page.text
    assert "最後取貨日仍是4月1日（星期三）" in page.text
    assert "改選不用再付費" in page.text
    again = await visitor.submit(store="SE:nowhere")
    assert again.status == 422
    assert again.heading == "改選門市"
    await visitor.go(f"{PAGE}?q={OTHER.code}")
    moved = await visitor.submit(store=ANOTHER)
    assert moved.path == "/zh/progress"
    assert OTHER.name in moved.text
    twice = await visitor.post(PAGE, store=ANOTHER)
    assert twice.path == "/zh/progress"


async def test_each_closing_is_told_once_that_of_the_second_store_too(
    visitor: Visitor, system: System
) -> None:
    first, second = (f"2020-1:{each.chain}{each.code}" for each in (STORE, OTHER))
    await register(visitor)
    await advance_to(system, PUBLISHED)
    await be(visitor)
    for _ in range(2):
        await close(system, STORE)
    assert await told(system) == [first]
    await visitor.go(f"{PAGE}?q={OTHER.code}")
    await visitor.submit(store=ANOTHER)
    await close(system, OTHER)
    assert set(await told(system)) == {first, second}
    await close(system, STORE, is_open=True)
    await visitor.go(f"{PAGE}?q={STORE.code}")
    await visitor.submit(store=SHOP)
    await close(system, STORE)
    assert set(await told(system)) == {first, second, f"{first}:2"}


async def test_a_pack_at_its_store_travels_on_and_after_the_last_day_is_lost(
    visitor: Visitor, system: System
) -> None:
    await register(visitor)
    await advance_to(system, PUBLISHED)
    await be(visitor)
    await pay(visitor)
    await advance_to(system, at(date(2020, 3, 26), 9))
    await close(system, STORE)
    await be(visitor)
    page = await visitor.go(PAGE)
    assert "口罩已在原來的門市" in page.text
    await advance_to(system, at(date(2020, 4, 2), 9))
    await be(visitor)
    assert "forfeited" in (await visitor.go(PAGE)).text


async def test_without_an_order_it_is_said_why(visitor: Visitor, system: System) -> None:
    await be(visitor)
    assert "no_preorder" in (await visitor.go(PAGE)).text
    await register(visitor)
    await visitor.go("/orders/2020-1/cancel")
    await visitor.post("/orders/2020-1/cancel")
    assert "cancelled" in (await visitor.go(PAGE)).text


async def test_who_was_not_selected_has_nothing_to_change(visitor: Visitor, system: System) -> None:
    await register(visitor)
    await advance_to(system, PUBLISHED)
    async with system.db.transaction() as tx:
        await tx.execute("DELETE FROM orders")
    await be(visitor)
    assert "not_selected" in (await visitor.go(PAGE)).text
