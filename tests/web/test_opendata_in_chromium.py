"""The page of open data in a real browser, and the data in a page of another origin."""

import pytest
from playwright.async_api import Browser

from emask.opendata.catalogue import INDEX, POINTS
from emask.programme.system import System
from web.browser import Window, look

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser2")]

_READ = """async address => {
    const first = await fetch(address, {cache: "no-store"})
    const again = await fetch(address, {
        cache: "no-store", headers: {"If-None-Match": first.headers.get("etag")}
    })
    return [(await first.json()).type, again.status]
}"""


async def test_the_page_is_fit_to_read_and_other_sites_may_take_the_data(
    browser: Browser, base: str, system: System
) -> None:
    await system.open_data.refresh(system.db, system.clock)
    context = await browser.new_context()
    for language in ("zh", "en"):
        window = await Window.open(context, base, language)
        await look(window, "/opendata")
        assert not window.complaints
    elsewhere = await context.new_page()
    # the same server under another name, so another origin, with no policy of ours on its pages
    await elsewhere.goto(base.replace("localhost", "127.0.0.1") + INDEX)
    assert await elsewhere.evaluate(_READ, f"{base}{POINTS}") == ["FeatureCollection", 304]
