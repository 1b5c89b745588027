"""The counter of a pharmacy for its own software: every answer is as the description has it."""

import asyncio
from datetime import date, timedelta
from uuid import uuid4

import httpx
import pytest

from emask.counter import clients_queries
from emask.counter.clients import end_client
from emask.counter.clients_tokens import Caller, ClientTokens
from emask.database.clock import SetClock
from emask.programme.system import System
from emask.web.api import counter
from emask.web.api.counter_caller import PartnerDoor
from emask.web.api.quota import Buckets, Quota
from emask.web.app import create_app
from emask.web.demo.stage import PHARMACY
from web.api_caller import PEOPLE, ApiCaller, problem
from web.pharmacy import CLIENT, COUNTER, Software, hire, somebody

SALES, STOCK = f"{COUNTER}/sales", f"{COUNTER}/stock"
EN = {"accept-language": "en"}


@pytest.fixture
async def shop(api: ApiCaller, system: System) -> ApiCaller:
    """Software of the pharmacy with a token."""
    software = Software(system.site.origin)
    await hire(system, software)
    answer = await api.client.post("/api/v1/token", data=software.form())
    api.headers = {"authorization": f"Bearer {answer.json()['access_token']}"}
    return api


async def sell(
    shop: ApiCaller, id_number: str, key: str | None = None, **more: object
) -> httpx.Response:
    asked = {"id_number": id_number, "product": "adult_mask"} | more
    return await shop.call("POST", SALES, {"idempotency-key": key or str(uuid4())}, json=asked)


async def pieces(shop: ApiCaller, product: str = "adult_mask") -> int:
    lines = (await shop.get(STOCK)).json()["stock"]
    return next(int(line["pieces"]) for line in lines if line["product"] == product)


async def test_a_sale_from_card_to_undo(shop: ApiCaller, system: System) -> None:
    who = await somebody(system)
    asked = {"id_number": who, "product": "adult_mask"}
    may = (await shop.call("POST", f"{COUNTER}/eligibility", json=asked)).json()
    assert (may["allowed"], may["pieces"], may["refusal"]) == (True, 3, None)
    assert (may["masked_name"], may["birth_year"]) == ("陳○文", 1983)
    before = await pieces(shop)
    sold = await sell(shop, who)
    assert sold.status_code == 201
    assert await pieces(shop) == before - 3
    assert (await shop.get(SALES)).json() == [sold.json()]
    may_not = (await shop.call("POST", f"{COUNTER}/eligibility", EN, json=asked)).json()
    assert (may_not["allowed"], may_not["pieces"]) == (False, 0)
    assert may_not["refusal"]["code"] == "interval_not_over"
    undo = f"{SALES}/{sold.json()['sale_id']}/undo"
    undone = await shop.call("POST", undo, json={"reason": "wrong product"})
    assert (undone.status_code, undone.json()["undone_at"] is None) == (200, False)
    assert await pieces(shop) == before
    assert (await shop.call("POST", undo, json={"reason": "again"})).json() == undone.json()


async def test_no_answer_tells_the_id_number_or_the_buyer(shop: ApiCaller, system: System) -> None:
    who = await somebody(system)
    asked = {"id_number": who, "product": "adult_mask"}
    answers = [
        await shop.call("POST", f"{COUNTER}/eligibility", json=asked),
        await sell(shop, who),
        await sell(shop, who),
        await shop.get(SALES),
    ]
    person = str(system.vault.person_id(who))
    assert not [each for each in answers if who in each.text or person in each.text]
    async with system.db.connection() as tx:
        kept = await (await tx.execute("SELECT * FROM idempotent_call")).fetchall()
    assert len(kept) == 2
    assert who not in repr(kept)


async def test_sent_again_with_its_key_a_sale_is_the_same(shop: ApiCaller, system: System) -> None:
    who, key = await somebody(system), str(uuid4())
    before = await pieces(shop)
    first = await sell(shop, who, key)
    again = await sell(shop, who, f'"{key}"')
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert await pieces(shop) == before - 3
    other = await sell(shop, who, key, product="child_mask")
    assert problem(other) == (422, "idempotency_key_used")


async def test_a_sale_is_refused_in_the_words_of_eligibility(
    shop: ApiCaller, system: System
) -> None:
    who = await somebody(system)
    await sell(shop, who)
    asked = {"id_number": who, "product": "adult_mask"}
    may_not = await shop.call("POST", f"{COUNTER}/eligibility", json=asked)
    refused = await sell(shop, who)
    assert refused.json() == may_not.json()["refusal"]
    assert PHARMACY.name in refused.json()["detail"]


async def test_a_refusal_is_an_answer_too(shop: ApiCaller, system: System) -> None:
    who, key = await somebody(system), str(uuid4())
    await sell(shop, who)
    refused = await shop.call(
        "POST",
        SALES,
        {"idempotency-key": key} | EN,
        json={"id_number": who, "product": "adult_mask"},
    )
    assert problem(refused) == (409, "interval_not_over")
    assert refused.headers["content-language"] == "en"
    again = await sell(shop, who, key)
    assert again.content == refused.content
    assert again.headers["content-language"] == "en"


@pytest.mark.parametrize("key", ["", '""', '"x', "a b", "k" * 201])
async def test_without_a_key_nothing_is_sold(shop: ApiCaller, system: System, key: str) -> None:
    who = await somebody(system)
    refused = await shop.call(
        "POST",
        SALES,
        {"idempotency-key": key} if key else {},
        json={"id_number": who, "product": "adult_mask"},
    )
    assert problem(refused) == (400, "idempotency_key_needed")
    assert (await shop.get(SALES)).json() == []


async def two_at_once(shop: ApiCaller, system: System) -> list[int]:
    """Two sales with one key, of which one waits for the other to be committed."""
    who, key = await somebody(system), str(uuid4())
    async with system.db.transaction() as holder:
        await holder.execute("LOCK TABLE claim IN SHARE MODE")
        first = asyncio.create_task(sell(shop, who, key))
        await waiting(system)
        second = asyncio.create_task(sell(shop, who, key))
        await asyncio.wait([second], timeout=1)
    return [(await each).status_code for each in (first, second)]


async def waiting(system: System) -> None:
    async with asyncio.timeout(20), system.db.connection() as tx:
        while True:
            cursor = await tx.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
            if await cursor.fetchone():
                return
            await asyncio.sleep(0.01)


async def test_while_one_is_answered_its_key_is_in_flight(shop: ApiCaller, system: System) -> None:
    assert await two_at_once(shop, system) == [201, 409]
    assert len((await shop.get(SALES)).json()) == 1


async def sell_to_all(shop: ApiCaller, people: list[str], *, patience: float) -> list[str]:
    """Sell to more people at once than there are connections; the numbers of the sales."""
    async with asyncio.timeout(patience):
        sold = await asyncio.gather(*(sell(shop, who) for who in people))
    assert {each.status_code for each in sold} == {201}
    return [each.json()["sale_id"] for each in sold]


async def test_many_at_once_need_a_connection_each_and_no_more(
    shop: ApiCaller, system: System
) -> None:
    sales = await sell_to_all(shop, [await somebody(system) for _ in range(12)], patience=20)
    reason = {"reason": "a trial"}
    async with asyncio.timeout(20):
        undone = await asyncio.gather(
            *(shop.call("POST", f"{SALES}/{each}/undo", json=reason) for each in sales)
        )
    assert {each.status_code for each in undone} == {200}


async def test_with_a_clock_that_takes_one_more_they_would_wait_for_one_another(
    shop: ApiCaller, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [await somebody(system) for _ in range(12)]
    monkeypatch.setattr(counter, "StoppedClock", lambda _: system.clock)
    with pytest.raises(TimeoutError):
        await sell_to_all(shop, people, patience=3)


async def test_without_the_hold_on_keys_the_second_is_refused_by_the_rules_or_worse(
    shop: ApiCaller, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    unguarded = clients_queries.BEGIN_CALL.replace("pg_try_advisory_xact_lock(", "0 <> (")
    assert unguarded != clients_queries.BEGIN_CALL
    monkeypatch.setattr(clients_queries, "BEGIN_CALL", unguarded)
    with pytest.raises((AssertionError, KeyError)):  # a fault is in no description
        assert await two_at_once(shop, system) == [201, 409]


@pytest.mark.parametrize(
    ("changed", "answer"),
    [
        ({"id_number": "A123456780"}, (422, "invalid_entry")),
        ({}, (403, "card_unknown")),
        ({"id_number": PEOPLE["ming"].id_number}, (403, "wrong_day_odd_even")),
        ({"id_number": ""}, (400, "invalid_request")),
        ({"product": "gloves"}, (400, "invalid_request")),
        ({"paper": "library_card"}, (400, "invalid_request")),
        ({"visit_id": "1"}, (400, "invalid_request")),
        ({"more": 1}, (400, "invalid_request")),
        ({"id_number": "A" * 5000}, (413, "too_large")),
    ],
)
async def test_what_cannot_be_sold_is_refused_with_its_code(
    shop: ApiCaller, changed: dict[str, str], answer: tuple[int, str]
) -> None:
    asked = {"id_number": "A123456789", "product": "adult_mask"} | changed
    refused = await shop.call("POST", SALES, {"idempotency-key": "one"}, json=asked)
    assert problem(refused) == answer


async def test_other_papers_stand_in_for_a_card(shop: ApiCaller, system: System) -> None:
    assert (await sell(shop, await somebody(system), paper="national_id")).status_code == 201


async def test_one_visitor_acts_for_one_adult_and_three_children(
    shop: ApiCaller, system: System
) -> None:
    visit = str(uuid4())
    for answer in (201, 403):
        sold = await sell(shop, await somebody(system), by_proxy=True, visit_id=visit)
        assert sold.status_code == answer
    for _ in range(3):
        child = await somebody(system, born=date(2012, 5, 5))
        sold = await sell(shop, child, product="child_mask", by_proxy=True, visit_id=visit)
        assert sold.status_code == 201


async def test_five_minutes_on_a_sale_stands(shop: ApiCaller, system: System) -> None:
    sold = await sell(shop, await somebody(system))
    undo = f"{SALES}/{sold.json()['sale_id']}/undo"
    later = await system.clock.now() + timedelta(minutes=5, seconds=1)
    await SetClock(system.db).set(later)
    refused = await shop.call("POST", undo, json={"reason": "too late"})
    assert problem(refused) == (409, "too_late_to_undo")


@pytest.mark.parametrize("reason", ["", "   ", "\u3000\x1f", "x" * 201, "a\0b"])
async def test_undoing_takes_a_reason(shop: ApiCaller, reason: str) -> None:
    refused = await shop.call("POST", f"{SALES}/{uuid4()}/undo", json={"reason": reason})
    assert problem(refused) == (400, "invalid_request")


async def test_nobody_undoes_what_another_site_sold(shop: ApiCaller, system: System) -> None:
    sold = await sell(shop, await somebody(system))
    async with system.db.transaction() as tx:
        await tx.execute(
            "UPDATE counter_sale SET site_code ="
            " (SELECT max(site_code) FROM counter_site WHERE site_code <> %s)",
            (PHARMACY.site_code,),
        )
    undo = f"{SALES}/{sold.json()['sale_id']}/undo"
    for path in (undo, f"{SALES}/{uuid4()}/undo"):
        refused = await shop.call("POST", path, json={"reason": "not ours"})
        assert problem(refused) == (404, "unknown_sale")
    assert problem(await shop.call("POST", f"{SALES}/1/undo", json={}))[0] == 404


async def test_stock_is_told_once_and_entered_once(shop: ApiCaller) -> None:
    first = await shop.get(STOCK)
    tag = {"if-none-match": f'W/"x", {first.headers["etag"]}'}
    assert (await shop.get(STOCK, tag)).status_code == 304
    before = await pieces(shop)
    entered = {"product": "adult_mask", "pieces": 200}
    for _ in range(2):
        answer = await shop.call("POST", STOCK, {"idempotency-key": "morning"}, json=entered)
        assert answer.status_code == 201
    assert await pieces(shop) == before + 200
    assert (await shop.get(STOCK, tag)).status_code == 200


async def test_a_count_sets_the_stock(shop: ApiCaller) -> None:
    counted = {"product": "child_mask", "counted": 17}
    answer = await shop.call(
        "POST", f"{STOCK}/counts", {"idempotency-key": "evening"}, json=counted
    )
    assert answer.status_code == 201
    assert await pieces(shop, "child_mask") == 17


async def test_there_is_an_end_to_stock(shop: ApiCaller) -> None:
    everything = {"product": "child_mask", "counted": 9_999_999}
    await shop.call("POST", f"{STOCK}/counts", {"idempotency-key": "all"}, json=everything)
    for entered, answer in ((1, "too_much_stock"), (0, "invalid_request")):
        one = {"product": "child_mask", "pieces": entered}
        refused = await shop.call("POST", STOCK, {"idempotency-key": "one"}, json=one)
        assert problem(refused)[1] == answer
    assert await pieces(shop, "child_mask") == 9_999_999


async def test_problems_are_told_in_either_language(shop: ApiCaller) -> None:
    shop.headers = {}
    zh, en = await shop.get(STOCK), await shop.get(STOCK, EN)
    assert problem(zh) == problem(en) == (401, "token_ended")
    assert (zh.headers["content-language"], en.headers["content-language"]) == ("zh-Hant-TW", "en")
    assert zh.json()["title"] != en.json()["title"]
    assert en.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("carried", ["Bearer x", "Bearer ", "Basic eDp5", ""])
async def test_what_is_no_token_opens_nothing(shop: ApiCaller, carried: str) -> None:
    shop.headers = {"authorization": carried}
    assert problem(await shop.get(STOCK)) == (401, "token_ended")


async def test_headers_are_bytes(shop: ApiCaller) -> None:
    path = f"{shop.system.site.origin}{SALES}"
    for name, status in ((b"authorization", 401), (b"idempotency-key", 400)):
        headers = {b"authorization": shop.headers["authorization"].encode(), name: b"Bearer \xff"}
        sent = {"id_number": "A123456789", "product": "adult_mask"}
        assert (await shop.client.post(path, json=sent, headers=headers)).status_code == status


async def test_sessions_and_old_tokens_open_nothing(shop: ApiCaller, system: System) -> None:
    caller = Caller(CLIENT, PHARMACY.site_code)
    long_ago = await system.clock.now()
    old = ClientTokens(system.keys).issue(caller, now=long_ago)
    for token in (old, await shop.token()):
        shop.headers = {"authorization": f"Bearer {token}"}
        assert problem(await shop.get(STOCK)) == (401, "token_ended")


async def test_who_has_ended_sells_nothing_though_the_token_is_good(
    shop: ApiCaller, system: System
) -> None:
    await end_client(system.db, system.clock, client_id=CLIENT, by="operator")
    refused = await sell(shop, await somebody(system))
    assert problem(refused) == (401, "client_ended")
    assert (await shop.get(SALES)).json() == []


async def test_who_has_ended_undoes_nothing_though_the_token_is_good(
    shop: ApiCaller, system: System
) -> None:
    sold = await sell(shop, await somebody(system))
    await end_client(system.db, system.clock, client_id=CLIENT, by="operator")
    undo = f"{SALES}/{sold.json()['sale_id']}/undo"
    refused = await shop.call("POST", undo, json={"reason": "wrong product"})
    assert problem(refused) == (401, "client_ended")
    assert (await shop.get(SALES)).json() == [sold.json()]


async def test_a_site_that_vanished_from_the_list_sells_nothing(
    shop: ApiCaller, system: System
) -> None:
    who = await somebody(system)
    async with system.db.transaction() as tx:
        await tx.execute("UPDATE counter_site SET active = false")
    assert problem(await sell(shop, who)) == (403, "site_inactive")
    asked = {"id_number": who, "product": "adult_mask"}
    may = (await shop.call("POST", f"{COUNTER}/eligibility", EN, json=asked)).json()
    assert (may["allowed"], may["refusal"]["code"]) == (False, "site_inactive")


async def test_calls_are_counted_for_each_client(system: System) -> None:
    elapsed = [0.0]
    quota = Quota(name="client", calls=2, seconds=60)
    tokens = ClientTokens(system.keys)
    door = PartnerDoor(
        system=system,
        tokens=tokens,
        clock=system.clock,
        calls=Buckets(quota, monotonic=lambda: elapsed[0]),
    )
    transport = httpx.ASGITransport(create_app(system, partner_door=door))
    async with httpx.AsyncClient(transport=transport, base_url=system.site.origin) as client:
        document = (await client.get("/api/openapi.json")).json()
        now = await system.clock.now()
        one, other = (
            ApiCaller(client, system, document, {"authorization": f"Bearer {token}"})
            for token in (
                tokens.issue(Caller(name, PHARMACY.site_code), now=now) for name in ("one", "other")
            )
        )
        told = [(await one.get(STOCK)).headers["ratelimit"] for _ in range(2)]
        assert told == ['"client";r=1;t=30', '"client";r=0;t=60']
        refused = await one.get(STOCK)
        assert problem(refused) == (429, "too_many_requests")
        assert refused.headers["retry-after"] == "30"
        assert refused.headers["ratelimit-policy"] == '"client";q=2;w=60'
        assert (await other.get(STOCK)).status_code == 200
        elapsed[0] = 30
        assert (await one.get(STOCK)).status_code == 200
