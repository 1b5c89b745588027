"""The pages of figures, returns and re-collections in a real browser, at all widths."""

import pytest
from playwright.async_api import Browser

from emask.programme.system import System
from web.browser import Window, as_signed_in, look
from web.steps import be_staff
from web.test_operator_page import paid_and_forfeited
from web.test_parcels_page import PATH, parcels, refuse
from web.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_what_became_of_packs_can_be_read_and_acted_on(
    browser: Browser, base: str, system: System, visitor: Visitor, language: str
) -> None:
    context = await browser.new_context()
    window = await Window.open(context, base, language)
    await paid_and_forfeited(visitor, system)
    await be_staff(visitor, "operator")
    await as_signed_in(context, visitor, base)
    for path in ("/operator/deliveries?round=2020-1", "/operator/reopen", "/operator/reopen/many"):
        await look(window, path)
    await window.send()  # nothing chosen: corrections, with the focus on them
    await window.check()
    await be_staff(visitor, "centre")
    await as_signed_in(context, visitor, base)
    await look(window, "/centre/returns")
    await look(window, "/staff/password")
    assert not window.complaints


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_parcels_at_the_chains_can_be_read_and_acted_on(
    browser: Browser, base: str, system: System, visitor: Visitor, language: str
) -> None:
    context = await browser.new_context()
    window = await Window.open(context, base, language)
    await be_staff(visitor, "operator")
    await as_signed_in(context, visitor, base)
    await look(window, f"{PATH}?round=2020-1")
    refused, *_ = await parcels(system, "order_taken", "lost", "collected", "arrived")
    await refuse(system, refused, "10500040|ReceiverName Error")
    await look(window, f"{PATH}?round=2020-1")
    assert "10500040" in await window.text()
    await window.page.locator("main form[action*=try-again] button").click()
    await window.page.locator("main [role=status]").wait_for()
    await window.check()
    await window.go("/operator/missing?round=2020-1")
    await window.send()  # nothing chosen: corrections, with the focus on them
    await window.check()
    assert not window.complaints
