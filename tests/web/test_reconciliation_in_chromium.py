"""The page of reconciliation in a real browser, in every state, both languages and all widths."""

import pytest
from playwright.async_api import Browser

from emask.programme.system import System
from web.browser import Window, as_signed_in, look
from web.steps import be_staff
from web.test_reconciliation_page import PATH, reconciled
from web.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_differences_can_be_read_and_explained(
    browser: Browser, base: str, system: System, visitor: Visitor, language: str
) -> None:
    await be_staff(visitor, "operator")
    context = await browser.new_context()
    window = await Window.open(context, base, language)
    await as_signed_in(context, visitor, base)
    await look(window, PATH)  # nothing yet
    await reconciled(system, "EM0123456789ABCDEF01", "EM0123456789ABCDEF02")
    await reconciled(system, days_ago=2)
    await look(window, PATH)
    await window.send()  # nothing chosen: corrections, with the focus on them
    await window.check()
    await window.choose(difference="EM0123456789ABCDEF01 unknown_trade")
    await window.fill(explanation="a trial of the gateway's own")
    await window.send()
    assert "a trial of the gateway's own (operator)" in await window.text()
    await window.check()
    assert not window.complaints
