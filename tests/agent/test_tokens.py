"""Which tokens the agent accepts: its site's own, for this, now and once."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from joserfc import jwt

from agent.site import SmallSite
from emask.database.vault import Keys
from emask.identity.site_keys import AGENT_KEY
from emask.identity.site_tokens import LIFETIME
from emask.identity.site_tokens import Purpose as Asked
from emask_card_agent.problems import Code, Problem
from emask_card_agent.tokens import DOCUMENT, Purpose, TokenJudge, client_for

HERE = "https://mask.example"


@dataclass
class Ticks:
    """Seconds since the agent's computer was started."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Stage:
    """A site, the network to it, and an agent's judgement."""

    site: SmallSite
    ticks: Ticks = field(default_factory=Ticks)
    answer: Callable[[], httpx2.Response] | None = None
    asked: int = 0
    judge: TokenJudge = field(init=False)

    def __post_init__(self) -> None:
        client = httpx2.AsyncClient(transport=httpx2.MockTransport(self._document))
        self.judge = TokenJudge(client, self.ticks)

    def _document(self, request: httpx2.Request) -> httpx2.Response:
        assert str(request.url) == f"{HERE}/.well-known/emask-card-agent"
        self.asked += 1
        if self.answer is not None:
            return self.answer()
        return httpx2.Response(200, text=self.site.document())

    def pass_time(self, time: timedelta) -> None:
        """For the site as for the agent."""
        self.site.now += time
        self.ticks.now += time.total_seconds()

    async def accepts(
        self, token: str, purpose: Purpose = Purpose.READ, *, origin: str = HERE
    ) -> bool:
        try:
            await self.judge.accept(token, purpose, origin=origin)
        except Problem as problem:
            return problem.code is not Code.TOKEN_REFUSED
        return True


@pytest.fixture
def stage(keys: Keys, opening: datetime) -> Stage:
    return Stage(SmallSite(keys, HERE, opening))


def made_by_hand(stage: Stage, **claims: Any) -> str:
    """A token with the site's signature that says what a test wants."""
    now = int(stage.site.now.timestamp())
    usual = {
        "iss": HERE,
        "aud": "emask-card-agent",
        "purpose": "read",
        "jti": "made by hand",
        "iat": now,
        "exp": now + 300,
    }
    said = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    header = {"alg": "Ed25519", "kid": AGENT_KEY}
    return jwt.encode(header, said, stage.site.site_keys.agent, algorithms=["Ed25519"])


async def test_the_site_s_tokens_are_accepted_in_the_year_of_the_site(stage: Stage) -> None:
    assert await stage.accepts(stage.site.token(Asked.READ))
    assert await stage.accepts(stage.site.token(Asked.SIGN), Purpose.SIGN)
    assert stage.asked == 1  # what the site said is remembered


async def test_a_token_is_good_once(stage: Stage) -> None:
    token = stage.site.token(Asked.READ)
    assert await stage.accepts(token)
    assert not await stage.accepts(token)


async def test_a_page_watches_with_one_token_until_it_is_too_old(stage: Stage) -> None:
    token = stage.site.token(Asked.WATCH)
    assert await stage.accepts(token, Purpose.WATCH)
    assert await stage.accepts(token, Purpose.WATCH)
    assert not await stage.accepts(token)  # it does not read
    stage.pass_time(LIFETIME)
    assert not await stage.accepts(token, Purpose.WATCH)


async def test_a_token_is_good_for_one_purpose(stage: Stage) -> None:
    assert not await stage.accepts(stage.site.token(Asked.SIGN))
    assert not await stage.accepts(stage.site.token(Asked.READ), Purpose.SIGN)


async def test_a_token_is_good_for_minutes(stage: Stage) -> None:
    token = stage.site.token(Asked.READ)
    stage.pass_time(LIFETIME - timedelta(seconds=1))
    assert await stage.accepts(token)
    late = stage.site.token(Asked.READ)
    stage.pass_time(LIFETIME)
    assert not await stage.accepts(late)


async def test_the_site_s_clock_may_be_set(stage: Stage) -> None:
    """A demo's clock jumps for and back; the agent's computer knows nothing of it."""
    assert await stage.accepts(stage.site.token(Asked.READ))
    for jump in (timedelta(days=9), timedelta(days=-5)):
        stage.site.now += jump
        assert await stage.accepts(stage.site.token(Asked.READ))
    assert stage.asked == 3


async def test_the_site_s_clock_may_stand_still(stage: Stage) -> None:
    assert await stage.accepts(stage.site.token(Asked.READ))
    stage.ticks.now += 3600
    assert await stage.accepts(stage.site.token(Asked.READ))


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example"},
        {"iss": None},
        {"aud": "another-agent"},
        {"aud": ["emask-card-agent"]},
        {"aud": None},
        {"purpose": "write"},
        {"purpose": None},
        {"jti": None},
        {"jti": 7},
        {"exp": None},
        {"exp": "tomorrow"},
        {"iat": None},
    ],
)
async def test_a_token_that_does_not_say_everything(stage: Stage, claims: dict[str, Any]) -> None:
    assert await stage.accepts(made_by_hand(stage, jti="complete"))
    assert not await stage.accepts(made_by_hand(stage, **claims))


async def test_a_token_from_the_future(stage: Stage) -> None:
    ahead = int(stage.site.now.timestamp()) + 3600
    assert not await stage.accepts(made_by_hand(stage, iat=ahead, exp=ahead + 300))


async def test_a_token_of_another_site(stage: Stage, opening: datetime) -> None:
    stranger = SmallSite(Keys.generate(), HERE, opening)
    assert not await stage.accepts(stranger.token(Asked.READ))


async def test_a_token_with_the_site_s_other_key(stage: Stage) -> None:
    """The one that it shows to mobile operators."""
    header = {"alg": "ES256", "kid": "client-1"}
    key = stage.site.site_keys.client
    token = jwt.encode(header, {"iss": HERE}, key, algorithms=["ES256"])
    assert not await stage.accepts(token)


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS256"}, {"kid": None}, {"kid": "x"}])
async def test_a_token_with_another_header(stage: Stage, header: dict[str, Any]) -> None:
    """Not even with the site's signature on it."""
    _, payload, signature = stage.site.token(Asked.READ).split(".")
    usual = {"alg": "Ed25519", "kid": AGENT_KEY}
    said = {name: value for name, value in {**usual, **header}.items() if value is not None}
    head = urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    assert not await stage.accepts(f"{head}.{payload}.{signature}")


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "x" * 5000])
async def test_what_is_no_token(stage: Stage, token: str) -> None:
    assert not await stage.accepts(token)


async def test_an_altered_token(stage: Stage) -> None:
    head, payload, signature = stage.site.token(Asked.READ).split(".")
    changed = ("B" if signature[0] == "A" else "A") + signature[1:]
    assert not await stage.accepts(f"{head}.{payload}.{changed}")


async def test_a_new_key_is_asked_for_once(stage: Stage, opening: datetime) -> None:
    assert await stage.accepts(stage.site.token(Asked.READ))
    stage.site = SmallSite(Keys.generate(), HERE, opening)
    assert await stage.accepts(stage.site.token(Asked.READ))
    assert await stage.accepts(stage.site.token(Asked.READ))
    assert stage.asked == 2


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(200, text="[" * 5000),
        httpx2.Response(404),
        httpx2.Response(302, headers={"Location": "https://other.example/"}),
        httpx2.Response(200, text="{"),
        httpx2.Response(200, text="[]"),
        httpx2.Response(200, text='{"keys": []}'),
        httpx2.Response(200, text='{"keys": [{"kty": "OKP"}], "now": 1}'),
        httpx2.Response(200, text=json.dumps({"keys": "x" * 70000, "now": 1})),
    ],
    ids=[
        "nested",
        "none",
        "elsewhere",
        "no JSON",
        "no object",
        "no keys",
        "half a key",
        "too long",
    ],
)
async def test_a_site_without_a_sound_document(stage: Stage, answer: httpx2.Response) -> None:
    stage.answer = lambda: answer
    assert not await stage.accepts(stage.site.token(Asked.READ))


async def test_a_site_that_is_down(stage: Stage) -> None:
    def down() -> httpx2.Response:
        raise httpx2.ConnectError("down")

    stage.answer = down
    assert not await stage.accepts(stage.site.token(Asked.READ))


async def test_memory_is_bounded(stage: Stage) -> None:
    for number in range(5000):
        stage.judge._use(HERE, f"{number}")
    assert len(stage.judge._used) == 4096


async def test_a_site_on_this_computer_is_asked_without_a_proxy(
    site: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    async with client_for(frozenset({site.origin})) as client:
        assert (await client.get(site.origin + DOCUMENT)).status_code == 200
    async with httpx2.AsyncClient() as usual:
        with pytest.raises(httpx2.ConnectError):
            await usual.get(site.origin + DOCUMENT)
