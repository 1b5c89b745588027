"""The pages' script before a phone's unlock: what it asks, sends and tells, in Chromium."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Route
from webauthn import base64url_to_bytes, verify_authentication_response

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys, Vault
from emask.identity.passkeys import (
    NewPasskey,
    creation_options,
    request_options,
    verified_creation,
)
from emask.identity.ports import IdentityPartners
from emask.identity.service import Identity
from emask.identity.site import Site
from emask.identity.site_keys import SiteKeys
from emask.identity.site_tokens import SiteTokens
from emask.web.shell.assets import BUILT
from emask.web.shell.security import HEADERS, content_security_policy
from identity.phones import Nobody
from web.authenticator import Authenticator

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SITE = Site(origin="https://mask.example")
NOW = datetime(2020, 3, 12, 1, tzinfo=UTC)
PERSON = uuid4()
POLICY = content_security_policy(
    agent=SITE.agent, operator="https://operator.example", cashiers=["https://pay.example"]
)
PAGE = """<!doctype html><title>A phone</title><body>
<form method="post" data-passkey="{kind}">
<script type="application/json" data-passkey-options>{options}</script>
<input type="hidden" name="answer" value=""><button>Unlock</button>
</form>
<div hidden role="alert" data-passkey-message="cancelled">Not unlocked</div>
<div hidden role="alert" data-passkey-message="exists">Bound already</div>
<div hidden role="alert" data-passkey-message="unsupported">Not with this browser</div>
<div hidden role="alert" data-passkey-message="insecure">Not on this page</div>
<script type="module" src="/static/app.js"></script>
"""
OF_YEARS_AGO = """
delete PublicKeyCredential.parseCreationOptionsFromJSON;
delete PublicKeyCredential.parseRequestOptionsFromJSON;
delete PublicKeyCredential.prototype.toJSON;
"""


@dataclass
class Phone:
    """One page, served to one browser under the site's own headers; no server stands behind it."""

    page: Page
    identity: Identity
    html: str = ""
    asked: list[str] = field(default_factory=list)
    sent: dict[str, list[str]] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    async def serve(self, route: Route) -> None:
        request = route.request
        self.asked.append(f"{request.method} {request.url}")
        if request.url.endswith("/static/app.js"):
            script = (BUILT / "app.js").read_text()
            await route.fulfill(body=script, content_type="text/javascript")
            return
        if request.method == "POST":
            self.sent = parse_qs(request.post_data or "", keep_blank_values=True)
            await route.fulfill(status=204)  # the browser stays, so that nothing races what is next
            return
        await route.fulfill(
            body=self.html,
            content_type="text/html; charset=utf-8",
            headers={**HEADERS, "content-security-policy": POLICY},
        )

    async def create(self, *, origin: str = SITE.origin, **changes: Any) -> None:
        """Ask for a new passkey and press the button."""
        options = creation_options(self.identity, person_id=PERSON, name="林○美", at=NOW)
        await self.show("create", json.dumps(json.loads(options) | changes), origin)
        await self.page.click("button")

    async def get(self) -> None:
        """Ask for the unlock and press the button."""
        await self.show("get", request_options(self.identity, at=NOW), SITE.origin)
        await self.page.click("button")

    async def show(self, kind: str, options: str, origin: str) -> None:
        self.html = PAGE.format(kind=kind, options=options)
        self.sent = {}
        await self.page.goto(f"{origin}/identify/bind", wait_until="networkidle")

    async def answer(self) -> str:
        """What the form sent."""
        for _ in range(100):
            if self.sent:
                break
            await self.page.wait_for_timeout(50)
        return self.sent["answer"][0]

    async def bound(self) -> NewPasskey:
        return verified_creation(self.identity, await self.answer(), person_id=PERSON, at=NOW)

    async def told(self) -> str:
        """The one message that shows, and has the focus."""
        message = self.page.locator("[data-passkey-message]:visible")
        await message.wait_for()
        assert await message.count() == 1
        assert await message.evaluate("message => document.activeElement === message")
        assert not self.sent
        return await message.inner_text()


@pytest.fixture
async def identity(db: Database, keys: Keys, vault: Vault) -> Identity:
    return Identity(
        db=db,
        clock=SetClock(db),
        vault=vault,
        tokens=SiteTokens(SiteKeys(keys), SITE),
        partners=IdentityPartners(certificates=Nobody(), operator=Nobody()),
    )


@pytest.fixture
async def phone(browser: Browser, identity: Identity) -> Phone:
    page = await browser.new_page()
    page.set_default_timeout(10_000)
    phone = Phone(page, identity)
    page.on("console", phone.hear)
    page.on("pageerror", lambda error: phone.complaints.append(str(error)))
    await page.route("**/*", phone.serve)
    return phone


@pytest.mark.parametrize("years_ago", ["", OF_YEARS_AGO], ids=["a phone of today", "an old phone"])
async def test_a_passkey_is_made_and_unlocked(phone: Phone, years_ago: str) -> None:
    await phone.page.add_init_script(years_ago or "0")
    await Authenticator.of(phone.page)
    await phone.create()
    bound = await phone.bound()
    await phone.get()
    answer = await phone.answer()
    said = json.loads(answer)["response"]
    assert base64url_to_bytes(said["userHandle"]) == PERSON.bytes
    client_data = json.loads(base64url_to_bytes(said["clientDataJSON"]))
    assert verify_authentication_response(
        credential=answer,
        expected_challenge=base64url_to_bytes(client_data["challenge"]),
        expected_rp_id=SITE.host,
        expected_origin=SITE.origin,
        credential_public_key=bound.public_key,
        credential_current_sign_count=bound.sign_count,
        require_user_verification=True,
    )
    assert not phone.complaints


async def test_nothing_but_the_form_leaves_the_page(phone: Phone) -> None:
    await Authenticator.of(phone.page)
    await phone.create()
    await phone.answer()
    here = f"{SITE.origin}/identify/bind"
    assert [asked for asked in phone.asked if "favicon" not in asked][:3] == [
        f"GET {here}",
        f"GET {SITE.origin}/static/app.js",
        f"POST {here}",
    ]
    assert list(phone.sent) == ["answer"]


async def test_the_phone_keeps_the_passkey_itself(phone: Phone) -> None:
    hardware = await Authenticator.of(phone.page)
    await phone.create()
    await phone.bound()
    (kept,) = await hardware.credentials()
    assert kept["isResidentCredential"]
    assert kept["rpId"] == SITE.host


async def test_a_phone_that_nobody_unlocks(phone: Phone) -> None:
    hardware = await Authenticator.of(phone.page)
    await hardware.never_unlocks()
    await phone.create()
    assert await phone.told() == "Not unlocked"
    await phone.get()
    assert await phone.told() == "Not unlocked"


async def test_another_try_after_a_failure(phone: Phone) -> None:
    hardware = await Authenticator.of(phone.page)
    await hardware.never_unlocks()
    await phone.create()
    assert await phone.told() == "Not unlocked"
    await hardware.unlocks()
    await phone.page.click("button")
    assert await phone.bound()


async def test_a_passkey_that_is_there_already(phone: Phone) -> None:
    hardware = await Authenticator.of(phone.page)
    await phone.create()
    await phone.bound()
    (kept,) = await hardware.credentials()
    name = kept["credentialId"].replace("+", "-").replace("/", "_").rstrip("=")
    await phone.create(excludeCredentials=[{"type": "public-key", "id": name}])
    assert await phone.told() == "Bound already"


@pytest.mark.parametrize("lack", ["delete window.PublicKeyCredential", "0"])
async def test_a_browser_that_cannot(phone: Phone, lack: str) -> None:
    """Without WebAuthn at all, or without a screen lock behind it."""
    await phone.page.add_init_script(lack)
    await phone.create()
    assert await phone.told() == "Not with this browser"


async def test_a_page_that_is_not_secure(phone: Phone) -> None:
    await phone.create(origin="http://mask.example")
    assert await phone.told() == "Not on this page"


async def test_a_page_of_another_site(phone: Phone) -> None:
    await Authenticator.of(phone.page)
    await phone.create(origin="https://mask.example.org")
    assert await phone.told() == "Not on this page"


async def test_a_page_that_stayed_open_asks_for_a_new_challenge(phone: Phone) -> None:
    await Authenticator.of(phone.page)
    await phone.page.clock.install()
    options = creation_options(phone.identity, person_id=PERSON, name="林○美", at=NOW)
    await phone.show("create", options, SITE.origin)
    later = NOW + timedelta(minutes=30)
    renewed = creation_options(phone.identity, person_id=PERSON, name="林○美", at=later)
    phone.html = PAGE.format(kind="create", options=renewed)
    await phone.page.clock.fast_forward("30:00")
    await phone.page.click("button")
    answer = await phone.answer()
    assert verified_creation(phone.identity, answer, person_id=PERSON, at=later)
    assert not phone.complaints


async def test_two_presses_ask_once(phone: Phone) -> None:
    await Authenticator.of(phone.page)
    options = creation_options(phone.identity, person_id=PERSON, name="林○美", at=NOW)
    await phone.show("create", options, SITE.origin)
    await phone.page.evaluate("for (let press of [1, 2]) document.querySelector('button').click()")
    assert await phone.bound()
    assert [asked for asked in phone.asked if asked.startswith("POST")] == [
        f"POST {SITE.origin}/identify/bind"
    ]


async def test_without_scripts_the_form_says_that_nothing_was_unlocked(
    browser: Browser, identity: Identity
) -> None:
    context = await browser.new_context(java_script_enabled=False)
    phone = Phone(await context.new_page(), identity)
    await phone.page.route("**/*", phone.serve)
    await phone.create()
    assert await phone.answer() == ""
