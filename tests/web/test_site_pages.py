"""The pharmacist's page of the site, and the operator's of all sites."""

from datetime import date
from pathlib import Path

import pytest

from counter.test_sites import CENTRE, PHARMACY, file_of
from emask.counter.opening import opening_of
from emask.counter.sites import import_sites
from emask.counter.supply import count_stock, supply_on
from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rules.calendar import Product, at
from emask.web.demo.stage import PHARMACY as OURS
from web.steps import be_staff
from web.visitor import Visitor

PAGE = f"/operator/sites/{OURS.site_code}"


async def test_a_site_says_when_it_is_open_and_what_to_know(
    visitor: Visitor, system: System
) -> None:
    await be_staff(visitor, "pharmacist")
    page = await visitor.go("/counter/site")
    assert OURS.name in page.text
    form = visitor.form("custom_note")
    assert sum(name.startswith("open_") for name in form.values) == 21
    for weekend in (5, 6, 12, 13, 19, 20):
        del form.values[f"open_{weekend}"]
    saved = await visitor.submit("custom_note", custom_note="早上九點發號碼牌")
    assert "已儲存" in saved.text
    async with system.db.transaction() as tx:
        opening = await opening_of(tx, OURS.site_code)
    assert opening == ("NNNNNYY" * 3, "早上九點發號碼牌")
    assert "open_5" not in visitor.form("custom_note").values
    long = await visitor.submit("custom_note", custom_note="長" * 201)
    assert long.status == 422
    assert "open_4" in visitor.form("custom_note").values


async def test_a_site_closes_for_a_day_and_opens_after_all(visitor: Visitor) -> None:
    await be_staff(visitor, "pharmacist")
    await visitor.go("/counter/site")
    for wrong in ("", "monday", "2020-02-30", "16.3.2020"):
        assert (await visitor.submit("holiday_note", day=wrong)).status == 422
    closed = await visitor.submit("holiday_note", day="２０２０/3/16", holiday_note="盤點")
    assert "3月16日（星期一） 盤點" in closed.text
    again = await visitor.submit("closed_day")
    assert "還沒有休息日" in again.text
    assert (await visitor.post("/counter/site/holidays/remove", closed_day="x")).status == 422


async def test_what_came_is_noted_and_is_no_stock(visitor: Visitor, system: System) -> None:
    await be_staff(visitor, "pharmacist")
    await visitor.go("/counter/site")
    assert (await visitor.submit("pieces", pieces="0")).status == 422
    noted = await visitor.submit("pieces", product="adult_mask", pieces="400")
    assert "400" in noted.text
    assert "pharmacist" in noted.text
    assert "600 片" in (await visitor.go("/counter")).text


async def test_the_operator_sees_silence_and_what_lists_changed(
    visitor: Visitor, system: System, tmp_path: Path
) -> None:
    await advance_to(system, at(date(2020, 3, 13), 8, 31))
    await be_staff(visitor, "operator")
    assert "/zh/operator/sites" in visitor.page.links
    page = await visitor.go("/operator/sites")
    assert f"/zh{PAGE}" in page.links  # the only one with stock
    assert "今天還沒有" in page.text
    assert "還沒有匯入過清單" in page.text
    await import_sites(system.db, file_of(tmp_path, PHARMACY, CENTRE), by="mei", confirmed=58)
    await visitor.go("/operator/sites?q=幸福藥局")
    assert "/zh/operator/sites/5901010003" in visitor.page.links
    assert "目前沒有" not in visitor.page.text
    listed = await visitor.go("/operator/sites?list=1")
    assert "mei" in listed.text
    assert "不再參與" in listed.text
    assert "找不到符合的院所" in (await visitor.go("/operator/sites?q=nowhere")).text


async def test_the_operator_sets_supply_and_reads_counts(visitor: Visitor, system: System) -> None:
    async with system.db.transaction() as tx:
        await count_stock(
            tx,
            site_code=OURS.site_code,
            product=Product.ADULT_MASK,
            counted=594,
            by="wu",
            at=await system.clock.now(),
        )
    await be_staff(visitor, "operator")
    page = await visitor.go(PAGE)
    assert "-6" in page.text
    assert (await visitor.submit("valid_from", valid_from="", pieces="")).status == 422
    set_to = await visitor.submit(
        "valid_from", product="adult_mask", valid_from="2020-03-12", pieces="400"
    )
    assert "已儲存" in set_to.text
    await visitor.submit("valid_from", product="adult_mask", valid_from="2020-03-20", pieces="0")
    async with system.db.transaction() as tx:
        days = [await supply_on(tx, OURS.site_code, date(2020, 3, day)) for day in (19, 20)]
    assert [day[Product.ADULT_MASK] for day in days] == [400, 0]
    assert (await visitor.go("/operator/sites/nowhere")).status == 404
    await visitor.go(PAGE)
    gone = await visitor.post(
        "/operator/sites/nowhere", product="adult_mask", valid_from="2020-03-12", pieces="1"
    )
    assert gone.status == 404


async def test_the_operator_closes_everybody_for_a_day(visitor: Visitor) -> None:
    await be_staff(visitor, "operator")
    await visitor.go("/operator/sites")
    assert (await visitor.submit("holiday_note", day="x")).status == 422
    closed = await visitor.submit("holiday_note", day="2020-04-04", holiday_note="兒童節")
    assert "4月4日（星期六） 兒童節" in closed.text
    await be_staff(visitor, "pharmacist")
    assert "兒童節（全國）" in (await visitor.go("/counter/site")).text
    await be_staff(visitor, "operator")
    await visitor.go("/operator/sites")
    assert "還沒有休息日" in (await visitor.submit("closed_day")).text
    assert (await visitor.post("/operator/sites/holidays/remove", closed_day="")).status == 422


@pytest.mark.parametrize("path", ["/counter/site", "/operator/sites", PAGE])
async def test_the_pages_belong_to_their_roles(visitor: Visitor, path: str) -> None:
    await be_staff(visitor, "clerk")
    assert (await visitor.go(path)).status == 403
