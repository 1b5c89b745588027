"""The map of stores in a real browser, by keyboard alone: county, town, store; axe on the way."""

import pytest
from playwright.async_api import Browser

from emask.web.demo.stage import STORE
from web.browser import Window, as_signed_in
from web.steps import SHOP, be
from web.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser2")]

_MOST = 60
"""No page has so many stops before the one that is looked for."""
_HERE = "(e => e.localName == 'a' ? e.getAttribute('aria-label') || e.innerText : e.name || '')"


async def tab_to(window: Window, words: str) -> None:
    """Press Tab until a link that says this, or a field of this name, has the focus."""
    for _ in range(_MOST):
        await window.page.keyboard.press("Tab")
        if words in await window.page.evaluate(f"{_HERE}(document.activeElement)"):
            return
    raise AssertionError(f"the keyboard does not reach {words}")


async def follow(window: Window, words: str) -> None:
    """Go to a link by keyboard, and to where it leads."""
    await tab_to(window, words)
    async with window.page.expect_navigation():
        await window.page.keyboard.press("Enter")


async def test_a_store_is_chosen_from_the_map_by_keyboard_alone(
    browser: Browser, base: str, visitor: Visitor
) -> None:
    context = await browser.new_context()
    window = await Window.open(context, base, "zh")
    await be(visitor)
    await as_signed_in(context, visitor, base)
    await window.go("/store")
    await follow(window, f"{STORE.county} ")
    assert await window.page.locator("[aria-current=true]").count() == 1
    await follow(window, STORE.town)  # the list comes first, and the address leads to it
    await window.check()
    await tab_to(window, "store")
    while await window.page.evaluate("document.activeElement.value") != SHOP:
        await window.page.keyboard.press("ArrowDown")
    await window.page.keyboard.press("Space")
    async with window.page.expect_navigation():
        await window.page.keyboard.press("Enter")
    await window.go("/store")
    assert f"目前選的門市：7-11 {STORE.name}" in await window.text()
    assert not window.complaints
