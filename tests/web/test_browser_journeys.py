"""Journeys in Chromium: both languages, with and without JavaScript, by keyboard alone, and axe
on every page."""

from datetime import date
from typing import NamedTuple

import pytest
from playwright.async_api import Browser

from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rules.calendar import at
from emask.web.demo.stage import STORE
from emask.web.sandbox_pages.cast import PASSWORD
from web.at_the_gateway import choose, decide, leave, pay
from web.browser import Window
from web.steps import ID_NUMBERS, SHOP

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PUBLISHED = at(date(2020, 3, 19), 8)
SUNDAY = at(date(2020, 3, 22), 10)
OVER = at(date(2020, 4, 2), 10)
COLLECTION = at(date(2020, 3, 29), 10)


class Words(NamedTuple):
    """What the buttons and links of a language say."""

    start: str
    next: str
    sign_in: str
    search: str
    this_store: str
    submit: str
    registered: str
    pay: str
    paid: str


ZH = Words(
    *("開始登記", "繼續", "認證", "搜尋", "選這家門市", "送出登記", "登記完成"),
    *("繳費", "已繳費"),
)
EN = Words(
    *("Start now", "Continue", "Sign in", "Search", "Choose this store", "Submit"),
    *("You are registered", "Pay", "Paid"),
)
WORDS = {"zh": ZH, "en": EN}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("scripts", ["with scripts", "without scripts"])
async def test_an_applicant_registers_and_pays(
    browser: Browser, base: str, system: System, language: str, scripts: str
) -> None:
    words = WORDS[language]
    context = await browser.new_context(java_script_enabled=scripts == "with scripts")
    window = await Window.open(context, base, language)
    await window.go("/")
    await window.press(words.start)
    await window.choose(for_whom="adult")
    await window.press(words.next)
    await window.choose(way="card")
    await window.press(words.next)
    await window.choose(demo_card="ming")
    await window.fill(password=PASSWORD)
    await window.press(words.sign_in)
    await window.fill(q=STORE.name)
    await window.press(words.search)
    await window.choose(store=SHOP)
    await window.press(words.this_store)
    await window.fill(mobile="0912 345 678")
    await window.press(words.next)
    await window.press(words.submit)
    assert words.registered in await window.heading()

    await advance_to(system, PUBLISHED)
    await window.go("/identify/card")
    await window.choose(demo_card="ming")
    await window.fill(password=PASSWORD)
    await window.press(words.sign_in)
    await window.press(words.pay)
    await window.choose(method="credit_card")
    await window.press(words.next)
    await leave(window)
    await decide(window, "pay")
    assert words.paid in await window.text()
    assert not window.complaints


async def test_by_keyboard_alone(browser: Browser, base: str) -> None:
    window = await Window.open(await browser.new_context(), base, "zh")
    page = window.page
    await window.go("/")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "govuk-skip-link"
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.innerText") == ZH.start
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    await page.focus("#main-content")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    assert page.url.endswith("/zh/identify")
    await page.focus("#main-content")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")  # nothing chosen: the summary takes the focus
    await page.wait_for_selector(".govuk-error-summary:focus")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "way"


async def test_a_pharmacist_and_a_clerk(browser: Browser, base: str, system: System) -> None:
    window = await Window.open(await browser.new_context(), base, "zh")
    await _order(window)
    await advance_to(system, PUBLISHED)
    await _be(window, "ming")
    await pay(window, "credit_card")

    await advance_to(system, SUNDAY)
    await _staff(window, "pharmacist")
    await window.check()
    await window.fill(id_number=ID_NUMBERS["ming"])
    await window.page.keyboard.press("Enter")
    await window.page.get_by_text("可購買 3 片").wait_for()
    await window.check()
    await window.page.keyboard.press("Enter")  # the answer takes the focus: Enter sells
    await window.page.get_by_text("已售出").wait_for()
    await window.check()
    await window.fill(id_number=ID_NUMBERS["ming"])
    await window.page.keyboard.press("Enter")
    await window.page.get_by_text("不可購買").wait_for()
    await window.check()

    await advance_to(system, COLLECTION)
    await _be(window, "ming")
    await window.go("/orders/2020-1/pick-up")
    await window.check()
    number = (await window.page.inner_text(".big-number")).replace(" ", "")
    await _staff(window, "kiosk")
    await window.check()
    await window.fill(pickup_number=number, id_number=ID_NUMBERS["ming"])
    await window.press("印出單據")
    await window.check()
    slip = (await window.page.inner_text(".paper__number")).replace(" ", "")
    await _staff(window, "clerk")
    await window.check()
    await window.fill(entry=slip)
    await window.press("查詢")
    await window.check()
    await window.choose(by_proxy="1")
    await window.press("健保卡")
    assert "已交付" in await window.text()
    assert not window.complaints


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_no_page_has_a_violation(
    browser: Browser, base: str, system: System, language: str
) -> None:
    window = await Window.open(await browser.new_context(), base, language)
    for path in (
        *("/", "/check", "/child-masks", "/ways-to-buy", "/accessibility", "/nowhere"),
        *("/identify", "/identify/card", "/identify/certificate", "/identify/mobile"),
        *("/identify/device-code", "/identify/device", "/register", "/forgotten-password"),
        *("/identify/bind", "/card-agent", "/staff/sign-in", "/demo"),
        *("/sandbox/atm", "/sandbox/partners"),
    ):
        await window.go(path)
        await window.check()
    for path in ("/check", "/identify", "/identify/mobile", "/staff/sign-in"):
        await window.go(path)
        async with window.page.expect_navigation():
            await window.page.click("main button[type=submit]")
        await window.check()  # in their error states

    await _be(window, "bao")
    await window.check()  # a refusal
    await _be(window, "ming")
    await window.go("/store?q=T")
    await window.check()
    await _order(window)
    await window.check()
    for path in ("/mobile", "/answers", "/progress", "/orders/2020-1/cancel", "/password"):
        await window.go(path)
        await window.check()
    for path in ("/device-codes", "/certificates", "/sessions", "/phones"):
        await window.go(path)
        await window.check()
    await window.go("/device-codes")
    async with window.page.expect_navigation():
        await window.page.click("main button")
    await window.check()

    await advance_to(system, PUBLISHED)
    await _be(window, "ming")
    await window.check()
    await choose(window, "web_atm")
    await window.check()
    await window.go("/orders/2020-1/paid")
    await window.check()
    for path in ("/orders/2020-1/family?again=1", "/orders/2020-1/allow"):
        await window.go(path)
        await window.check()
    for path in ("/sandbox/phone", "/rounds/2020-1/draw"):
        await window.go(path)
        await window.check()
    await advance_to(system, OVER)
    await _staff(window, "officer")
    await window.check()
    await _staff(window, "operator")
    await window.check()
    await window.go("/operator/reopen")
    await window.check()
    await _be(window, "ming")
    await window.check()  # how it ended
    await _staff(window, "officer")
    await window.go("/office/slip")
    await window.check()
    assert not window.complaints


async def test_the_check_itself_would_notice(browser: Browser, base: str) -> None:
    window = await Window.open(await browser.new_context(), base, "zh")
    for fault in ("<p style='color:#ccc'>灰</p>", "<div style='width:999px'>寬</div>"):
        await window.page.set_content(f"<main><h1>頁</h1>{fault}</main>")
        with pytest.raises(AssertionError):
            await window.check()


async def _be(window: Window, who: str) -> None:
    await _press_on_demo(window, f"form:has(input[value={who}]) button[value=computer]")


async def _staff(window: Window, username: str) -> None:
    await _press_on_demo(window, f"form:has(input[value={username}]) button")


async def _press_on_demo(window: Window, selector: str) -> None:
    await window.go("/demo")
    async with window.page.expect_navigation():
        await window.page.locator(f"ul.people {selector}").click()


async def _order(window: Window) -> None:
    words = WORDS[window.language]
    await _be(window, "ming")
    await window.fill(q=STORE.name)
    await window.press(words.search)
    await window.choose(store=SHOP)
    await window.press(words.this_store)
    await window.fill(mobile="0912 345 678")
    await window.press(words.next)
    await window.press(words.submit)
