"""The pharmacist's screen in Chromium: cards and a keyboard, nothing else."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from emask.identity.model import NewPerson
from emask.identity.site import Site
from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rules.calendar import at
from emask.sandbox.cards import card_record, evidence_of
from emask.web.sandbox_pages.cast import CAST, PASSWORD
from web.browser import Window, listening, serving
from web.places import free_port

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser2")]

MING, _, TONG, _, BAO = (each.person for each in CAST)
SUNDAY = at(date(2020, 3, 22), 10)
WORDS = {
    "zh": {
        "adult": "可購買 3 片",
        "child": "可購買 5 片",
        "person": "王○明，1983 年生",
        "sold": "已售出",
        "undone": "已撤銷",
        "counted": "已記下盤點",
        "bought": "上次購買日是3月22日",
        "next": "3月29日（星期日）起可以再購買",
        "acted": "這位已代 0 位與 1 位",
        "offline": "無法確認（離線）",
        "unsure": "不會賣兩次",
        "typo": "輸入身分證字號",
    },
    "en": {
        "adult": "May buy 3",
        "child": "May buy 5",
        "person": "王○明, born in 1983",
        "sold": "Sold",
        "undone": "Undone",
        "counted": "The count is noted",
        "bought": "The last purchase was on Sunday 22 March 2020",
        "next": "You can buy again from Sunday 29 March 2020",
        "acted": "This one so far: 0 and 1",
        "offline": "Cannot be confirmed (offline)",
        "unsure": "nothing is sold twice",
        "typo": "Enter your ID",
    },
}
_PATIENCE = 0.5  # seconds after which who watches is answered anyway
both_languages = pytest.mark.parametrize("language", ["zh", "en"])


@dataclass
class MadeUpReader:
    """A card agent whose reader a test puts cards into; answers as the real one does."""

    card: NewPerson | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, card: NewPerson | None) -> None:
        self.card = card
        self.changed.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        allowed = [
            (b"access-control-allow-origin", dict(scope["headers"]).get(b"origin", b"")),
            (b"access-control-allow-headers", b"content-type, x-emask-agent"),
        ]
        body = b""
        if scope["method"] == "POST":
            asked = json.loads((await receive())["body"])
            answer = await (self._watch(asked) if scope["path"] == "/watch" else self._read(asked))
            body = json.dumps(answer).encode()
        await send({"type": "http.response.start", "status": 200, "headers": allowed})
        await send({"type": "http.response.body", "body": body})

    async def _watch(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.changed.clear()
        if asked["card"] is (self.card is not None):
            with suppress(TimeoutError):
                await asyncio.wait_for(self.changed.wait(), _PATIENCE)
        return {"card": self.card is not None}

    async def _read(self, asked: dict[str, Any]) -> dict[str, Any]:
        if self.card is None:
            return {"code": "no_card"}
        return {"evidence": evidence_of(asked["token"], card_record(self.card))}


class Counter:
    """Somebody at the counter without a mouse: keys, cards, and what the screen says."""

    def __init__(self, window: Window, reader: MadeUpReader) -> None:
        self.window = window
        self.reader = reader
        self.page: Page = window.page
        self.words = WORDS[window.language]

    async def begin(self) -> None:
        await self.window.go("/staff/sign-in")
        await self.window.fill(username="pharmacist", password=PASSWORD)
        await self.window.send()
        await self.page.wait_for_selector("[data-light]:visible")

    async def enter(self, text: str) -> None:
        await self.page.keyboard.type(text)
        await self.page.keyboard.press("Enter")

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def reach(self, selector: str) -> None:
        """Go on by Tab until something has the focus."""
        for _ in range(60):
            if await self.page.evaluate("(it) => document.activeElement.matches(it)", selector):
                return
            await self.press("Tab")
        raise AssertionError(f"no Tab leads to {selector}")

    async def hears(self, what: str, *, within: str = "main") -> None:
        """The words come up, and come up in the place that is looked at."""
        place = self.page.locator(within).filter(has_text=self.words[what])
        await place.first.wait_for(state="visible")

    async def is_ready(self) -> None:
        """The next card is awaited, and nothing tells of the last one."""
        await self.page.wait_for_selector("[name=id_number]:focus")
        everything = await self.page.content()
        assert "王○明" not in everything
        assert not [each.id_number for each in (MING, TONG, BAO) if each.id_number in everything]

    async def stock(self) -> str:
        return await self.page.inner_text("[data-shelf=adult_mask]")


@pytest.fixture
def site() -> Site:
    return Site(origin=f"http://localhost:{free_port()}", agent=f"http://127.0.0.1:{free_port()}")


@pytest.fixture
async def reader(site: Site) -> AsyncIterator[MadeUpReader]:
    made_up = MadeUpReader()
    async with listening(made_up, site.agent):
        yield made_up


@pytest.fixture
async def base(system: System, reader: MadeUpReader) -> AsyncIterator[str]:
    await advance_to(system, SUNDAY)
    async with serving(system) as address:
        yield address


async def at_counter(
    browser: Browser, base: str, reader: MadeUpReader, language: str = "zh"
) -> Counter:
    window = await Window.open(await browser.new_context(), base, language)
    counter = Counter(window, reader)
    await counter.begin()
    return counter


async def rows(system: System, query: str) -> list[tuple[Any, ...]]:
    async with system.db.connection() as tx:
        return await (await tx.execute(query)).fetchall()


@both_languages
async def test_card_in_sold_card_out_and_then_no(
    browser: Browser, base: str, reader: MadeUpReader, language: str
) -> None:
    counter = await at_counter(browser, base, reader, language)
    await counter.window.check()
    history = await counter.page.evaluate("history.length")
    begun = time.monotonic()
    reader.put(MING)
    await counter.hears("adult", within=".answer--yes")
    assert time.monotonic() - begun < 1
    await counter.hears("person", within=".answer--yes")
    assert "王小明" not in await counter.page.content()
    await counter.window.check()
    await counter.press("Enter")
    await counter.hears("sold", within="[data-notice]")
    assert (await counter.stock()).startswith("597")
    reader.put(None)
    await counter.is_ready()

    reader.put(MING)
    for what in ("bought", "next", "person"):
        await counter.hears(what, within=".answer--no")
    assert "安康藥局" in await counter.page.inner_text(".answer--no")
    await counter.window.check()
    reader.put(None)
    await counter.is_ready()
    assert await counter.page.evaluate("history.length") == history
    assert counter.page.url == f"{base}/{language}/counter"
    assert await counter.page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert not counter.window.complaints


@both_languages
async def test_one_visitor_for_others_then_undo_and_the_count(
    browser: Browser, base: str, reader: MadeUpReader, system: System, language: str
) -> None:
    counter = await at_counter(browser, base, reader, language)
    await counter.enter(MING.id_number)
    await counter.hears("adult", within=".answer--yes")
    await counter.press("Enter")
    await counter.hears("sold", within="[data-notice]")
    await advance_to(system, SUNDAY + timedelta(minutes=1))
    await counter.press("Shift+Tab", "Enter")  # the same visitor has another card
    await counter.enter(BAO.id_number)
    await counter.hears("child", within=".answer--yes")
    assert await counter.page.is_checked("[name=by_proxy]")
    await counter.press("Enter")
    await counter.page.wait_for_selector("[data-answer]:empty", state="attached")
    await counter.press("Shift+Tab", "Enter")
    await counter.enter("A123456788")
    await counter.hears("typo", within="[data-complaint]")
    await counter.hears("acted", within="[data-going-on]")
    await counter.window.check()
    await counter.press("Escape", "Escape")  # clear; on to the next visitor
    assert await rows(system, "SELECT by_proxy FROM counter_sale ORDER BY sold_at") == [
        (False,),
        (True,),
    ]

    await counter.reach("[data-undo] summary")
    await counter.press("Enter")
    await counter.reach("[name=reason]")
    await counter.enter("wrong card")
    await counter.hears("undone", within="[data-notice]")
    await counter.reach("details:not([data-undo]) summary")
    await counter.press("Enter")
    await counter.reach("[name=count_adult_mask]")
    await counter.enter("590")
    await counter.hears("counted", within="[data-notice]")
    assert (await counter.stock()).startswith("590")
    undone = "SELECT undo_reason FROM counter_sale WHERE undone_at IS NOT NULL"
    assert await rows(system, undone) == [("wrong card",)]
    assert await rows(system, "SELECT expected, counted FROM counter_count") == [(597, 590)]
    assert not counter.window.complaints


@both_languages
async def test_without_a_line_and_a_list_nothing_is_certain_and_nothing_sold_twice(
    browser: Browser, base: str, reader: MadeUpReader, system: System, language: str
) -> None:
    context = await browser.new_context()
    await context.route("**/counter/offline-list", lambda route: route.abort())
    counter = Counter(await Window.open(context, base, language), reader)
    await counter.begin()
    await counter.page.context.set_offline(True)
    await counter.enter(MING.id_number)
    await counter.hears("offline", within=".answer--unknown")
    await counter.window.check()
    await counter.press("Enter")
    await counter.is_ready()
    await counter.page.context.set_offline(False)

    await counter.enter(MING.id_number)
    await counter.hears("adult", within=".answer--yes")

    async def lose_the_answer(route: Any) -> None:
        await route.fetch()  # it is sold, but nobody here hears of it
        await route.abort()

    await counter.page.route("**/counter/sales", lose_the_answer, times=1)
    await counter.press("Enter")
    await counter.hears("unsure", within="[data-unsure]")
    await counter.press("Enter")
    await counter.hears("sold", within="[data-notice]")
    assert len(await rows(system, "SELECT FROM counter_sale")) == 1
    assert (await counter.stock()).startswith("597")
    assert not counter.window.complaints


async def test_who_may_have_either_chooses_by_arrow_and_another_paper_is_noted(
    browser: Browser, base: str, reader: MadeUpReader, system: System
) -> None:
    await rows(system, "UPDATE counter_policy SET adult_may_buy_child_masks = true RETURNING 1")
    counter = await at_counter(browser, base, reader)
    await counter.page.keyboard.type(TONG.id_number)
    await counter.reach("[name=paper]")
    await counter.press("ArrowDown", "ArrowDown", "ArrowDown")
    await counter.reach("[data-ask] button")
    await counter.press("Enter")
    await counter.page.wait_for_selector("[data-choice]:visible")
    await counter.window.check()
    await counter.press("Shift+Tab", "Shift+Tab", "ArrowRight")
    await counter.reach("[data-sell] button")
    await counter.press("Enter")
    await counter.hears("sold", within="[data-notice]")
    sold = await rows(system, "SELECT product, pieces, paper FROM counter_sale")
    assert sold == [("child_mask", 5, "passport")]


async def test_going_back_brings_up_nobody(
    browser: Browser, base: str, reader: MadeUpReader
) -> None:
    counter = await at_counter(browser, base, reader)
    await counter.enter(MING.id_number)
    await counter.hears("person")
    await counter.window.go("/accessibility")
    await counter.page.go_back()
    await counter.is_ready()
    await counter.enter(MING.id_number)
    await counter.hears("person")
    await counter.press("Escape")
    await counter.is_ready()


async def test_an_answer_that_comes_after_its_card_is_gone_is_not_shown(
    browser: Browser, base: str, reader: MadeUpReader
) -> None:
    counter = await at_counter(browser, base, reader)
    held = asyncio.Event()

    async def hold(route: Any) -> None:
        await held.wait()
        await route.continue_()

    await counter.page.route("**/counter", hold)
    async with counter.page.expect_request("**/counter"):
        reader.put(MING)
    reader.put(None)
    async with counter.page.expect_response("**/counter"):
        await counter.page.wait_for_selector("[name=id_number]:focus")
        held.set()
    await counter.page.wait_for_timeout(200)
    await counter.is_ready()
    assert not await counter.page.locator(".answer").count()
