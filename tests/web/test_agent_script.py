"""What the page's script makes of each answer that a card agent can give."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import Browser

from emask.identity.site import Site
from emask.programme.system import System
from emask.sandbox.cards import card_record, evidence_of
from emask.sandbox.certificates import PIN
from emask.sandbox.system import Sandbox
from emask.web.citizen.troubles import CARD_READING, SIGNATURE
from emask.web.sandbox_pages.cast import CAST, PASSWORD
from web.browser import Window, chromium, listening, serving
from web.places import free_port

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

MING = CAST[0].person


@dataclass
class MadeUpAgent:
    """Answers with what the test has laid out, to every request in turn; keeps what was asked."""

    answers: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        origin = dict(scope["headers"]).get(b"origin", b"")
        allowed = [
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-headers", b"content-type, x-emask-agent"),
        ]
        body = b""
        if scope["method"] == "POST":
            asked = json.loads((await receive())["body"])
            self.asked.append({"path": scope["path"], **asked})
            body = json.dumps(self._answer(asked["token"])).encode()
        await send({"type": "http.response.start", "status": 200, "headers": allowed})
        await send({"type": "http.response.body", "body": body})

    def _answer(self, token: str) -> dict[str, Any]:
        if self.answers:
            return self.answers.pop(0)
        return {"evidence": evidence_of(token, card_record(MING))}


@pytest.fixture
def site() -> Site:
    return Site(origin=f"http://localhost:{free_port()}", agent=f"http://127.0.0.1:{free_port()}")


@pytest.fixture
async def agent(site: Site) -> AsyncIterator[MadeUpAgent]:
    made_up = MadeUpAgent()
    async with listening(made_up, site.agent):
        yield made_up


@pytest.fixture
async def window(system: System, agent: MadeUpAgent) -> AsyncIterator[Window]:
    async with serving(system) as base, chromium() as browser:
        yield await _window(browser, base)


async def _window(browser: Browser, base: str) -> Window:
    return await Window.open(await browser.new_context(), base, "en")


async def test_each_answer_has_its_message(window: Window, agent: MadeUpAgent) -> None:
    for path, codes in (("card", CARD_READING), ("certificate", SIGNATURE)):
        await window.go(f"/identify/{path}")
        for code in set(codes) - {"unreachable", "permission", "token_refused"}:
            agent.answers = [{"code": code, "tries_left": 2}]
            said = await window.told("agent", code)
            assert "0800-030-598" in said
            assert ("Tries left: 2" in said) == (code == "wrong_pin")
    agent.answers = [{"code": "who knows\\"}]
    assert await window.told("agent", "unreadable")
    assert not window.complaints


async def test_a_token_that_is_over_is_replaced_once(window: Window, agent: MadeUpAgent) -> None:
    await window.go("/identify/card")
    await window.fill(password=PASSWORD)
    agent.answers = [{"code": "token_refused"}] * 2
    assert await window.told("agent", "token_refused")
    agent.answers = [{"code": "token_refused"}]
    await window.send()
    assert window.page.url == f"{window.base}/en/store"
    assert {each["path"] for each in agent.asked} == {"/card"}
    tokens = [each["token"] for each in agent.asked]
    assert len(tokens) == 4
    assert len(set(tokens)) == 3  # asked again with the second one, then with a third


async def test_a_renewed_token_is_the_challenge_that_was_signed(
    window: Window, agent: MadeUpAgent, system: System, sandbox: Sandbox
) -> None:
    await window.go("/identify/certificate")
    agent.answers = [{"code": "token_refused"}, {"code": "no_card"}]
    assert await window.told("agent", "no_card")
    token = agent.asked[-1]["token"]
    signed = await sandbox.certificates.sign(
        id_number=MING.id_number, pin=PIN, challenge=token, at=await system.clock.now()
    )
    agent.answers = [{"evidence": signed}]
    await window.send()
    assert window.page.url == f"{window.base}/en/store"


async def test_a_made_up_card_needs_no_agent(window: Window, agent: MadeUpAgent) -> None:
    await window.go("/identify/card")
    await window.choose(demo_card="ming")
    await window.fill(password=PASSWORD)
    await window.send()
    assert window.page.url == f"{window.base}/en/store"
    assert not agent.asked


async def test_one_press_at_a_time(window: Window, agent: MadeUpAgent) -> None:
    await window.go("/identify/card")
    await window.fill(password=PASSWORD)
    async with window.page.expect_navigation():
        await window.page.locator("main form button[type=submit]").last.dblclick()
    assert window.page.url == f"{window.base}/en/store"
    assert len(agent.asked) == 1


async def test_by_keyboard_alone(window: Window, agent: MadeUpAgent) -> None:
    await window.go("/identify/card")
    keyboard = window.page.keyboard
    await window.page.focus("main [name=password]")
    await keyboard.type(PASSWORD)
    agent.answers = [{"code": "no_card"}]
    await keyboard.press("Enter")
    await window.page.wait_for_selector("[data-agent-message=no_card]:focus")
    await keyboard.press("Tab")
    assert await window.page.evaluate("document.activeElement.href") == "tel:0800030598"
    await window.page.focus("main [name=password]")
    async with window.page.expect_navigation():
        await keyboard.press("Enter")
    assert window.page.url == f"{window.base}/en/store"
