"""The pages of refunds in a real browser, in every state, both languages and all widths."""

import pytest
from playwright.async_api import Browser

from emask.programme.system import System
from web.browser import Window, as_signed_in, look
from web.steps import be, be_staff, register
from web.test_refund_pages import HERE, act, owe, unclear_card
from web.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_refunds_can_be_read_and_acted_on(
    browser: Browser, base: str, system: System, visitor: Visitor, language: str
) -> None:
    await register(visitor, "tong")
    path = await owe(visitor, system)
    context = await browser.new_context()
    window = await Window.open(context, base, language)
    await as_signed_in(context, visitor, base)
    await look(window, "/progress")
    await look(window, path)
    await window.send()  # nothing typed: corrections, with the focus on them
    await window.check()
    await window.fill(bank_code="700", account="0001 2345 678901", account_again="00012345678901")
    await window.send()
    assert "8901" in await window.text()
    await look(window, path)

    await be_staff(visitor, "operator")
    await as_signed_in(context, visitor, base)
    await look(window, HERE)
    await visitor.go(HERE)
    await act(visitor, "make")
    await unclear_card(visitor, system, "tong")
    await be_staff(visitor, "operator")
    await as_signed_in(context, visitor, base)
    await look(window, HERE)
    await be_staff(visitor, "operator2")
    await visitor.go(HERE)
    await act(visitor, "release")
    await as_signed_in(context, visitor, base)
    await look(window, HERE)
    await visitor.go(HERE)
    await act(visitor, "sent")
    await look(window, HERE)
    await be(visitor)
    await as_signed_in(context, visitor, base)
    await look(window, path)
    assert not window.complaints
