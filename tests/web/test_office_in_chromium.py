"""The office and what follows from it in Chromium: both languages, axe, print, small screens."""

import re

import pytest
from playwright.async_api import Browser

from emask.web.sandbox_pages.cast import PASSWORD
from web.browser import Window
from web.steps import ID_NUMBERS

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

DOCUMENTS = ("nhi_card", "national_id", "household_certificate")


async def at_the_desk(window: Window, who: str) -> None:
    await window.go("/staff/sign-in")
    await window.check()
    await window.fill(username="officer", password=PASSWORD)
    await window.send()
    await window.check()
    await window.fill(id_number=ID_NUMBERS[who])
    for document in DOCUMENTS:
        await window.choose(**{document: "1"})


async def act(window: Window, name: str) -> None:
    async with window.page.expect_navigation():
        await window.page.click(f"main button[name=act][value={name}]")
    await window.check()


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_person_leaves_the_office_with_a_password_and_replaces_it(
    browser: Browser, base: str, language: str
) -> None:
    window = await Window.open(await browser.new_context(), base, language)
    await at_the_desk(window, "ling")
    await act(window, "register")
    printed = re.search(r"(?:\w{3}-){3}\w{3}", await window.page.inner_text(".slip"))
    assert printed
    await window.page.emulate_media(media="print")
    assert not await window.page.is_visible("main button")
    assert await window.page.is_visible(f"text={printed[0]}")
    await window.page.emulate_media(media="screen")
    await act(window, "phone")
    await act(window, "serve")
    await window.go("/progress")
    await window.check()
    assert await window.page.is_visible("aside form[action$='/office/end']")
    async with window.page.expect_navigation():
        await window.page.click("aside form[action$='/office/end'] button")

    await window.go("/identify/card")
    await window.choose(demo_card="ling")
    await window.fill(password=printed[0].lower())
    await window.send()
    assert window.page.url.endswith(f"/{language}/identify/password")
    await window.check()
    await window.fill(password="short")
    await window.send()
    await window.check()
    await window.fill(password="one of my own")
    await window.send()
    assert window.page.url.endswith(f"/{language}/store")
    await window.go("/sessions")
    await window.check()
    await window.send()
    await window.check()
    await window.go("/progress")
    assert "/identify" in window.page.url
    assert not window.complaints


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_who_has_a_password_is_told_so(browser: Browser, base: str, language: str) -> None:
    window = await Window.open(await browser.new_context(), base, language)
    await at_the_desk(window, "tong")
    await act(window, "register")
    assert not await window.page.query_selector(".slip")
    await act(window, "password")
    assert await window.page.query_selector(".slip")
    assert not window.complaints
