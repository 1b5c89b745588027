"""A real browser on the real server, and what is asked of every page that it shows."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from granian.constants import Interfaces
from granian.server.embed import Server
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    async_playwright,
)

from emask.programme.system import System
from emask.sandbox.system import sandbox_of
from emask.web.app import create_app
from web.visitor import Visitor

CHROMIUM = "/usr/bin/chromium"
AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NARROWEST = 320
_QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@asynccontextmanager
async def serving(system: System) -> AsyncIterator[str]:
    """The application where its site is, and its partners where they are; yields its address."""
    sandbox = sandbox_of(system)
    assert sandbox is not None
    async with (
        listening(create_app(system), system.site.origin),
        listening(sandbox.wire, sandbox.base),
    ):
        yield system.site.origin


@asynccontextmanager
async def listening(app: Any, address: str) -> AsyncIterator[None]:
    """An application at its address on loopback."""
    port = urlsplit(address).port
    assert port is not None
    server = Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGI)
    running = asyncio.create_task(server.serve())
    try:
        await _answering(port)
        yield
    finally:
        stop: Any = server.stop  # has no annotations
        stop()
        await running


@asynccontextmanager
async def chromium(*more: str) -> AsyncIterator[Browser]:
    """Debian's Chromium, reaching nothing but loopback; `more` are switches of its own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*_QUIET, *more])
        try:
            yield browser
        finally:
            await browser.close()


class Window:
    """A browser window on the application, in one language.

    ``complaints`` is what the page's console says: scripts that fail, content that the policy
    blocks.
    """

    def __init__(self, page: Page, base: str, language: str) -> None:
        self.page = page
        self.base = base
        self.language = language
        self.complaints: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.set_default_timeout(10_000)

    @classmethod
    async def open(cls, context: BrowserContext, base: str, language: str) -> "Window":
        """A new window."""
        return cls(await context.new_page(), base, language)

    async def go(self, path: str) -> None:
        """Open an address of the language."""
        await self.page.goto(f"{self.base}/{self.language}{path}")

    async def fill(self, **values: str) -> None:
        """Type into the fields of these names."""
        for name, value in values.items():
            await self.page.fill(f"main [name={name}]", value)

    async def choose(self, **values: str) -> None:
        """Tick the radios and boxes of these names and values."""
        for name, value in values.items():
            await self.page.check(f"main [name={name}][value='{value}']")

    async def press(self, words: str) -> None:
        """Press the button, or follow the link, that says this; wait for the next page."""
        target = self.page.locator("main button:visible, main a:visible", has_text=words).first
        async with self.page.expect_navigation():
            await target.click()

    async def send(self) -> None:
        """Press the button of the page's first form; wait for the next page."""
        async with self.page.expect_navigation():
            await self._first_button().click()

    async def told(self, device: str, code: str) -> str:
        """Press it and stay: what the page then says that the device did; nothing else."""
        await self._first_button().click()
        message = self.page.locator(f"[data-{device}-message={code}]:focus")
        await message.wait_for(state="visible")
        assert await self.page.locator(f"[data-{device}-message]:visible").count() == 1
        return await message.inner_text()

    def _first_button(self) -> Locator:
        return self.page.locator("main form").first.locator("button[type=submit]").last

    async def heading(self) -> str:
        """The page's heading."""
        return await self.page.inner_text("h1")

    async def text(self) -> str:
        """What the page says."""
        return await self.page.inner_text("main")

    async def check(self) -> None:
        """No violation that axe knows of, and nothing beyond the edge of a narrow screen."""
        await self.page.evaluate(AXE.read_text())
        found: dict[str, Any] = await self.page.evaluate(
            f"axe.run(document, {{runOnly: {json.dumps(RULES)}}})"
        )
        violations = [
            (each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]
        ]
        assert not violations, (self.page.url, violations)
        size = self.page.viewport_size or {"width": 1280, "height": 800}
        await self.page.set_viewport_size({"width": NARROWEST, "height": 800})
        width = await self.page.evaluate("document.documentElement.scrollWidth")
        assert width <= NARROWEST, (self.page.url, width)
        await self.page.set_viewport_size(size)

    def _hear(self, message: ConsoleMessage) -> None:
        # answers such as 422 are told there too; they are the pages' own matter
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)


async def _answering(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            await writer.wait_closed()
            return
    raise TimeoutError(f"nothing answers on port {port}")


async def as_signed_in(context: BrowserContext, visitor: Visitor, base: str) -> None:
    """Let the browser be whoever the visitor is."""
    await context.clear_cookies()
    await context.add_cookies(
        [
            {"name": each.name, "value": each.value or "", "url": base}
            for each in visitor.client.cookies.jar
        ]
    )


async def look(window: Window, path: str) -> None:
    """Go to a page and check it."""
    await window.go(path)
    await window.check()
