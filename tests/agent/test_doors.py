"""Who is let in, and what is behind the doors: the agent's application without its process."""

import asyncio
import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx2
import pytest
from starlette.middleware import Middleware

from agent.page import ASKING, Page
from emask_card_agent.problems import Code, Problem
from emask_card_agent.server import CardAgent, create_app, guards
from emask_card_agent.signer import SigningCertificate
from emask_card_agent.tokens import Purpose

SITE = "https://mask.example"
OTHER = "https://mask.example.evil"
PORT = 8721
HERE = f"http://127.0.0.1:{PORT}"
RECORD = b"0" * 57
TOKEN = "token"


@dataclass
class AnyToken:
    """Accepts all tokens, and keeps them in mind."""

    accepted: list[tuple[str, Purpose, str]] = field(default_factory=list)

    async def accept(self, token: str, purpose: Purpose, *, origin: str) -> None:
        self.accepted.append((token, purpose, origin))


@dataclass
class AnyCard:
    """A certificate card that signs whatever it is given."""

    pin_pad: bool = False
    last_try: bool = False
    signed: list[tuple[str | None, bytes]] = field(default_factory=list)

    def find(self) -> SigningCertificate:
        return SigningCertificate(
            slot_id=0,
            key_id=b"1",
            certificate=b"",
            issuers=(),
            pin_pad=self.pin_pad,
            last_try=self.last_try,
        )

    def sign(self, found: SigningCertificate, pin: str | None, content: bytes) -> bytes:
        self.signed.append((pin, content))
        return b"signature"


@dataclass
class Typing:
    """A person who types the PIN once allowed to."""

    allowed: asyncio.Event = field(default_factory=asyncio.Event)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[tuple[str, bool]] = field(default_factory=list)

    async def ask(self, site: str, *, last_try: bool) -> str:
        self.asked.append((site, last_try))
        self.open.set()
        await self.allowed.wait()
        return "246810"


@dataclass
class Setting:
    """An agent's surroundings."""

    judge: AnyToken = field(default_factory=AnyToken)
    card: AnyCard = field(default_factory=AnyCard)
    window: Typing = field(default_factory=Typing)
    failure: Exception | None = None
    before: Sequence[Middleware] = tuple(guards(frozenset({SITE}), PORT))

    def read(self) -> bytes:
        if self.failure is not None:
            raise self.failure
        return RECORD

    def wait_for_card(self, known: bool) -> bool:  # noqa: FBT001 - a fact, no switch
        self.read()
        return not known

    def page(self, origin: str = SITE, *, base: str = HERE) -> Page:
        agent = CardAgent(
            judge=self.judge,
            read_record=self.read,
            wait_for_card=self.wait_for_card,
            signer=self.card,
            window=self.window,
        )
        transport = httpx2.ASGITransport(create_app(agent, self.before))
        return Page(httpx2.AsyncClient(transport=transport, base_url=base), origin)


@pytest.fixture
def setting() -> Setting:
    return Setting()


async def test_reading(setting: Setting) -> None:
    evidence = await setting.page().evidence("/card", TOKEN)
    assert json.loads(evidence) == {"token": TOKEN, "record": b64encode(RECORD).decode()}
    assert setting.judge.accepted == [(TOKEN, Purpose.READ, SITE)]


async def test_signing_signs_the_token_and_nothing_else(setting: Setting) -> None:
    setting.window.allowed.set()
    evidence = await setting.page().evidence("/signature", TOKEN)
    assert evidence == b64encode(b"signature").decode()
    assert setting.judge.accepted == [(TOKEN, Purpose.SIGN, SITE)]
    assert setting.card.signed == [("246810", TOKEN.encode())]
    assert setting.window.asked == [(SITE, False)]


async def test_watching_tells_of_a_change_and_needs_no_turn(setting: Setting) -> None:
    page = setting.page()
    signing = asyncio.create_task(page.evidence("/signature", TOKEN))
    await setting.window.open.wait()
    assert (await page.ask("/watch", TOKEN)).json() == {"card": True}
    assert (await page.ask("/watch", TOKEN, card=True)).json() == {"card": False}
    assert setting.judge.accepted[-1] == (TOKEN, Purpose.WATCH, SITE)
    setting.window.allowed.set()
    await signing
    setting.failure = Problem(Code.NO_READER)
    assert await page.refusal("/watch", TOKEN) == (409, "no_reader")


async def test_the_window_warns_before_the_last_try(setting: Setting) -> None:
    setting.card.last_try = True
    setting.window.allowed.set()
    await setting.page().evidence("/signature", TOKEN)
    assert setting.window.asked == [(SITE, True)]


async def test_a_reader_with_keys_needs_no_window(setting: Setting) -> None:
    setting.card.pin_pad = True
    await setting.page().evidence("/signature", TOKEN)
    assert setting.window.asked == []
    assert setting.card.signed == [(None, TOKEN.encode())]


async def test_one_at_a_time(setting: Setting) -> None:
    page = setting.page()
    first = asyncio.create_task(page.evidence("/signature", TOKEN))
    await setting.window.open.wait()
    assert await page.refusal("/signature", TOKEN) == (423, "card_busy")
    assert await page.refusal("/card", TOKEN) == (423, "card_busy")
    setting.window.allowed.set()
    await first
    await page.evidence("/card", TOKEN)


@pytest.mark.parametrize("code", [Code.NO_READER, Code.CARD_REMOVED, Code.CARD_MALFORMED])
async def test_a_failure_tells_its_code_and_frees_the_card(setting: Setting, code: Code) -> None:
    setting.failure = Problem(code)
    page = setting.page()
    assert (await page.refusal("/card", TOKEN))[1] == code
    setting.failure = None
    await page.evidence("/card", TOKEN)


async def test_a_fault_of_the_agent_s_own_tells_nothing_of_what_it_held(
    setting: Setting, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    setting.failure = ValueError("A123456789")
    answer = await setting.page().ask("/card", TOKEN)
    assert (answer.status_code, answer.json()) == (500, {"code": "unreadable"})
    assert answer.headers["access-control-allow-origin"] == SITE
    assert "ValueError" in caplog.text
    assert "A123456789" not in caplog.text


# Who may ask


@pytest.mark.parametrize(
    "origin",
    [
        OTHER,
        "null",
        "",
        "*",
        "http://mask.example",
        "https://mask.example:443",
        "https://MASK.example",
        "https://mask.example/",
    ],
)
async def test_another_origin_is_refused(setting: Setting, origin: str) -> None:
    assert await setting.page(origin).refusal("/card", TOKEN) == (403, "origin_refused")
    assert setting.judge.accepted == []


async def test_no_origin_is_refused(setting: Setting) -> None:
    answer = await setting.page().client.post("/card", json={"token": TOKEN}, headers=ASKING)
    assert (answer.status_code, answer.json()) == (403, {"code": "origin_refused"})


async def test_two_origins_are_refused(setting: Setting) -> None:
    answer = await setting.page().client.post(
        "/card",
        json={"token": TOKEN},
        headers=[*ASKING.items(), ("Origin", SITE), ("Origin", SITE)],
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("mark", [None, "", "0", "true"])
async def test_a_request_that_no_browser_asks_about_first_is_refused(
    setting: Setting, mark: str | None
) -> None:
    headers = {"Origin": SITE, "Content-Type": "application/json"}
    if mark is not None:
        headers["x-emask-agent"] = mark
    answer = await setting.page().client.post("/card", json={"token": TOKEN}, headers=headers)
    assert (answer.status_code, answer.json()) == (403, {"code": "origin_refused"})


@pytest.mark.parametrize(
    "base",
    [
        "http://evil.example:8721",
        "http://mask.example",
        "http://127.0.0.1",
        "http://127.0.0.1:8722",
        "http://localhost.evil.example:8721",
        "http://[::1]:8721",
    ],
)
async def test_a_name_that_was_pointed_here_is_refused(setting: Setting, base: str) -> None:
    page = setting.page(base=base)
    assert await page.refusal("/card", TOKEN) == (421, "host_refused")
    assert setting.judge.accepted == []


async def test_localhost_is_its_name_too(setting: Setting) -> None:
    await setting.page(base=f"http://localhost:{PORT}").evidence("/card", TOKEN)


@pytest.mark.parametrize(
    ("guard", "origin", "base"),
    [("OriginGuard", OTHER, HERE), ("HostGuard", SITE, "http://evil.example:8721")],
)
async def test_it_is_the_guard_that_refuses(guard: str, origin: str, base: str) -> None:
    """Without that guard the very same request passes, so it is not refused by chance."""
    before = guards(frozenset({SITE}), PORT)
    without = Setting(before=[one for one in before if getattr(one.cls, "__name__", "") != guard])
    assert len(without.before) == len(before) - 1
    await without.page(origin, base=base).evidence("/card", TOKEN)
    assert (await Setting().page(origin, base=base).ask("/card", TOKEN)).status_code in (403, 421)


# What browsers ask first


async def preflight(page: Page, **asked: str) -> httpx2.Response:
    headers = {
        "Origin": page.origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-emask-agent",
        **{name.replace("_", "-"): value for name, value in asked.items()},
    }
    return await page.client.options("/card", headers=headers)


async def test_the_preflight_of_the_site_is_granted_to_it_alone(setting: Setting) -> None:
    answer = await preflight(setting.page())
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == SITE
    assert answer.headers["access-control-allow-methods"] == "POST"
    assert "x-emask-agent" in answer.headers["access-control-allow-headers"].split(", ")
    assert "access-control-allow-credentials" not in answer.headers
    assert "Origin" in answer.headers["vary"]


async def test_older_browsers_ask_about_the_private_network(setting: Setting) -> None:
    answer = await preflight(setting.page(), Access_Control_Request_Private_Network="true")
    assert answer.headers["access-control-allow-private-network"] == "true"


async def test_the_preflight_of_another_page_is_refused(setting: Setting) -> None:
    answer = await preflight(setting.page(OTHER), Access_Control_Request_Private_Network="true")
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "asked",
    [
        {"Access_Control_Request_Headers": "x-emask-agent,x-anything"},
        {"Access_Control_Request_Method": "PUT"},
    ],
)
async def test_nothing_else_is_granted(setting: Setting, asked: dict[str, str]) -> None:
    answer = await preflight(setting.page(), **asked)
    assert answer.status_code == 400
    assert "anything" not in str(answer.headers)


# What is not there


@pytest.fixture
async def answers(setting: Setting) -> list[httpx2.Response]:
    """To everything that somebody might try."""
    page = setting.page()
    paths = ["/", "/card/", "/cards", "/signature/x", "/apdu", "/readers", "/docs", "/openapi.json"]
    tried = [(path, method) for path in paths for method in ("GET", "POST", "OPTIONS", "HEAD")]
    tried += [(path, method) for path in ("/card", "/signature") for method in ("GET", "PUT")]
    headers = {"Origin": SITE, **ASKING}
    return [
        await page.client.request(method, path, json={"token": TOKEN}, headers=headers)
        for path, method in tried
    ]


async def test_no_other_path_or_method_says_anything(
    setting: Setting, answers: list[httpx2.Response]
) -> None:
    assert {answer.status_code for answer in answers} <= {404, 405}
    assert not [answer.text for answer in answers if "{" in answer.text]
    assert setting.judge.accepted == []


async def test_no_answer_is_open_to_all(setting: Setting, answers: list[httpx2.Response]) -> None:
    page = setting.page()
    more = [
        await page.ask("/card", TOKEN),
        await preflight(page),
        await setting.page(OTHER).ask("/card", TOKEN),
        await setting.page(base="http://evil.example").ask("/card", TOKEN),
    ]
    for answer in [*answers, *more]:
        assert "*" not in [
            value for name, value in answer.headers.items() if name.startswith("access-control")
        ]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"{}", "application/json"),
        (b'{"token": 1}', "application/json"),
        ('{"token": "權"}'.encode(), "application/json"),
        (b"\xff", "application/json"),
        (b"[" * 8000, "application/json"),
        (b'{"token": "' + b"a" * 9000 + b'"}', "application/json"),
        (b'{"token": "token"}', "text/plain"),
        (b"token=token", "application/x-www-form-urlencoded"),
    ],
)
async def test_a_request_without_a_token(setting: Setting, body: bytes, kind: str) -> None:
    page = setting.page()
    headers = {"Origin": SITE, **ASKING, "Content-Type": kind}
    answer = await page.client.post("/card", content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"code": "token_refused"})
    assert setting.judge.accepted == []


async def test_refusals_can_be_read_by_the_page_and_are_not_kept(setting: Setting) -> None:
    setting.failure = Problem(Code.WRONG_PIN, tries_left=1)
    answer = await setting.page().ask("/card", TOKEN)
    assert answer.json() == {"code": "wrong_pin", "tries_left": 1}
    assert answer.headers["access-control-allow-origin"] == SITE
    assert answer.headers["cache-control"] == "no-store"
