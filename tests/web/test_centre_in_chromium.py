"""The logistics centre in a real browser: scanned by keyboard alone, both languages, all widths."""

import pytest
from playwright.async_api import Browser

from emask.programme.system import System
from emask.web.demo.stage import STORE
from web.browser import Window, as_signed_in, look
from web.test_centre_pages import packed
from web.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_scanner_needs_no_mouse(
    browser: Browser, base: str, system: System, visitor: Visitor, language: str
) -> None:
    label = await packed(visitor, system)
    context = await browser.new_context()
    window = await Window.open(context, base, language)
    await as_signed_in(context, visitor, base)
    await look(window, "/centre/scan")
    for _ in range(2):  # the scanner types and sends; the field is ready for the next label
        assert await window.page.evaluate("document.activeElement.name") == "label"
        async with window.page.expect_navigation():
            await window.page.keyboard.type(label)
            await window.page.keyboard.press("Enter")
        assert STORE.name in await window.text()
        await window.check()
    assert not window.complaints


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_every_page_can_be_read(
    browser: Browser, base: str, system: System, visitor: Visitor, language: str
) -> None:
    await packed(visitor, system)
    context = await browser.new_context()
    window = await Window.open(context, base, language)
    await as_signed_in(context, visitor, base)
    await look(window, "/centre")
    await window.press("分裝檔" if language == "zh" else "Packing files")
    await window.send()
    await look(window, "/centre/files")
    await window.go("/centre/shortages")
    await window.send()  # nothing typed: corrections
    await window.check()
    await window.fill(packs="1")
    await window.send()
    await look(window, "/centre/shortages")
    await look(window, "/centre?exceptions=1")
    assert not window.complaints
