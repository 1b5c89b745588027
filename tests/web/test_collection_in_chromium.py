"""From a paid order to the bag, in Chromium: kiosk, slip and till with a keyboard alone."""

import io
from collections.abc import AsyncIterator
from datetime import date

import pytest
from PIL import Image
from playwright.async_api import Browser
from zxingcpp import BarcodeFormat, read_barcode

from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rules.calendar import at
from emask.rules.pickup import normalise_slip_number
from emask.web.sandbox_pages.cast import PASSWORD
from web.browser import Window, serving
from web.steps import ID_NUMBERS, be, pay, register
from web.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

MING = ID_NUMBERS["ming"]
TOO_SMALL = """() => [...document.querySelectorAll("a, button, input:not([type=hidden])")]
    .filter((each) => each.offsetParent && !each.closest(".demo-ribbon, .govuk-skip-link"))
    .map((each) => [each.textContent.trim(), each.getBoundingClientRect()])
    .filter(([, box]) => Math.min(box.width, box.height) < 48)
    .map(([words]) => words)"""
WORDS = {
    "zh": {
        "slip": "帶著單據到櫃檯",
        "bag": "核對證件",
        "handed": "已交付 1 號袋",
        "twice": "收銀檯：clerk",
        "undone": "已撤銷",
        "collected": "這筆預購已經領取",
        "wrong": "取貨編號要與身分證字號相符",
    },
    "en": {
        "slip": "Take the slip to the counter",
        "bag": "Check the document",
        "handed": "Bag 1 is handed over",
        "twice": "Till: clerk",
        "undone": "Undone",
        "collected": "This one has been",
        "wrong": "have to belong together",
    },
}
both_languages = pytest.mark.parametrize("language", ["zh", "en"])


@pytest.fixture
async def number(visitor: Visitor, system: System) -> str:
    """The pick-up number of an order that is paid and has arrived, from its owner's page."""
    await register(visitor)
    await advance_to(system, at(date(2020, 3, 19), 8))
    await be(visitor)
    await pay(visitor)
    await advance_to(system, at(date(2020, 3, 26), 9))
    await be(visitor)
    page = await visitor.go("/orders/2020-1/pick-up")
    return "".join(sign for sign in page.text.split("怎麼領")[0] if sign.isdecimal())[:9]


@pytest.fixture
async def base(system: System, number: str) -> AsyncIterator[str]:
    async with serving(system) as address:
        yield address


class Keyboard:
    """Somebody without a mouse: keys alone, and what they lead to."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.keys = window.page.keyboard
        self.words = WORDS[window.language]

    async def enter(self, text: str) -> None:
        """Type where the focus is, then Enter, as a scanner does; the next page follows."""
        await self.keys.type(text)
        async with self.window.page.expect_navigation():
            await self.keys.press("Enter")

    async def reach(self, selector: str) -> None:
        """Go on by Tab until something has the focus."""
        for _ in range(40):
            if await self.window.page.evaluate(
                "(selector) => document.activeElement.matches(selector)", selector
            ):
                return
            await self.keys.press("Tab")
        raise AssertionError(f"no Tab leads to {selector}")

    async def press(self, selector: str, key: str = "Enter") -> None:
        """Reach something and press it; the next page follows."""
        await self.reach(selector)
        async with self.window.page.expect_navigation():
            await self.keys.press(key)

    async def sign_in(self, username: str) -> None:
        await self.window.go("/staff/sign-in")
        await self.reach("[name=username]")
        await self.keys.type(username)
        await self.reach("[name=password]")
        await self.enter(PASSWORD)

    async def ask_kiosk(self, number: str, id_number: str = MING) -> None:
        """The page has just come up, and its first field has the focus."""
        await self.keys.type(number)
        await self.keys.press("Tab")
        await self.enter(id_number)

    async def says(self, what: str) -> None:
        assert self.words[what] in await self.window.page.inner_text("main")
        await self.window.check()


async def printed_by(keyboard: Keyboard, number: str) -> str:
    """The number that a scanner reads off the paper."""
    await keyboard.sign_in("kiosk")
    await keyboard.ask_kiosk(number)
    await keyboard.says("slip")
    return await scan_paper(keyboard.window)


async def scan_paper(window: Window) -> str:
    """Print the page, look at the paper with a standard decoder."""
    await window.page.emulate_media(media="print")
    paper = Image.open(io.BytesIO(await window.page.locator(".paper").screenshot()))
    await window.page.emulate_media(media="screen")
    found = read_barcode(paper)
    assert found is not None
    assert found.format == BarcodeFormat.Code128
    return found.text


async def open_window(browser: Browser, base: str, language: str) -> Keyboard:
    return Keyboard(await Window.open(await browser.new_context(), base, language))


@both_languages
async def test_the_orderer_collects(
    browser: Browser, base: str, number: str, language: str
) -> None:
    kiosk = await open_window(browser, base, language)
    slip = await printed_by(kiosk, number)
    assert normalise_slip_number(slip) == slip
    await kiosk.press("a.govuk-button")
    till = await open_window(browser, base, language)
    await till.sign_in("clerk")
    await till.window.check()
    await till.enter(slip)  # 1: the scanner
    await till.says("bag")
    await till.enter("2")  # 2: the NHI card was seen
    await till.says("handed")
    await till.enter(slip)  # the focus is where the next scan goes
    await till.says("twice")
    await kiosk.ask_kiosk(number)
    await kiosk.says("collected")
    assert not kiosk.window.complaints + till.window.complaints


@both_languages
async def test_a_proxy_collects_by_mistake_and_once_more(
    browser: Browser, base: str, number: str, system: System, language: str
) -> None:
    kiosk = await open_window(browser, base, language)
    slip = await printed_by(kiosk, number)
    till = await open_window(browser, base, language)
    await till.sign_in("clerk")
    await till.enter(slip)
    await till.reach("[name=by_proxy]")
    await till.keys.press("Space")
    await till.press("button[value=nhi_card]", "Space")
    await till.says("handed")

    await till.reach("summary")
    await till.keys.press("Enter")
    await till.reach("[name=reason]")
    await till.window.check()
    await till.enter("wrong bag")
    await till.says("undone")
    await till.enter(slip)
    await till.reach("[name=by_proxy]")
    await till.keys.press("Space")
    await till.press("button[value=driving_licence]", "Space")
    await till.says("handed")
    async with system.db.connection() as tx:
        cursor = await tx.execute("SELECT document, by_proxy FROM handed_over")
        assert await cursor.fetchall() == [("driving_licence", True)]
    assert not kiosk.window.complaints + till.window.complaints


@both_languages
async def test_a_kiosk_is_large_says_what_is_wrong_and_forgets(
    browser: Browser, base: str, number: str, language: str
) -> None:
    kiosk = await open_window(browser, base, language)
    page = kiosk.window.page
    await page.clock.install()
    await kiosk.sign_in("kiosk")
    await kiosk.window.check()
    assert not await page.evaluate(TOO_SMALL)
    await kiosk.ask_kiosk("123")
    await kiosk.window.check()
    assert not await page.evaluate(TOO_SMALL)
    await kiosk.window.go("/kiosk")
    await kiosk.ask_kiosk("000005724")
    await kiosk.says("wrong")

    await page.clock.run_for(50_000)
    assert await page.is_visible("[data-idle-notice]")
    await kiosk.keys.press("Shift")  # still there
    assert not await page.is_visible("[data-idle-notice]")
    await page.clock.run_for(59_000)
    assert await page.input_value("[name=id_number]") == MING
    async with page.expect_navigation():
        await page.clock.run_for(2_000)
    assert await page.input_value("[name=id_number]") == ""
    assert kiosk.words["wrong"] not in await page.inner_text("main")
    assert not kiosk.window.complaints


@both_languages
async def test_the_paper_is_a_receipt_with_nothing_else_on_it(
    browser: Browser, base: str, number: str, language: str
) -> None:
    kiosk = await open_window(browser, base, language)
    await printed_by(kiosk, number)
    page = kiosk.window.page
    assert not await page.evaluate(TOO_SMALL)
    await page.emulate_media(media="print")
    for gone in (".bar", "h1", ".govuk-button", ".kiosk__place"):
        assert not await page.is_visible(gone)
    told = await page.inner_text(".paper")
    assert number not in told.replace(" ", "")
    assert MING not in told
    assert "王○明" in told
    rolls = (await page.pdf(prefer_css_page_size=True)).count(b"/Type /Page\n")
    assert rolls == 1
