"""Stores that close, and what the logistics centre sees and reports."""

from datetime import date

from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rules.calendar import at
from emask.sandbox.network import made_up_stores
from emask.web.demo.stage import STORE
from web.steps import be, be_staff, pay, register
from web.visitor import Visitor


async def _paid(visitor: Visitor, system: System) -> None:
    await register(visitor)
    await advance_to(system, at(date(2020, 3, 19), 8))
    await be(visitor)
    await pay(visitor)


async def test_a_store_that_closed_is_exchanged(visitor: Visitor, system: System) -> None:
    await _paid(visitor, system)
    async with system.db.transaction() as tx:
        await tx.execute("UPDATE store SET open = false WHERE store_code = %s", (STORE.code,))
    progress = await visitor.go("/progress")
    assert "已停止取貨" in progress.text
    await visitor.go("/orders/2020-1/store")
    other = made_up_stores(2)[1]
    await visitor.submit(q=other.code)
    assert (await visitor.submit(store="SE:nowhere")).status == 422
    chosen = await visitor.submit(store=f"{other.chain}:{other.code}")
    assert other.name in chosen.text


async def test_the_centre_sees_its_own_chain(visitor: Visitor, system: System) -> None:
    await _paid(visitor, system)
    await advance_to(system, at(date(2020, 3, 22), 9))
    await be_staff(visitor, "centre")
    page = visitor.page
    assert "共 1 份" in page.text
    assert STORE.name in page.text


async def test_what_the_centre_reports_as_late_arrives_when_it_says_so(
    visitor: Visitor, system: System
) -> None:
    await _paid(visitor, system)
    await advance_to(system, at(date(2020, 3, 25), 9))
    await be_staff(visitor, "centre")
    late = await visitor.submit("report", store_code=STORE.code, report="late")
    assert "已回報延誤" in late.text
    assert (await visitor.submit("report", store_code="000000", report="arrived")).status == 422
    await visitor.go("/centre")
    assert (await visitor.submit("report", store_code=STORE.code)).status == 422
    await advance_to(system, at(date(2020, 3, 26), 9))
    await be(visitor)
    assert "送往門市 （目前）" in (await visitor.go("/progress")).text

    await be_staff(visitor, "centre")
    there = await visitor.submit("report", store_code=STORE.code, report="arrived")
    assert "已送達門市" in there.text
    async with system.db.connection() as tx:
        cursor = await tx.execute("SELECT count(*) FROM outbox WHERE kind = 'arrived'")
        assert await cursor.fetchone() == (1,)
    await be(visitor)
    assert (await visitor.go("/orders/2020-1/pick-up")).status == 200
