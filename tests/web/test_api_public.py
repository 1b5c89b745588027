"""What the API tells everybody: rounds, stores, draws, and that something is not there."""

import logging
from datetime import date

import pytest

from emask.draw.service import record_of
from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rounds.catalogue import BUILT_IN
from emask.rounds.stores import set_store_open
from emask.rules.calendar import at
from emask.web.api.public import MOST_STORES
from emask.web.demo.stage import STORE
from web.api_caller import PEOPLE, ApiCaller, problem

DRAW = "/api/v1/rounds/2020-1/draw"
THIS_STORE = f"/api/v1/stores?chain={STORE.chain}&q={STORE.code}"


async def test_rounds_with_their_money_and_phase(api: ApiCaller) -> None:
    rounds = (await api.get("/api/v1/rounds")).json()
    assert {each["id"] for each in rounds} == set(BUILT_IN)
    assert [each["opens_at"] for each in rounds] == sorted(each["opens_at"] for each in rounds)
    first = (await api.get("/api/v1/rounds/2020-1")).json()
    assert first in rounds
    assert first == {
        "id": "2020-1",
        "phase": "registration",
        "opens_at": "2020-03-12T09:00:00+08:00",
        "closes_at": "2020-03-18T20:00:00+08:00",
        "pay_from": "2020-03-19T08:00:00+08:00",
        "pay_until": "2020-03-21T20:00:00+08:00",
        "release_at": "2020-03-22T08:00:00+08:00",
        "pickup_from": "2020-03-26",
        "pickup_until": "2020-04-01",
        "quota": 2_333_333,
        "product": "adult_mask",
        "pieces": 3,
        "price": 5,
        "handling_fee": 7,
        "amount_due": 22,
        "interval_days": 7,
        "child_born_from": "2007-01-01",
    }


async def test_the_phase_is_the_clocks(api: ApiCaller, system: System) -> None:
    await advance_to(system, at(date(2020, 3, 19), 8))
    assert (await api.get("/api/v1/rounds/2020-1")).json()["phase"] == "payment"


@pytest.mark.parametrize("path", ["/api/v1/rounds/2099-1", "/api/v1/rounds/2099-1/draw"])
async def test_an_unknown_round(api: ApiCaller, path: str) -> None:
    assert problem(await api.get(path)) == (404, "unknown_round")


@pytest.mark.parametrize("round_id", ["%00", "9" * 101])
@pytest.mark.parametrize("of", ["", "/draw"])
async def test_what_can_be_no_round(api: ApiCaller, round_id: str, of: str) -> None:
    answer = await api.get(f"/api/v1/rounds/{round_id}{of}")
    assert problem(answer) == (400, "invalid_request")
    assert answer.json()["data"].keys() == {"round_id"}


async def test_stores_by_words_chain_and_place(api: ApiCaller) -> None:
    (found,) = (await api.get(THIS_STORE)).json()
    assert (found["name"], found["county"], found["town"]) == (STORE.name, STORE.county, STORE.town)
    here = (await api.get(f"/api/v1/stores?county={STORE.county}&town={STORE.town}")).json()
    assert found in here
    assert {(each["county"], each["town"]) for each in here} == {(STORE.county, STORE.town)}
    of_chain = (await api.get("/api/v1/stores?chain=OK")).json()
    assert {each["chain"] for each in of_chain} == {"OK"}
    assert (await api.get("/api/v1/stores?q=沒有這種門市")).json() == []


async def test_stores_are_bounded_and_closed_ones_told(api: ApiCaller, system: System) -> None:
    assert len((await api.get("/api/v1/stores")).json()) == MOST_STORES
    async with system.db.transaction() as tx:
        await set_store_open(tx, chain=STORE.chain, code=STORE.code, open=False)
    (found,) = (await api.get(THIS_STORE)).json()
    assert found["open"] is False


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        *(("chain=XX", "chain"), ("q=%00", "q"), (f"q={'9' * 101}", "q")),
        *(("county=%00", "county"), ("town=%00", "town")),
    ],
)
async def test_what_is_no_search(api: ApiCaller, query: str, parameter: str) -> None:
    answer = await api.get(f"/api/v1/stores?{query}")
    assert problem(answer) == (400, "invalid_request")
    assert answer.json()["data"].keys() == {parameter}


async def test_a_draw_is_told_as_far_as_it_is_public(api: ApiCaller, system: System) -> None:
    await api.place()
    api.headers = {}
    assert problem(await api.get(DRAW)) == (404, "not_frozen")

    await advance_to(system, at(date(2020, 3, 18), 20))
    committed = (await api.get(DRAW)).json()
    assert (committed["entries"], committed["quota"], committed["run"]) == (1, 2_333_333, 1)
    assert committed["committed_at"] == "2020-03-18T20:00:00+08:00"
    result = {name for name, value in committed.items() if value is None} - {"reason"}
    assert result == {"seed", "signature", "selected", "result_root", "published_at"}

    await advance_to(system, at(date(2020, 3, 19), 7, 59))
    async with system.db.transaction() as tx:
        record = await record_of(tx, "2020-1")
    assert record is not None
    assert record.seed is not None
    assert record.result_root is not None
    assert (await api.get(DRAW)).json() == committed  # drawn, and not published

    await advance_to(system, at(date(2020, 3, 19), 8))
    published = (await api.get(DRAW)).json()
    assert published == committed | {
        "seed": record.seed.hex(),
        "signature": published["signature"],
        "selected": 1,
        "result_root": record.result_root.hex(),
        "published_at": "2020-03-19T08:00:00+08:00",
    }
    assert (published["root"], published["beacon_key"], published["beacon_round"]) == (
        *(record.root.hex(), record.beacon_key.hex(), record.beacon_round),
    )


@pytest.mark.parametrize("path", ["/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v1/rounds/1/2"])
async def test_nothing_at_an_address_is_a_problem_too(api: ApiCaller, path: str) -> None:
    answer = await api.get(path)
    assert problem(answer) == (404, "not_found")
    english = await api.get(path, {"accept-language": "en"})
    assert (answer.headers["content-language"], english.headers["content-language"]) == (
        *("zh-Hant-TW", "en"),
    )
    assert answer.json()["title"] != english.json()["title"] == "There is nothing at this address."
    assert english.headers["vary"] == "accept-language"


async def test_a_method_that_an_address_does_not_take(api: ApiCaller) -> None:
    answer = await api.call("PUT", "/api/v1/rounds")
    assert problem(answer) == (405, "wrong_method")
    assert set(answer.headers["allow"].split(", ")) == {"GET", "OPTIONS"}


@pytest.mark.parametrize("path", ["/api/openapi.json/more", "/api/v2/rounds"])
async def test_what_is_beside_the_api_is_not_its(api: ApiCaller, path: str) -> None:
    answer = await api.client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-language"]  # a page's


async def test_a_fault_tells_and_logs_nothing_of_the_caller(
    api: ApiCaller, system: System, caplog: pytest.LogCaptureFixture
) -> None:
    async with system.db.transaction() as tx:
        await tx.execute("ALTER TABLE store RENAME TO gone")
    with caplog.at_level(logging.ERROR):
        answer = await api.client.get(f"/api/v1/stores?q={PEOPLE['ming'].id_number}")
    assert problem(answer) == (500, "fault")
    assert "fault at /api/v1/stores: UndefinedTable" in caplog.text
    assert PEOPLE["ming"].id_number not in caplog.text + answer.text
