"""Paying in Chromium through the sandboxed gateway, on computers and phones, in both languages."""

from datetime import date

import pytest
from playwright.async_api import Browser

from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rules.calendar import Channel, at
from emask.sandbox.paying import hear
from emask.sandbox.system import Sandbox
from web.api_caller import ApiCaller
from web.at_the_gateway import choose, decide, leave, press
from web.browser import Window
from web.places import free_port
from web.steps import ID_NUMBERS

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PUBLISHED = at(date(2020, 3, 19), 8)
PHONE, COMPUTER = 390, 1280
PAID = {"zh": "已繳費", "en": "Paid"}
DECLINED = {"zh": "這次沒有付成", "en": "The payment did not go through"}
FETCHING = {"zh": "正在取得轉入帳號", "en": "We are fetching your account number"}


@pytest.fixture
def partners_base() -> str:
    """A site of its own, as gateways are: cookies stay behind when its pages send a form back."""
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture
async def due(api: ApiCaller, system: System) -> None:
    """Four people are to pay, one of whom ordered by phone."""
    for who in ("ming", "ling", "tong"):
        await api.place(who)
    await api.place("mai", channel=Channel.MOBILE)
    await advance_to(system, PUBLISHED)


class Payer:
    """Somebody signed in at a window of a width, in a language."""

    def __init__(self, browser: Browser, api: ApiCaller, language: str, width: int) -> None:
        self.browser = browser
        self.api = api
        self.language = language
        self.width = width

    async def window(self, who: str) -> Window:
        """A browser of their own."""
        origin = self.api.system.site.origin
        context = await self.browser.new_context(viewport={"width": self.width, "height": 844})
        token = await self.api.token(who)
        await context.add_cookies(
            [{"name": "emask_session", "value": token, "url": origin, "sameSite": "Lax"}]
        )
        return await Window.open(context, origin, self.language)


@pytest.mark.usefixtures("due", "base")
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [PHONE, COMPUTER])
async def test_each_method_is_paid_at_the_gateway(
    browser: Browser, api: ApiCaller, language: str, width: int
) -> None:
    payer = Payer(browser, api, language, width)

    window = await payer.window("ling")  # by card, declined at first
    await choose(window, "credit_card")
    await window.check()
    await leave(window)
    await decide(window, "decline")
    assert await window.heading() == DECLINED[language]
    await window.check()
    await press(window, "main a[role=button]")
    await window.check()
    await choose(window, "credit_card")
    await leave(window)
    await decide(window, "pay")
    assert PAID[language] in await window.text()

    window = await payer.window("ming")  # with a bank card and a reader
    await choose(window, "web_atm")
    await window.check()
    await leave(window)
    await decide(window, "pay")
    assert PAID[language] in await window.text()

    window = await payer.window("mai")  # by transfer, at the gateway's ATM
    await choose(window, "atm")
    await window.check()
    await leave(window)
    told = await window.text()
    await press(window, "main a")  # back to the site
    account = "".join((await window.page.inner_text(".big-number")).split())
    assert account in "".join(told.split())
    await window.page.locator("[data-copy]").wait_for(state="visible")
    await window.check()
    await press(window, "main form button[type=submit]")  # the demo's transfer
    assert PAID[language] in await window.text()
    assert not window.complaints


@pytest.mark.usefixtures("due", "base")
@pytest.mark.parametrize(("language", "width"), [("zh", COMPUTER), ("en", PHONE)])
async def test_a_family_is_paid_for_with_one_card(
    browser: Browser, api: ApiCaller, language: str, width: int
) -> None:
    payer = Payer(browser, api, language, width)
    owner = await payer.window("tong")
    await owner.go("/orders/2020-1/allow")
    await press(owner, "main form button[type=submit]")
    await owner.check()
    code = await owner.page.inner_text(".big-number")

    window = await payer.window("ming")
    await window.go("/orders/2020-1/family")
    await window.fill(id_number=ID_NUMBERS["tong"], code="1234")
    await press(window, "main form button[type=submit]")
    await window.check()  # in its error state
    await window.fill(code=code)
    await press(window, "main form button[type=submit]")
    await window.check()
    await window.send()
    assert "44" in await window.text()
    await window.check()
    await leave(window)
    await decide(window, "pay")
    assert PAID[language] in await window.text()
    await owner.go("/progress")
    assert PAID[language] in await owner.text()
    assert not owner.complaints
    assert not window.complaints


@pytest.mark.usefixtures("due", "base")
async def test_an_account_shows_by_itself_once_it_is_told(
    browser: Browser, api: ApiCaller, system: System, sandbox: Sandbox
) -> None:
    await sandbox.mischief.begin("ecpay", "reorder")  # holds the account back
    window = await Payer(browser, api, "zh", PHONE).window("mai")
    await choose(window, "atm")
    await leave(window)
    account = await window.page.locator("input[name=account]").input_value()
    await press(window, "main a")
    assert await window.heading() == FETCHING["zh"]
    await window.check()
    trade_no = await sandbox.payers.trade_to(account)
    async with window.page.expect_navigation():  # nobody presses anything
        await hear(system, sandbox, await sandbox.payers.issue(trade_no))
    assert account == "".join((await window.page.inner_text(".big-number")).split())
    assert not window.complaints
