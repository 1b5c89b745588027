"""What is shown of notices in a real browser: both languages, all widths."""

import pytest
from playwright.async_api import Browser

from emask.programme.service import advance_to
from emask.programme.system import System
from emask.sandbox.system import sandbox_of
from web.browser import Window, as_signed_in, look
from web.steps import be, be_staff, register
from web.test_notice_pages import DRAWN
from web.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_readers_and_operators_see_them(
    browser: Browser,
    base: str,
    system: System,
    visitor: Visitor,
    language: str,
) -> None:
    context = await browser.new_context()
    window = await Window.open(context, base, language)
    await register(visitor)
    await be_staff(visitor, "operator")
    await as_signed_in(context, visitor, base)
    await look(window, "/operator/notices")  # nothing yet
    await advance_to(system, DRAWN)
    await be_staff(visitor, "operator")
    await as_signed_in(context, visitor, base)
    sandbox = sandbox_of(system)
    assert sandbox is not None
    await sandbox.centre.push_receipts()
    async with system.db.transaction() as tx:
        await tx.execute(
            "INSERT INTO outbox (person_id, kind, reference, created_at, next_at, state, delivery)"
            " VALUES (gen_random_uuid(), 'selected', '2020-1', now(), now(), 'failed', 'no_text')"
        )
    await look(window, "/operator/notices")
    await window.send()
    assert "✓" in await window.text()
    await window.check()

    await be(visitor)
    await as_signed_in(context, visitor, base)
    await window.go("/progress")
    await window.page.locator("summary").press("Enter")
    assert "✓" in await window.page.inner_text("details")
    await window.check()
    assert not window.complaints
