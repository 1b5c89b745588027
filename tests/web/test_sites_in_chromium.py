"""The mask map and the pages of sites in a real browser: axe, narrow screens, the keyboard."""

import pytest
from playwright.async_api import Browser

from emask.programme.system import System
from emask.web.demo.stage import PHARMACY
from web.browser import Window, as_signed_in, look
from web.steps import be_staff
from web.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser2")]


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_map_is_fit_to_read_and_to_use_by_keyboard(
    browser: Browser, base: str, system: System, language: str
) -> None:
    await system.open_data.refresh(system.db, system.clock)
    window = await Window.open(await browser.new_context(), base, language)
    await look(window, "/map")
    await look(window, "/map?county=臺北市&town=中正區&product=adult_mask&stock=1")
    pin = window.page.locator(".site-map a").first
    assert await pin.get_attribute("aria-label") == f"1 {PHARMACY.name}"
    await pin.focus()
    await window.page.keyboard.press("Enter")
    listed = window.page.locator(f"#site-{PHARMACY.site_code}:target")
    assert PHARMACY.address in await listed.inner_text()
    await window.page.keyboard.press("Tab")  # on from there, to its phone number
    focused = await window.page.evaluate("document.activeElement.getAttribute('href')")
    assert focused == "tel:0055500001"
    assert not window.complaints


async def test_the_map_works_without_scripts(browser: Browser, base: str, system: System) -> None:
    await system.open_data.refresh(system.db, system.clock)
    context = await browser.new_context(java_script_enabled=False)
    window = await Window.open(context, base, "zh")
    await window.go("/map")
    await window.page.fill("main [name=q]", PHARMACY.name)
    await window.page.check("main [name=stock]")
    await window.send()
    assert "全國：1 家" in await window.text()
    async with window.page.expect_navigation():
        await window.page.locator(".county-map a").first.click()
    assert await window.page.locator(".site-map a").count() == 1


async def test_the_pages_of_sites_are_fit_to_read(
    browser: Browser, base: str, visitor: Visitor
) -> None:
    context = await browser.new_context()
    window = await Window.open(context, base, "zh")
    await be_staff(visitor, "pharmacist")
    await as_signed_in(context, visitor, base)
    await look(window, "/counter/site")
    await be_staff(visitor, "operator")
    await as_signed_in(context, visitor, base)
    for path in ("/operator/sites", f"/operator/sites/{PHARMACY.site_code}"):
        await look(window, path)
    assert not window.complaints
