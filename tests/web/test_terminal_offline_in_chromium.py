"""The pharmacist's screen without a line: it sells by a list, says so, and sends it later."""

from datetime import date
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext

from emask.counter.service import receive_stock, sell
from emask.identity.model import NewPerson
from emask.identity.registry import add_people
from emask.identity.site import Site
from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rules.calendar import Product
from emask.rules.people import make_national_id
from emask.web.sandbox_pages.cast import PASSWORD
from web.browser import Window, serving
from web.places import free_port
from web.test_terminal_in_chromium import MING, SUNDAY, Counter, MadeUpReader, rows

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser2")]

BORN = date(1983, 7, 15)
HAS_LIST = """async () => {
  const open = await new Promise((resolve) => {
    const asked = indexedDB.open("emask-counter");
    asked.onsuccess = () => resolve(asked.result);
  });
  if (!open.objectStoreNames.contains("list")) return false;
  const list = await new Promise((resolve) => {
    const asked = open.transaction("list").objectStore("list").get("now");
    asked.onsuccess = () => resolve(asked.result);
  });
  open.close();
  const shells = await caches.match("/LANGUAGE/counter/offline");
  return Boolean(list && shells && navigator.serviceWorker.controller);
}"""
BREAK_LIST = """async () => {
  const open = await new Promise((resolve) => {
    const asked = indexedDB.open("emask-counter");
    asked.onsuccess = () => resolve(asked.result);
  });
  const store = open.transaction("list", "readwrite").objectStore("list");
  const list = await new Promise((resolve) => {
    const asked = store.get("now");
    asked.onsuccess = () => resolve(asked.result);
  });
  const [head, claims, signature] = list.signed.split(".");
  const said = JSON.parse(atob(claims.replace(/-/g, "+").replace(/_/g, "/")));
  const more = btoa(JSON.stringify({ ...said, cap: 9999 })).replace(/\\+/g, "-");
  list.signed = [head, more.replace(/\\//g, "_").replace(/=/g, ""), signature].join(".");
  await new Promise((resolve) => { store.put(list, "now").onsuccess = resolve; });
  open.close();
}"""
EVERYTHING_KEPT = """async () => {
  const open = await new Promise((resolve) => {
    const asked = indexedDB.open("emask-counter");
    asked.onsuccess = () => resolve(asked.result);
  });
  const of = (name) => new Promise((resolve) => {
    const asked = open.transaction(name).objectStore(name).getAll();
    asked.onsuccess = () => resolve(asked.result);
  });
  const kept = [JSON.stringify([await of("list"), await of("sales")])];
  open.close();
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      if (!request.url.includes("/static/")) kept.push(await (await cache.match(request)).text());
    }
  }
  return kept.join();
}"""


@pytest.fixture
def site() -> Site:
    return Site(origin=f"http://localhost:{free_port()}", agent=f"http://127.0.0.1:{free_port()}")


@pytest.fixture
async def buyers(system: System) -> list[NewPerson]:
    await advance_to(system, SUNDAY)
    people = [
        NewPerson(
            id_number=make_national_id(4_000_000 + serial),
            name="王小明",
            birth_date=BORN,
            mobile="0912345678",
            nhi_card=f"{900_000_000_000 + serial}",
            household_number="F1234567",
        )
        for serial in range(4)
    ]
    await add_people(system.db, system.vault, people)
    return people


async def at_counter(context: BrowserContext, base: str, language: str) -> Counter:
    """Signed in, with a list and the kept page."""
    counter = Counter(await Window.open(context, base, language), MadeUpReader())
    await counter.begin()
    await counter.page.wait_for_function(HAS_LIST.replace("LANGUAGE", language))
    return counter


async def sell_offline(counter: Counter, id_number: str, *, look: bool = False) -> None:
    await counter.enter(id_number)
    await counter.page.wait_for_selector("[name=birth_date]:focus")
    if look:
        await counter.window.check()
    await counter.enter("72-7-15")
    await counter.page.wait_for_selector("[data-sell] button:focus")
    assert "✓" not in await counter.page.inner_text("main")
    if look:
        await counter.window.check()
    await counter.press("Enter")
    await counter.page.wait_for_selector("[name=id_number]:focus")


async def sell_at(system: System, site_code: str, who: NewPerson) -> None:
    await sell(
        system.db,
        system.clock,
        system.vault,
        site_code=site_code,
        id_number=who.id_number,
        product=Product.ADULT_MASK,
        sold_by="somebody",
    )


async def sites_of_others_and_own(system: System) -> tuple[str, str]:
    """Another counter than the pharmacist's, with something to sell, and that one."""
    ((own,),) = await rows(system, "SELECT site_code FROM staff WHERE username = 'pharmacist'")
    found = await rows(system, "SELECT site_code FROM counter_site ORDER BY site_code")
    other = next(site_code for (site_code,) in found if site_code != own)
    async with system.db.transaction() as tx:
        await receive_stock(tx, site_code=other, product=Product.ADULT_MASK, pieces=9)
    return other, own


async def waiting(counter: Counter) -> str:
    return await counter.page.inner_text("[data-waiting]")


async def test_cut_in_the_middle_of_a_sale_and_back_again(
    browser: Browser, system: System, buyers: list[NewPerson]
) -> None:
    async with serving(system) as base:
        context = await browser.new_context()
        counter = await at_counter(context, base, "zh")
        page = counter.page
        await sell_while_the_line_breaks(counter, buyers[0])
        await page.get_by_text("待上傳 1 筆").wait_for()
        assert "未確認" in await page.inner_text("[data-notice]")
        await sell_offline(counter, buyers[1].id_number, look=True)
        await page.get_by_text("待上傳 2 筆").wait_for()

        await page.reload()  # nothing but what the browser kept
        await page.get_by_text("待上傳 2 筆").wait_for()
        await counter.window.check()
        assert "安康藥局" in await page.inner_text("[data-site]")
        assert (await counter.stock()).startswith("594")
        await page.focus("[name=id_number]")
        await sell_offline(counter, buyers[2].id_number)
        await page.get_by_text("待上傳 3 筆").wait_for()
        await counter.enter(buyers[2].id_number)  # once is enough
        await page.get_by_text("無法確認這個號碼").wait_for()
        await counter.press("Escape")
        kept = await page.evaluate(EVERYTHING_KEPT)
        assert not [each for each in buyers if each.id_number in kept]
        assert "王" not in kept

        elsewhere, _ = await sites_of_others_and_own(system)
        await sell_at(system, elsewhere, buyers[1])
        await context.set_offline(False)
        await page.get_by_text("已上傳 3 筆").wait_for()
        await page.wait_for_selector("[data-waiting]", state="hidden")
        assert "衝突" not in await page.inner_text("main")
        sold = await rows(system, "SELECT count(*) FROM counter_sale GROUP BY site_code")
        assert sorted(sold) == [(1,), (2,)]
        assert not counter.window.complaints
        await conflict_is_settled(await browser.new_context(), base)
    settled = "SELECT refusal, settle_reason FROM offline_sale WHERE settled_at IS NOT NULL"
    assert await rows(system, settled) == [("interval_not_over", "電話問過院所")]


async def sell_while_the_line_breaks(counter: Counter, who: NewPerson) -> None:
    """The server has sold, but nobody here hears of it."""

    async def lose_the_answer(route: Any) -> None:
        await route.fetch()
        await counter.page.context.set_offline(True)
        await route.abort()

    await counter.enter(who.id_number)
    await counter.hears("adult", within=".answer--yes")
    await counter.page.route("**/counter/sales", lose_the_answer, times=1)
    await counter.press("Enter")


async def conflict_is_settled(context: BrowserContext, base: str) -> None:
    window = await Window.open(context, base, "zh")
    await window.go("/staff/sign-in")
    await window.fill(username="operator", password=PASSWORD)
    await window.send()
    await window.go("/operator/counter-conflicts")
    assert "王○明，1983 年生" in await window.text()
    await window.check()
    await window.page.check("[name=conflict]")
    await window.fill(reason="電話問過院所")
    await window.send()
    assert "沒有等待處理的衝突" in await window.text()


async def test_who_is_on_the_list_and_a_list_of_nobody_are_refused(
    browser: Browser, system: System, buyers: list[NewPerson]
) -> None:
    _, here = await sites_of_others_and_own(system)
    await sell_at(system, here, buyers[0])
    async with serving(system) as base:
        context = await browser.new_context()
        counter = await at_counter(context, base, "en")
        await context.set_offline(True)
        await counter.enter(buyers[0].id_number)
        await counter.page.get_by_text("do not sell").wait_for()
        await counter.press("Escape")
        await sell_offline(counter, MING.id_number)
        assert await waiting(counter) == "Queued, not confirmed: 1 waiting to be uploaded"
        await counter.page.evaluate(BREAK_LIST)
        await counter.enter(buyers[1].id_number)
        await counter.hears("offline", within=".answer--unknown")
        assert not await counter.page.locator("[name=birth_date]").count()
