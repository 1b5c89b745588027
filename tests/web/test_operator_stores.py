"""The operator's pages of stores: who waits at closed ones, lists, and changes by hand."""

from datetime import date
from pathlib import Path

from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rounds.store_history import closed_with_orders, not_reached
from emask.rounds.stores import import_stores, set_store_open
from emask.rules.calendar import at
from emask.sandbox.network import made_up_stores
from emask.web.demo.stage import STORE
from web.steps import be, be_staff, register
from web.visitor import Visitor

OTHER = made_up_stores(2)[1]
PAGE = f"/operator/stores/{STORE.chain}/{STORE.code}"
HEADING = "MARKET_CD,STORE_CD,STORE_NM,ADDR,HSN_NM,TOWN_NM,ZIP_CD,ISOPEN"


async def ordered(visitor: Visitor, system: System) -> None:
    await register(visitor)
    await register(visitor, "ling")
    await advance_to(system, at(date(2020, 3, 19), 8))


async def test_a_store_that_vanished_is_on_the_work_list_until_all_have_chosen_anew(
    visitor: Visitor, system: System, tmp_path: Path
) -> None:
    await ordered(visitor, system)
    path = tmp_path / "stores.csv"
    path.write_text(f"{HEADING}\nSE,9,新店,臺北市中正區1號,臺北市,中正區,100,Y")
    async with system.db.transaction() as tx:
        cursor = await tx.execute("SELECT count(*) FROM store WHERE chain = 'SE' AND open")
        ((number,),) = await cursor.fetchall()
    await import_stores(system.db, path, by="mei", confirmed=number)
    async with system.db.transaction() as tx:
        (waiting,) = await closed_with_orders(tx)
        assert await not_reached(tx, chain=STORE.chain, code=STORE.code) == []
    assert (waiting.store.code, waiting.awaiting_payment) == (STORE.code, 2)
    assert (waiting.on_the_way, waiting.not_reached, waiting.chosen_anew) == (2, 0, 0)
    await be(visitor)
    await visitor.go(f"/orders/2020-1/store?q={OTHER.code}")
    await visitor.submit(store=f"{OTHER.chain}:{OTHER.code}")
    async with system.db.transaction() as tx:
        await tx.execute("UPDATE outbox SET state = 'failed' WHERE kind = 'store_closed'")
        (waiting,) = await closed_with_orders(tx)
        untold = await not_reached(tx, chain=STORE.chain, code=STORE.code)
    assert (waiting.awaiting_payment, waiting.not_reached, waiting.chosen_anew) == (1, 1, 1)
    await be_staff(visitor, "operator")
    assert "/zh/operator/stores" in visitor.page.links
    page = await visitor.go("/operator/stores")
    assert STORE.name in page.text
    assert f"/zh{PAGE}" in page.links
    listed = await visitor.go(
        next(link for link in page.links if "list=" in link)[3:].split("#")[0]
    )
    assert "mei" in listed.text
    assert "停業" in listed.text
    one = await visitor.go(PAGE)
    assert [ticket for _, ticket in untold if ticket in one.text]


async def test_a_store_is_changed_by_hand_for_a_reason(visitor: Visitor, system: System) -> None:
    await ordered(visitor, system)
    await be_staff(visitor, "operator")
    assert "沒有人要在停業的門市取貨" in (await visitor.go("/operator/stores")).text
    await visitor.submit(q=STORE.code)
    assert f"/zh{PAGE}" in visitor.page.links
    await visitor.go(PAGE)
    missing = await visitor.submit(act="", reason="")
    assert missing.status == 422
    assert "寫下原因" in missing.text
    assert "已變更" in (await visitor.submit(act="closed", reason="淹水")).text
    assert "淹水" in visitor.page.text
    assert "本來就是這樣" in (await visitor.submit(act="closed", reason="淹水")).text
    nowhere = await visitor.submit(act="moved", reason="搬家", zip_code="1")
    assert nowhere.status == 422
    moved = await visitor.submit(act="moved", reason="搬家", town="士林區", zip_code="111")
    assert "已變更" in moved.text
    assert "恢復營業" in (await visitor.submit(act="reopened", reason="水退了")).text
    async with system.db.transaction() as tx:
        cursor = await tx.execute(
            "SELECT actor, act, detail->>'reason' FROM audit_log WHERE act LIKE 'store_%%'"
        )
        noted = await cursor.fetchall()
    assert noted == [
        ("operator", "store_closed", "淹水"),
        ("operator", "store_moved", "搬家"),
        ("operator", "store_reopened", "水退了"),
    ]


async def test_a_store_that_is_none_is_not_found(visitor: Visitor) -> None:
    await be_staff(visitor, "operator")
    assert (await visitor.go("/operator/stores/SE/nowhere")).status == 404
    assert (await visitor.go("/operator/stores/XX/1")).status == 404
    await visitor.go(PAGE)
    gone = await visitor.post("/operator/stores/SE/nowhere", act="closed", reason="x")
    assert gone.status == 404
    assert "找不到" in (await visitor.go("/operator/stores?q=nowhere")).text
    assert "還沒有匯入過清單" in (await visitor.go("/operator/stores?list=1")).text


async def test_who_told_nobody_is_counted(visitor: Visitor, system: System) -> None:
    await ordered(visitor, system)
    async with system.db.transaction() as tx:
        await set_store_open(tx, chain=STORE.chain, code=STORE.code, open=False)
        await tx.execute("DELETE FROM outbox WHERE kind = 'store_closed'")
        (waiting,) = await closed_with_orders(tx)
        assert len(await not_reached(tx, chain=STORE.chain, code=STORE.code)) == 2
    assert (waiting.told, waiting.on_the_way, waiting.not_reached) == (0, 0, 2)
