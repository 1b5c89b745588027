"""The public mask map: list and map from the snapshot, for everybody, without a query."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest

from emask.counter.location_file import read_locations
from emask.counter.opening import close_on, set_opening
from emask.counter.opening_queries import Opening
from emask.counter.sites import import_sites
from emask.database.clock import SetClock
from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rules.calendar import at
from emask.web.app import create_app
from emask.web.demo.stage import PHARMACY as OURS
from emask.web.demo.stage import SITES
from web.visitor import Visitor


@pytest.fixture
async def published(system: System) -> System:
    """The demo, whose open data have been read once."""
    await system.open_data.refresh(system.db, system.clock)
    return system


async def test_the_list_comes_first_and_leads_through_the_map(
    visitor: Visitor, published: System
) -> None:
    page = await visitor.go("/map")
    assert page.status == 200
    assert f"全國：{SITES} 家" in page.text
    assert page.text.index(OURS.name) < page.text.index("地圖 臺北市")
    assert "成人 600 片" in page.text
    assert "第 1 頁，共 3 頁" in page.text
    county = next(link for link in page.links if "county=%E8%87%BA%E5%8C%97" in link)
    taipei = await visitor.open(county)
    assert "臺北市：6 家" in taipei.text
    assert f'href="#site-{OURS.site_code}"' in taipei.html
    town = next(link for link in taipei.links if "town=" in link)
    assert "家" in (await visitor.open(town)).text
    assert "/zh/map" in page.links


async def test_a_search_is_narrowed_and_keeps_its_words(
    visitor: Visitor, published: System
) -> None:
    await visitor.go("/map")
    stocked = await visitor.submit("q", stock="1")
    assert "全國：1 家" in stocked.text
    assert visitor.form("q").values["stock"] == "1"
    await visitor.go("/map")
    found = await visitor.submit("q", q="台北 中正區", product="child_mask")
    assert OURS.name in found.text
    assert visitor.form("q").values["product"] == "child_mask"
    assert "找不到符合的院所" in (await visitor.submit("q", q="nowhere")).text


@pytest.mark.parametrize(
    "asked",
    [
        *("county=nowhere", "town=x", "product=gold", "sheet=0", "sheet=-1", "sheet=x"),
        *("sheet=99999", "sheet=" + "9" * 5000, "q=" + "a" * 5000, "q=%25_%00'\"<b>"),
        *("q=%ED%A0%80&county=%FF", "q=" + "%EF%B7%BA" * 3000, "q=a&q=b&county=&county=x"),
        "county=臺北市&town=" + "臺" * 100,
    ],
)
async def test_whatever_is_asked_for_a_page_is_shown(
    visitor: Visitor, published: System, asked: str
) -> None:
    page = await visitor.go(f"/map?{asked}")
    assert page.status == 200
    assert "<b>" not in page.html


async def test_hours_and_days_off_tell_who_is_open(visitor: Visitor, published: System) -> None:
    now = at(date(2020, 3, 13), 9)
    await advance_to(published, now)
    hours = Opening("NNNNNYY" + "Y" * 14, "早上九點發號碼牌")
    async with published.db.transaction() as tx:
        await set_opening(tx, site_code=OURS.site_code, opening=hours, by="wu", now=now)
    await published.open_data.refresh_stock(published.db)
    address = f"/map?q={OURS.site_code}&open=1"
    page = await visitor.go(address)
    assert "早上九點發號碼牌" in page.text
    assert "全國：1 家" in page.text
    await advance_to(published, now + timedelta(hours=5))
    assert "全國：0 家" in (await visitor.go(address)).text
    assert "現在休息" in (await visitor.go(f"/map?q={OURS.site_code}")).text
    monday = at(date(2020, 3, 16), 9)
    await advance_to(published, monday)
    assert "全國：1 家" in (await visitor.go(address)).text
    async with published.db.transaction() as tx:
        await close_on(tx, site_code=None, day=monday.date(), note="", by="op", now=now)
    await published.open_data.refresh_stock(published.db)
    assert "全國：0 家" in (await visitor.go(address)).text


async def test_before_anything_was_read_it_says_so(visitor: Visitor, system: System) -> None:
    assert "資料還沒有準備好" in (await visitor.go("/map?county=臺北市")).text


class FixedClock(SetClock):
    """A clock that stands still and asks nobody."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    async def now(self) -> datetime:
        return self._now


async def test_a_page_asks_no_database(published: System, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    fixed = FixedClock(at(date(2020, 3, 13), 9))
    database: Any = type(published.db)

    def noting(real: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*given: Any, **named: Any) -> Any:
            asked.append("asked")
            return real(*given, **named)

        return noted

    for name in ("connection", "transaction"):
        monkeypatch.setattr(database, name, noting(getattr(database, name)))
    transport = httpx.ASGITransport(create_app(replace(published, clock=fixed)))
    async with httpx.AsyncClient(transport=transport, base_url="http://mask.test") as reader:
        assert (await reader.get("/zh/map?county=臺北市")).status_code == 200
        assert asked == []
        await reader.get("/zh/rounds/2020-1/draw")  # what does ask is noticed
        assert asked


async def test_the_real_list_is_found_quickly_and_light_to_load(
    visitor: Visitor, client: httpx.AsyncClient, published: System, shared_data: Path
) -> None:
    places = read_locations(shared_data / "pharmacy_locations.csv")
    await import_sites(
        published.db,
        shared_data / "pharmacies_maskdata_2021.csv",
        locations=places.locations,
        confirmed=SITES,
    )
    await published.open_data.refresh_stock(published.db)
    heaviest = await visitor.go("/map?county=新北市")
    assert "新北市：826 家" in heaviest.text
    plain = {"accept-encoding": "identity"}
    paths = ["/zh/map?county=新北市", "/static/app.css", "/static/app.js", "/static/icon.svg"]
    weights = [len((await client.get(path, headers=plain)).content) for path in paths]
    assert min(weights) > 0
    assert sum(weights) < 300_000
    began = monotonic()
    for county in ("臺北市", "高雄市", "新北市", "臺中市", ""):
        await client.get(f"/zh/map?county={county}&q=藥局")
    assert monotonic() - began < 5
