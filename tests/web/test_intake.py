"""The endpoint of pre-orders, as an ASGI server calls it."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from emask.database.pool import Database
from emask.database.vault import Keys, Vault
from emask.identity.ended_sessions import EndedSessions
from emask.identity.sessions import LIFETIME, Sessions
from emask.preorder.intake import Intake, IntakeFull, IntakeInterrupted
from emask.preorder.model import Entry, Receipt
from emask.rules.calendar import Channel
from emask.web.intake import IntakeEndpoint
from preorder.world import CHILD, FIRST, SECOND, StillClock, World
from web.places import SITE

ORDER = {
    "round_id": FIRST.id,
    "chain": "SE",
    "store_code": "100001",
    "mobile": "0912-345-678",
}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass(slots=True)
class Caller:
    """Somebody who calls the endpoint."""

    endpoint: IntakeEndpoint
    sessions: Sessions
    clock: StillClock
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def sign_in(self, person_id: UUID, channel: Channel = Channel.COMPUTER) -> None:
        self.token = self.sessions.issue(
            person_id=person_id, channel=channel, now=self.clock.instant
        )
        self.headers = {"authorization": f"Bearer {self.token}"}

    async def post(self, order: object = None, **headers: str) -> Answer:
        """Send an order, or the words that are given, with headers named by their words."""
        body = order if isinstance(order, bytes) else json.dumps(order or ORDER).encode()
        lines = {**self.headers, **{name.replace("_", "-"): it for name, it in headers.items()}}
        return await self.call("POST", [*lines.items()], [body])

    async def call(
        self, method: str, lines: Sequence[tuple[str, str]], parts: Sequence[bytes]
    ) -> Answer:
        waiting, sent = list(parts), []

        async def receive() -> dict[str, Any]:
            body = waiting.pop(0)
            return {"type": "http.request", "body": body, "more_body": bool(waiting)}

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(name.encode(), value.encode()) for name, value in lines]
        await self.endpoint({"type": "http", "method": method, "headers": headers}, receive, send)
        start, body = sent
        told = {name.decode(): value.decode() for name, value in start["headers"]}
        assert int(told["content-length"]) == len(body["body"])
        assert told["cache-control"] == "no-store"
        return Answer(start["status"], told, json.loads(body["body"]))


@pytest.fixture
async def world(db: Database) -> World:
    world = World(db)
    await world.build()
    return world


@pytest.fixture
async def caller(world: World, vault: Vault, keys: Keys) -> AsyncIterator[Caller]:
    clock = StillClock(FIRST.opens_at)
    sessions = Sessions(keys, EndedSessions())
    async with Intake(world.db, clock, vault) as intake:
        caller = Caller(IntakeEndpoint(intake, sessions, clock, SITE), sessions, clock)
        caller.sign_in(await world.person())
        yield caller


async def test_placed_amended_and_sent_again(caller: Caller) -> None:
    placed = await caller.post(idempotency_key='"one"')
    assert placed.status == 201
    assert placed.headers["content-type"] == "application/json"
    assert placed.body["placement"] == "placed"
    assert placed.body["round_id"] == FIRST.id
    again = await caller.post(idempotency_key='"one"')
    assert (again.status, again.body["placement"]) == (200, "replayed")
    amended = await caller.post({**ORDER, "chain": "FM", "store_code": "200001"})
    assert (amended.status, amended.body["placement"], amended.body["revision"]) == (
        *(200, "amended", 2),
    )
    assert placed.body["ticket"] == again.body["ticket"] == amended.body["ticket"]


async def test_a_key_may_stand_bare_or_in_quotes(caller: Caller) -> None:
    await caller.post(idempotency_key="one")
    assert (await caller.post(idempotency_key=' "one" ')).body["placement"] == "replayed"
    assert (await caller.post(idempotency_key="other")).body["placement"] == "amended"


async def test_a_key_is_a_persons_own(caller: Caller, world: World) -> None:
    await caller.post(idempotency_key="one")
    caller.sign_in(await world.person())
    assert (await caller.post(idempotency_key="one")).status == 201


async def test_a_key_stands_for_one_order(caller: Caller) -> None:
    await caller.post(idempotency_key="one")
    answer = await caller.post({**ORDER, "mobile": "0987654321"}, idempotency_key="one")
    assert (answer.status, answer.body["code"]) == (422, "idempotency_key_reused")


async def test_without_a_key_an_order_goes_by_its_contents(caller: Caller) -> None:
    assert (await caller.post()).status == 201
    assert (await caller.post()).body["placement"] == "replayed"
    assert (await caller.post({**ORDER, "language": "en"})).body["placement"] == "amended"


@pytest.mark.parametrize(
    ("body", "wish", "kept"),
    [
        ({}, "", "zh"),
        ({}, "zh-TW,zh;q=0.9,en;q=0.8", "zh"),
        ({}, "en-GB, en;q=0.9, zh;q=0.1", "en"),
        ({}, "fr, en;q=0.2", "en"),
        ({}, "*;q=nonsense, ;q=", "zh"),
        ({"language": "en"}, "zh-TW", "en"),
    ],
)
async def test_notices_come_in_the_language_asked_for(
    caller: Caller, world: World, body: dict[str, str], wish: str, kept: str
) -> None:
    assert (await caller.post({**ORDER, **body}, accept_language=wish)).status == 201
    assert await world.count(f"language = '{kept}'") == 1


# ------------------------------------------------------------------ who calls


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer x.y"}, {"authorization": "Basic eHg6eXk="}]
)
async def test_nobody_orders_without_a_session(caller: Caller, headers: dict[str, str]) -> None:
    caller.headers = headers
    answer = await caller.post()
    assert (answer.status, answer.body["code"]) == (401, "session_ended")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_session_ends(caller: Caller) -> None:
    caller.clock.instant += LIFETIME
    assert (await caller.post()).status == 401


async def test_a_token_that_is_no_text(caller: Caller) -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", b"Bearer \xff\xfe")]
    await caller.endpoint({"type": "http", "method": "POST", "headers": headers}, receive, send)
    assert sent[0]["status"] == 401


async def test_the_sessions_channel_is_the_orders(caller: Caller, world: World) -> None:
    caller.sign_in(await world.person(), Channel.MOBILE)
    await caller.post()
    assert await world.count("channel = 'mobile'") == 1


async def test_a_cookie_needs_what_no_other_site_can_send(caller: Caller) -> None:
    caller.headers = {"cookie": f"theme=dark; emask_session={caller.token}"}
    json_sent = {"content_type": "application/json; charset=utf-8"}
    for headers in ({}, json_sent, {"x_emask_request": "1", "content_type": "text/plain"}):
        answer = await caller.post(**headers)
        assert (answer.status, answer.body["code"]) == (403, "request_not_trusted")
    assert (await caller.post(**json_sent, x_emask_request="1")).status == 201


async def test_cookies_may_come_in_several_lines(caller: Caller) -> None:
    lines = [
        *(("cookie", f"emask_session={caller.token}"), ("cookie", "theme=dark")),
        *(("content-type", "application/json"), ("x-emask-request", "1")),
    ]
    assert (await caller.call("POST", lines, [json.dumps(ORDER).encode()])).status == 201


# ------------------------------------------------------------------ what is sent


async def test_a_body_may_come_in_parts(caller: Caller) -> None:
    body = json.dumps(ORDER).encode()
    answer = await caller.call("POST", [*caller.headers.items()], [body[:9], body[9:], b""])
    assert answer.status == 201


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b"null", b'{"round_id": 1}', b'"\xff"', b"\xff\xfe"),
        json.dumps({**ORDER, "extra": 1}).encode(),
        json.dumps({**ORDER, "language": "fr"}).encode(),
        json.dumps({key: ORDER[key] for key in ("round_id", "chain", "mobile")}).encode(),
    ],
)
async def test_what_is_no_order(caller: Caller, body: bytes) -> None:
    answer = await caller.post(body)
    assert (answer.status, answer.body["code"]) == (400, "malformed")
    assert answer.body["data"]["reason"]


async def test_what_is_too_long(caller: Caller) -> None:
    answer = await caller.post({**ORDER, "mobile": "9" * 5000})
    assert (answer.status, answer.body["code"]) == (413, "too_large")


async def test_other_methods(caller: Caller) -> None:
    answer = await caller.call("GET", [*caller.headers.items()], [b""])
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"chain": "XX"}, 404, "unknown_store"),
        ({"store_code": "no such store"}, 404, "unknown_store"),
        ({"chain": "OK", "store_code": "300001"}, 409, "store_closed"),
        ({"round_id": "2099-1"}, 404, "unknown_round"),
        ({"round_id": SECOND.id}, 403, "not_open_yet"),
        ({"mobile": "12345"}, 422, "invalid_entry"),
    ],
)
async def test_what_cannot_be_ordered(
    caller: Caller, change: dict[str, str], status: int, code: str
) -> None:
    answer = await caller.post({**ORDER, **change})
    assert (answer.status, answer.body["code"]) == (status, code)


# ------------------------------------------------------------------ how it is told


async def test_a_refusal_is_a_problem_document_in_either_language(
    caller: Caller, world: World
) -> None:
    caller.sign_in(await world.person(born=CHILD))
    zh = await caller.post()
    en = await caller.post(accept_language="en")
    assert zh.headers["content-type"] == "application/problem+json"
    assert zh.body == {
        "type": "urn:emask:problem:child_not_eligible",
        "title": "成人口罩只供成人購買",
        "status": 403,
        "detail": "成人口罩只供成人購買。\n2007年（民國96年）1月1日以後出生的人以兒童身分購買。",
        "code": "child_not_eligible",
        "data": {"child_born_from": "2007-01-01"},
        "next": "持兒童的健保卡到藥局或衛生所購買兒童口罩。",
    }
    assert en.body["title"] == "Adult masks are for adults"
    assert {**en.body, **{name: zh.body[name] for name in ("title", "detail", "next")}} == zh.body


async def test_an_entry_that_cannot_be_understood_names_its_field(caller: Caller) -> None:
    answer = await caller.post({**ORDER, "mobile": "12345"}, accept_language="en")
    assert answer.body["data"] == {"field": "mobile", "reason": "wrong_shape"}
    assert answer.body["next"].startswith("Enter a mobile number")
    assert "12345" not in json.dumps(answer.body)


@dataclass(slots=True)
class FailingIntake(Intake):
    """Turns everybody away."""

    error: Exception

    async def submit(self, entry: Entry) -> Receipt:
        raise self.error


@pytest.mark.parametrize("origin", ["http://evil.mask.test", "https://mask.test", "null", ""])
async def test_a_page_of_another_origin_orders_nothing(caller: Caller, origin: str) -> None:
    answer = await caller.post(origin=origin)
    assert (answer.status, answer.body["code"]) == (403, "foreign_origin")
    assert (await caller.post(origin=SITE.origin)).status == 201  # ours does


async def test_a_session_at_an_office_orders_nothing_here(caller: Caller, world: World) -> None:
    caller.sign_in(await world.person(), channel=Channel.COUNTER)
    answer = await caller.post()
    assert (answer.status, answer.body["code"]) == (401, "session_ended")
    caller.sign_in(await world.person(), channel=Channel.COMPUTER)
    assert (await caller.post()).status == 201


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (IntakeFull(5), "intake_full", "不用趕"),
        (IntakeInterrupted(5), "intake_interrupted", "Idempotency-Key"),
    ],
)
async def test_whoever_cannot_be_served_is_told_when_to_come_again(
    keys: Keys, error: Exception, code: str, words: str
) -> None:
    clock, sessions = StillClock(FIRST.opens_at), Sessions(keys, EndedSessions())
    caller = Caller(IntakeEndpoint(FailingIntake(error), sessions, clock, SITE), sessions, clock)
    caller.sign_in(UUID(int=1))
    answer = await caller.post()
    assert (answer.status, answer.body["code"]) == (503, code)
    assert answer.headers["retry-after"] == "5"
    assert words in answer.body["next"]


async def test_a_fault_of_ours_is_not_dressed_up(keys: Keys) -> None:
    clock, sessions = StillClock(FIRST.opens_at + timedelta(1)), Sessions(keys, EndedSessions())
    endpoint = IntakeEndpoint(FailingIntake(ZeroDivisionError()), sessions, clock, SITE)
    caller = Caller(endpoint, sessions, clock)
    caller.sign_in(UUID(int=1))
    with pytest.raises(ZeroDivisionError):
        await caller.post()
