"""From a card in a reader to a session: pcscd, the card agent and Chromium, all of them real.

The page counts as public, the agent is on loopback: Chromium lets the one reach the other only
after it was allowed to.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext

from agent.fake_pinentry import fake_pinentry
from agent.pcsc import PcscService, pcsc_service
from agent.running import AgentAddress, running_agent
from emask.identity.site import Site
from emask.sandbox.cards import card_record
from emask.sandbox.certificates import PIN, Condition
from emask.sandbox.system import Sandbox
from emask.sandbox.virtual_cards.nhi_card import VirtualNhiCard
from emask.sandbox.virtual_cards.piv_card import VirtualPivCard
from emask.web.sandbox_pages.cast import CAST, PASSWORD
from web.browser import Window, chromium
from web.places import free_port

pytestmark = [pytest.mark.browser, pytest.mark.cards, pytest.mark.xdist_group("browser")]

MING, LING, *_ = (each.person for each in CAST)


@pytest.fixture(scope="module")
def pcsc() -> Iterator[PcscService]:
    with pcsc_service() as service:
        yield service


@pytest.fixture
def origin() -> str:
    return f"http://localhost:{free_port()}"


@pytest.fixture
async def agent(origin: str, pcsc: PcscService, tmp_path: Path) -> AsyncIterator[AgentAddress]:
    """The visitor mistypes the PIN once."""
    pinentry = fake_pinentry(tmp_path, ["000000", PIN, PIN])
    async with running_agent(site_origin=origin, reader=pcsc, pinentry=pinentry) as running:
        yield running


@pytest.fixture
def site(origin: str, agent: AgentAddress) -> Site:
    return Site(origin=origin, agent=agent.url)


@pytest.fixture
async def browser(origin: str) -> AsyncIterator[Browser]:
    port = urlsplit(origin).port
    public = f"--ip-address-space-overrides=127.0.0.1:{port}=public,[::1]:{port}=public"
    async with chromium(public) as opened:
        yield opened


@pytest.fixture
async def context(browser: Browser) -> BrowserContext:
    return await browser.new_context()


async def allow(context: BrowserContext) -> None:
    """What the visitor answers when the browser asks."""
    await context.grant_permissions(["local-network-access"])


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_page_reads_a_card_once_it_may_reach_the_agent(
    context: BrowserContext, base: str, pcsc: PcscService, language: str
) -> None:
    window = await Window.open(context, base, language)
    with pcsc.card(VirtualNhiCard(card_record(MING))):
        await window.go("/identify/card")
        await window.fill(password=PASSWORD)
        assert await window.told("agent", "permission")
        await window.check()
        await allow(context)
        await window.send()
    assert window.page.url == f"{base}/{language}/store"
    cookies = {each["name"]: each for each in await context.cookies()}
    assert cookies["emask_session"]["httpOnly"]


async def test_each_try_asks_for_a_card_anew(
    context: BrowserContext, base: str, pcsc: PcscService
) -> None:
    await allow(context)
    window = await Window.open(context, base, "zh")
    await window.go("/identify/card")
    await window.fill(password=PASSWORD)
    assert "讀卡機裡沒有卡片" in await window.told("agent", "no_card")
    with pcsc.card(VirtualNhiCard(card_record(MING)[:40])):
        assert "資料要完整讀出" in await window.told("agent", "card_malformed")
    with pcsc.card(VirtualNhiCard(card_record(MING))):
        await window.send()
    assert window.page.url == f"{base}/zh/store"


async def test_a_card_is_registered(context: BrowserContext, base: str, pcsc: PcscService) -> None:
    await allow(context)
    window = await Window.open(context, base, "zh")
    await window.go("/register")
    await window.fill(
        nhi_card=LING.nhi_card,
        household_number=LING.household_number,
        password="a password of mine",
    )
    with pcsc.card(VirtualNhiCard(card_record(LING))):
        await window.send()
    assert window.page.url == f"{base}/zh/store"


async def test_a_certificate_signs_in_until_it_is_revoked(
    context: BrowserContext, base: str, pcsc: PcscService, sandbox: Sandbox
) -> None:
    await allow(context)
    certificates = sandbox.certificates
    card = VirtualPivCard(
        await certificates.private_key(),
        await certificates.certificate_for(MING.id_number),
        pin=PIN,
    )
    window = await Window.open(context, base, "zh")
    with pcsc.card(card):
        await window.go("/identify/certificate")
        assert "連續三次不符會鎖卡" in await window.told("agent", "wrong_pin")
        await window.send()
        assert window.page.url == f"{base}/zh/store"
        await certificates.set_condition(id_number=MING.id_number, condition=Condition.REVOKED)
        await window.go("/identify/certificate")
        await window.send()
    assert "certificate_revoked" in await window.text()
    assert "0800-030-598" in await window.text()


async def test_a_counter_notices_a_card_that_comes_and_goes(
    context: BrowserContext, base: str, pcsc: PcscService
) -> None:
    await allow(context)
    window = await Window.open(context, base, "zh")
    await window.go("/staff/sign-in")
    await window.fill(username="pharmacist", password=PASSWORD)
    await window.send()
    with pcsc.card(VirtualNhiCard(card_record(MING))):
        await window.page.wait_for_selector(".answer")
        assert "王○明" in await window.text()
    await window.page.wait_for_selector(".answer", state="detached")
    assert "王○明" not in await window.text()
    assert not window.complaints


async def test_without_an_agent_the_page_says_how_to_get_one(
    context: BrowserContext, base: str, agent: AgentAddress
) -> None:
    await allow(context)
    agent.process.terminate()
    await agent.process.wait()
    window = await Window.open(context, base, "zh")
    await window.go("/identify/card")
    await window.fill(password=PASSWORD)
    assert "還沒有安裝或啟動" in await window.told("agent", "unreachable")
    await window.press("安裝與啟動讀卡程式")
    assert f"emask-card-agent --site {base}" in await window.text()
    await window.check()
