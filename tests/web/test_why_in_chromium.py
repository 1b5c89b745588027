"""The rules, and what a person and the hotline are told, in a real browser."""

from datetime import date

import pytest
from playwright.async_api import Browser

from emask.programme.system import System
from emask.rules.calendar import at
from web.browser import Window, as_signed_in
from web.steps import ID_NUMBERS, be, be_staff
from web.test_why_pages import Scene
from web.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser2")]


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_rules_and_reasons_can_be_read(
    browser: Browser, base: str, system: System, visitor: Visitor, language: str
) -> None:
    context = await browser.new_context()
    window = await Window.open(context, base, language)
    scene = Scene(visitor, system)
    await scene.set(at(date(2020, 3, 22), 10))
    await scene.buy()
    await scene.set(at(date(2020, 3, 23), 10))
    await window.go("/rules")
    assert "✗" in await window.text()
    await window.check()
    await be(visitor)
    await as_signed_in(context, visitor, base)
    await window.go("/progress")
    assert "✗" in await window.text()
    await window.check()
    await be_staff(visitor, "hotline")
    await as_signed_in(context, visitor, base)
    await window.go("/operator/person")
    await window.fill(id_number=ID_NUMBERS["ming"])
    await window.send()
    assert "✗" in await window.text()
    await window.check()
    assert not window.complaints
