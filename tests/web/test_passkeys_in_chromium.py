"""A phone is bound and unlocked in Chromium, whose virtual authenticator plays its hardware.

The pages are those of the real service: no made-up card or phone is offered, the clock cannot be
set from them. Lines are asked about over HTTP, from the operator's own port.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import pytest
from playwright.async_api import Browser, BrowserContext, Route

from emask.database.clock import Clock
from emask.identity.device import new_device_code
from emask.identity.model import NewPerson, Session
from emask.programme.system import System
from emask.rules.calendar import Channel
from emask.sandbox.operator import Line, Network, Plan
from emask.sandbox.system import Sandbox
from emask.web.sandbox_pages.cast import PASSWORD, member
from emask.web.shell.cookies import HANDSET, SESSION
from web.authenticator import Authenticator
from web.browser import Window, serving
from web.camera import scan

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ADDRESS = "127.0.0.1"


class WallClock:
    """The time of the demo, which nobody can set: the system then takes everybody for real."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def now(self) -> datetime:
        return await self._clock.now()


@pytest.fixture
def real(system: System) -> System:
    return replace(system, clock=WallClock(system.clock))


@pytest.fixture
async def base(real: System) -> AsyncIterator[str]:
    async with serving(real) as address:
        yield address


@pytest.fixture
async def demo_base(system: System) -> AsyncIterator[str]:
    async with serving(system) as address:
        yield address


@pytest.fixture
async def phone(browser: Browser) -> BrowserContext:
    return await browser.new_context(
        viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
    )


def person_of(who: str) -> NewPerson:
    found = member(who)
    assert found
    return found.person


def id_of(system: System, who: str) -> UUID:
    return system.vault.person_id(person_of(who).id_number)


async def code_for(system: System, who: str) -> str:
    """The digits on the person's computer."""
    now = await system.clock.now()
    async with system.db.transaction() as tx:
        code = await new_device_code(tx, system.vault, id_of(system, who), at=now)
    return code.digits


async def hold_line(sandbox: Sandbox, who: str) -> tuple[str, str]:
    """Put the person's SIM into the phone: whoever calls from its address has that line."""
    person = person_of(who)
    assert person.mobile
    line = Line(
        mobile=person.mobile,
        owner_id_number=person.id_number,
        owner_birth_date=person.birth_date,
        plan=Plan.MONTHLY,
        in_service=True,
    )
    await sandbox.lines.put(line)
    await sandbox.lines.attach(ADDRESS, mobile=person.mobile, network=Network.MOBILE)
    return person.id_number, person.mobile


async def enter_code(window: Window, digits: str) -> None:
    await window.go("/identify/device-code")
    await window.fill(digits=digits)
    await window.press("繼續")


async def confirm_line(window: Window, id_number: str, mobile: str) -> None:
    await window.go("/identify/mobile")
    await window.fill(id_number=id_number, mobile=mobile)
    await window.press("由電信業者確認")


async def bind(window: Window) -> None:
    assert "綁定這支手機" in await window.heading()
    await window.press("解鎖並綁定")


async def sign_out(window: Window) -> None:
    async with window.page.expect_navigation():
        await window.page.get_by_role("button", name="登出").click()


async def session(window: Window, system: System) -> Session:
    """Who is signed in."""
    kept = {each["name"]: each["value"] for each in await window.page.context.cookies()}
    return system.sessions.read(kept[SESSION], now=await system.clock.now())


async def test_bound_by_code_then_signed_in_by_its_unlock(
    phone: BrowserContext, base: str, real: System
) -> None:
    window = await Window.open(phone, base, "zh")
    await Authenticator.of(window.page)
    await enter_code(window, await code_for(real, "mai"))
    await bind(window)
    arrived = await session(window, real)
    assert (arrived.person_id, arrived.channel) == (id_of(real, "mai"), Channel.MOBILE)
    await sign_out(window)
    assert SESSION not in {each["name"] for each in await phone.cookies()}

    await window.go("/identify/device")
    await window.press("解鎖並登入")
    again = await session(window, real)
    assert (again.person_id, again.channel) == (id_of(real, "mai"), Channel.MOBILE)
    assert again.session_id != arrived.session_id
    assert not window.complaints


async def test_a_phone_that_is_not_unlocked(phone: BrowserContext, base: str, real: System) -> None:
    """Nothing is sent; the page says why, with the focus on it, and what to do next."""
    window = await Window.open(phone, base, "zh")
    hardware = await Authenticator.of(window.page)
    await hardware.never_unlocks()
    await enter_code(window, await code_for(real, "mai"))
    await window.page.get_by_role("button", name="解鎖並綁定").click()
    message = window.page.locator("[data-passkey-message=cancelled]")
    await message.wait_for()
    assert "解鎖" in await message.inner_text()
    assert "0800-030-598" in await message.inner_text()
    assert await message.evaluate("message => document.activeElement === message")
    assert SESSION not in {each["name"] for each in await phone.cookies()}

    await window.check()

    await hardware.unlocks()
    await window.page.wait_for_timeout(1000)  # before that a second press counts as a slip
    await bind(window)
    assert (await session(window, real)).person_id == id_of(real, "mai")


async def test_a_page_that_asks_for_no_unlock_gets_nobody_in(
    phone: BrowserContext, base: str, real: System
) -> None:
    """Whoever changes what the phone is asked for meets the same rule at the service."""

    async def ask_less(route: Route) -> None:
        page = await route.fetch()
        less = (await page.text()).replace(
            '"userVerification": "required"', '"userVerification": "discouraged"'
        )
        assert "discouraged" in less
        await route.fulfill(response=page, body=less)

    window = await Window.open(phone, base, "zh")
    hardware = await Authenticator.of(window.page)
    await enter_code(window, await code_for(real, "mai"))
    await bind(window)
    await sign_out(window)
    await hardware.never_unlocks()
    await window.page.route("**/identify/device", ask_less, times=1)
    await window.go("/identify/device")
    await window.press("解鎖並登入")
    assert "unlock_failed" in await window.text()
    assert SESSION not in {each["name"] for each in await phone.cookies()}


async def test_a_passkey_that_would_be_synced(
    phone: BrowserContext, base: str, real: System
) -> None:
    window = await Window.open(phone, base, "zh")
    await Authenticator.of(window.page, defaultBackupEligibility=True, defaultBackupState=True)
    await enter_code(window, await code_for(real, "mai"))
    await bind(window)
    assert "passkey_synced" in await window.text()
    assert SESSION not in {each["name"] for each in await phone.cookies()}
    await window.check()


async def test_a_passkey_that_was_taken_back(
    phone: BrowserContext, base: str, real: System
) -> None:
    window = await Window.open(phone, base, "zh")
    await Authenticator.of(window.page)
    await enter_code(window, await code_for(real, "mai"))
    await bind(window)
    await sign_out(window)
    async with real.db.transaction() as tx:
        await tx.execute("UPDATE device SET revoked_at = bound_at")
    await window.go("/identify/device")
    await window.press("解鎖並登入")
    assert "device_not_bound" in await window.text()


async def test_a_family_shares_a_phone_by_code(
    phone: BrowserContext, base: str, real: System
) -> None:
    """A14: a code binds any phone, and the one before stays bound as well."""
    window = await Window.open(phone, base, "zh")
    await Authenticator.of(window.page)
    for who in ("ming", "tong"):
        await enter_code(window, await code_for(real, who))
        await bind(window)
        assert (await session(window, real)).person_id == id_of(real, who)
        await sign_out(window)
    async with real.db.transaction() as tx:
        cursor = await tx.execute(
            "SELECT count(*), count(DISTINCT handset) FROM device WHERE revoked_at IS NULL"
        )
        assert await cursor.fetchone() == (2, 1)


async def test_ones_own_phone_is_nobody_elses(
    phone: BrowserContext, base: str, real: System, sandbox: Sandbox
) -> None:
    """A13: with a number of one's own, but in a handset that is somebody else's own."""
    window = await Window.open(phone, base, "zh")
    await Authenticator.of(window.page)
    await confirm_line(window, *await hold_line(sandbox, "ming"))
    await bind(window)
    assert (await session(window, real)).person_id == id_of(real, "ming")
    await sign_out(window)

    theirs = await hold_line(sandbox, "tong")
    await confirm_line(window, *theirs)
    assert "not_own_number" in await window.text()
    assert SESSION not in {each["name"] for each in await phone.cookies()}

    await phone.clear_cookies(name=HANDSET)  # another handset
    await confirm_line(window, *theirs)
    await bind(window)
    assert (await session(window, real)).person_id == id_of(real, "tong")


async def test_the_code_is_scanned_from_the_computers_screen(
    browser: Browser, phone: BrowserContext, demo_base: str, system: System
) -> None:
    computer = await Window.open(await browser.new_context(), demo_base, "zh")
    await computer.go("/identify/card")
    await computer.choose(demo_card="mai")
    await computer.fill(password=PASSWORD)
    await computer.page.get_by_role("button", name="認證", exact=True).click()
    await computer.page.wait_for_url("**/store*")
    await computer.go("/device-codes")
    await computer.press("產生裝置碼")
    shown = (await computer.page.inner_text(".big-number")).replace(" ", "")
    address = await scan(computer.page, ".qr")
    assert address == f"{demo_base}/zh/identify/device-code#{shown}"

    window = await Window.open(phone, demo_base, "zh")
    await Authenticator.of(window.page)
    await window.page.goto(address)
    assert await window.page.input_value("[name=digits]") == shown
    assert "#" not in window.page.url
    await window.choose(demo_phone="mai")
    await window.press("繼續")
    await bind(window)
    arrived = await session(window, system)
    assert (arrived.person_id, arrived.channel) == (id_of(system, "mai"), Channel.MOBILE)
    assert not computer.complaints + window.complaints
