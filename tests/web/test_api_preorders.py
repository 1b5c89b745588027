"""A person's own pre-order over the API: see it, cancel it, pay for it."""

from dataclasses import asdict
from datetime import date, timedelta

import pytest

from emask.delivery.missing import give_back_short
from emask.delivery.shortages import report_shortage
from emask.identity.sessions import LIFETIME
from emask.payment.model import Started
from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rounds.service import load_round, set_quota
from emask.rules.calendar import Channel, at
from emask.sandbox.paying import go_to_gateway, hear
from emask.sandbox.system import Sandbox, sandbox_of
from emask.web.demo.stage import STORE
from web.api_caller import MINE, ORDER, PAYMENTS, PEOPLE, PLACING, ApiCaller, problem

CLOSED, PUBLISHED = at(date(2020, 3, 18), 20), at(date(2020, 3, 19), 8)
PAYMENT_OVER, AT_THE_STORE = at(date(2020, 3, 21), 20), at(date(2020, 3, 26), 9)


async def _at_gateway(system: System, page: str) -> tuple[Sandbox, str]:
    """The gateway, at which the trade is open that a page leads to."""
    sandbox = sandbox_of(system)
    assert sandbox is not None
    trade_no = page.rpartition("/")[2]
    started = Started(trade_no=trade_no)
    payer = system.vault.person_id(PEOPLE["ming"].id_number)
    await go_to_gateway(system, sandbox, started, payer=payer)
    return sandbox, trade_no


async def _paid(api: ApiCaller, system: System) -> None:
    """Pre-ordered, drawn and paid by card."""
    await api.place()
    await advance_to(system, PUBLISHED)
    await api.sign_in()
    page = (await api.pay("credit_card")).json()["page"]
    sandbox, trade_no = await _at_gateway(system, page)
    body = await sandbox.payers.pay(trade_no, at=await system.clock.now())
    assert await hear(system, sandbox, body) == "settles"


# ------------------------------------------------------------------ where it stands


async def test_a_preorder_from_placing_to_the_store(api: ApiCaller, system: System) -> None:
    await api.place()
    registered = (await api.get(MINE)).json()
    assert registered == {
        "round_id": "2020-1",
        "state": "registered",
        "state_word": "已登記",
        "next_action": "amend",
        "rank": None,
        "entries": None,
        "quota": 2_333_333,
        "amount": 22,
        "methods": ["web_atm", "credit_card", "atm"],
        "closes_at": "2020-03-18T20:00:00+08:00",
        "pay_from": "2020-03-19T08:00:00+08:00",
        "pay_until": "2020-03-21T20:00:00+08:00",
        "store": asdict(STORE),
        "collect_from": "2020-03-26",
        "collect_until": "2020-04-01",
        "delayed": False,
        "never_came": False,
        "pickup_number": None,
        "next_purchase": "2020-03-12",
    }

    await advance_to(system, PUBLISHED)
    await api.sign_in()
    due = (await api.get(MINE, {"accept-language": "en"})).json()
    assert (due["state"], due["state_word"]) == ("awaiting_payment", "Awaiting payment")
    assert (due["rank"], due["entries"], due["next_action"]) == (1, 1, "pay")


async def test_a_paid_one_tells_the_next_purchase_and_later_its_number(
    api: ApiCaller, system: System
) -> None:
    await _paid(api, system)
    paid = (await api.get(MINE)).json()
    assert (paid["state_word"], paid["next_purchase"]) == ("已繳費", "2020-04-02")
    assert paid["pickup_number"] is None
    await advance_to(system, AT_THE_STORE)
    await api.sign_in()
    arrived = (await api.get(MINE)).json()
    assert (arrived["state_word"], arrived["next_action"]) == ("已到店", "collect")
    assert arrived["pickup_number"]


async def test_a_pack_that_is_missing_and_one_that_never_comes(
    api: ApiCaller, system: System
) -> None:
    await _paid(api, system)
    released = at(date(2020, 3, 22), 8)
    await advance_to(system, released)
    await api.sign_in()
    async with system.db.transaction() as tx:
        shortage_id = await report_shortage(
            tx,
            round=await load_round(tx, "2020-1"),
            chain=STORE.chain,
            store_code=None,
            packs=1,
            at=released,
            by="centre",
        )
    waits = (await api.get(MINE)).json()
    assert (waits["state"], waits["delayed"], waits["never_came"]) == ("paid", True, False)
    await give_back_short(
        system.db,
        system.clock,
        round_id="2020-1",
        shortage_id=shortage_id,
        packs=1,
        reason="pallet burnt",
        operator="operator",
    )
    over = (await api.get(MINE)).json()
    assert (over["state"], over["delayed"], over["never_came"]) == ("cancelled", False, True)


async def test_nothing_tells_who_it_is(api: ApiCaller) -> None:
    await api.place()
    told, ming = (await api.get(MINE)).text, PEOPLE["ming"]
    person_id = api.system.vault.person_id(ming.id_number)
    assert not [
        it for it in (ming.id_number, ming.name, "0912345678", str(person_id)) if it in told
    ]


async def test_everybody_sees_their_own_only(api: ApiCaller) -> None:
    await api.place()
    await api.sign_in("mai")
    assert problem(await api.get(MINE)) == (404, "no_preorder")


async def test_what_has_not_changed_is_not_sent_again(api: ApiCaller) -> None:
    await api.place()
    first = await api.get(MINE)
    etag = first.headers["etag"]
    assert etag[0] == etag[-1] == '"'
    assert first.headers["vary"] == "accept-language, authorization, cookie"
    assert first.headers["cache-control"] == "no-store"
    for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        same = await api.get(MINE, {"if-none-match": known})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
    assert (await api.get(MINE, {"if-none-match": '"other"'})).content == first.content
    english = await api.get(MINE, {"if-none-match": etag, "accept-language": "en"})
    assert (english.status_code, english.headers["etag"] == etag) == (200, False)

    assert (await api.delete(MINE)).status_code == 204
    cancelled = await api.get(MINE, {"if-none-match": etag})
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")


# ------------------------------------------------------------------ who asks

CALLS = [("GET", MINE), ("DELETE", MINE), ("POST", PAYMENTS)]
CHANGES = CALLS[1:]


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer x.y"},
        {"authorization": "Basic eHg6eXk="},
        {"cookie": "emask_session=x.y", "x-emask-request": "1"},
    ],
)
async def test_nobody_without_a_session(
    api: ApiCaller, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = await api.call(method, path, headers, json={"method": "atm"})
    assert problem(answer) == (401, "session_ended")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_token_that_is_no_text(api: ApiCaller) -> None:
    answer = await api.client.get(MINE, headers={b"authorization": b"Bearer \xff\xfe"})
    assert problem(answer) == (401, "session_ended")


async def test_a_session_ends(api: ApiCaller, system: System) -> None:
    await api.place()
    await advance_to(system, await system.clock.now() + LIFETIME)
    assert problem(await api.get(MINE)) == (401, "session_ended")


async def test_a_cookie_is_enough_to_look(api: ApiCaller) -> None:
    await api.place()
    cookie = f"emask_session={await api.token()}"
    api.headers = {}
    assert (await api.get(MINE, {"cookie": cookie})).status_code == 200


@pytest.mark.parametrize(("method", "path"), CHANGES)
@pytest.mark.parametrize("sent", [{}, {"x-emask-request": "0"}, {"origin": "http://mask.test"}])
async def test_a_cookie_changes_nothing_without_what_no_other_site_can_send(
    api: ApiCaller, method: str, path: str, sent: dict[str, str]
) -> None:
    await api.place()
    cookie = f"emask_session={await api.token()}"
    api.headers = {}
    answer = await api.call(method, path, {"cookie": cookie, **sent}, json={"method": "atm"})
    assert problem(answer) == (403, "request_not_trusted")
    assert (await api.get(MINE, {"cookie": cookie})).json()["state"] == "registered"


async def test_with_it_a_cookie_cancels_and_pays(api: ApiCaller, system: System) -> None:
    await api.place()
    await advance_to(system, PUBLISHED)
    ours = {"cookie": f"emask_session={await api.token()}", "x-emask-request": "1"}
    api.headers = {}
    form = await api.call(
        "POST", PAYMENTS, {"content-type": "text/plain", **ours}, content=b'{"method": "atm"}'
    )
    assert problem(form) == (403, "request_not_trusted")
    assert (await api.pay("atm", ours)).status_code == 200
    assert problem(await api.delete(MINE, ours)) == (410, "closed")


# ------------------------------------------------------------------ cancel


async def test_cancel_and_preorder_again(api: ApiCaller) -> None:
    await api.place()
    assert (await api.delete(MINE)).status_code == 204
    assert (await api.get(MINE)).json()["state_word"] == "已取消"
    assert problem(await api.delete(MINE)) == (404, "no_preorder")
    again = await api.call("POST", PLACING, json=ORDER)
    assert (again.status_code, again.json()["revision"]) == (201, 3)


async def test_cancelling_has_its_time(api: ApiCaller, system: System) -> None:
    await api.place()
    later = "/api/v1/preorders/2020-2"
    assert problem(await api.delete(later)) == (403, "not_open_yet")
    await advance_to(system, CLOSED)
    await api.sign_in()
    assert problem(await api.delete(MINE)) == (410, "closed")


# ------------------------------------------------------------------ pay


async def test_an_account_once_issued_is_told_again(api: ApiCaller, system: System) -> None:
    await api.place()
    await advance_to(system, PUBLISHED)
    await api.sign_in()
    started = (await api.pay("atm")).json()
    assert started["account"] is None
    assert (await api.pay("atm")).json() == started
    await _at_gateway(system, started["page"])
    told = (await api.pay("atm")).json()
    assert told["page"] is None
    assert told["account"]["account"]
    assert told["account"]["bank_code"]
    assert told["account"]["expires_at"] == "2020-03-21T20:00:00+08:00"
    assert (await api.pay("atm")).json() == told


@pytest.mark.parametrize(("wish", "start"), [("zh-TW", "/zh/orders/"), ("en", "/en/orders/")])
async def test_a_page_to_pay_on_is_in_the_callers_language(
    api: ApiCaller, system: System, wish: str, start: str
) -> None:
    await api.place()
    await advance_to(system, PUBLISHED)
    await api.sign_in()
    page = (await api.pay("web_atm", {"accept-language": wish})).json()["page"]
    assert page.startswith(f"{system.site.origin}{start}")
    api.client.cookies.set("emask_session", await api.token())
    assert (await api.client.get(page)).status_code == 200


async def test_paying_has_its_time(api: ApiCaller, system: System) -> None:
    await api.place()
    assert problem(await api.pay("atm")) == (403, "payment_not_open")
    await advance_to(system, PAYMENT_OVER - timedelta(seconds=1))
    await api.sign_in()
    assert (await api.pay("atm")).status_code == 200
    await advance_to(system, PAYMENT_OVER)
    assert problem(await api.pay("atm")) == (410, "payment_closed")


async def test_nothing_is_paid_twice(api: ApiCaller, system: System) -> None:
    await _paid(api, system)
    assert problem(await api.pay("atm")) == (409, "already_paid")


async def test_who_is_not_selected_does_not_pay(api: ApiCaller, system: System) -> None:
    async with system.db.transaction() as tx:
        await set_quota(tx, "2020-1", 1)
    await api.place("ming")
    await api.place("mai")
    await advance_to(system, PUBLISHED)
    outcomes = set()
    for who in ("ming", "mai"):
        await api.sign_in(who)
        standing = (await api.get(MINE)).json()
        paying = await api.pay("atm")
        outcomes.add((standing["rank"], standing["state"], paying.status_code))
        assert paying.is_success or problem(paying) == (403, "not_selected")
    assert outcomes == {(1, "awaiting_payment", 200), (2, "not_selected", 403)}


async def test_orders_by_phone_are_paid_by_transfer(api: ApiCaller, system: System) -> None:
    await api.place(channel=Channel.MOBILE)
    await advance_to(system, PUBLISHED)
    await api.sign_in(channel=Channel.COMPUTER)  # B14: the order's channel counts
    refused = await api.pay("credit_card")
    assert problem(refused) == (403, "method_not_allowed")
    assert refused.json()["data"] == {"allowed": "atm"}


@pytest.mark.parametrize(
    ("content", "field"),
    [
        *((b"", "data"), (b"{", None), (b"\xff", None), (b"[]", "data"), (b"{}", "data")),
        (b'{"method": "cash"}', "method"),
    ],
)
async def test_what_is_no_payment(api: ApiCaller, content: bytes, field: str | None) -> None:
    await api.sign_in()
    answer = await api.call("POST", PAYMENTS, content=content)
    assert problem(answer) == (400, "invalid_request")
    assert answer.json()["data"].keys() == ({field} if field else set())


async def test_what_is_too_long(api: ApiCaller) -> None:
    await api.sign_in()
    assert problem(await api.pay("9" * 5000)) == (413, "too_large")


# ------------------------------------------------------------------ nothing there


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_no_preorder_and_no_round(api: ApiCaller, method: str, path: str) -> None:
    await api.sign_in()
    answers = [
        await api.call(method, path.replace("2020-1", round_id), json={"method": "atm"})
        for round_id in ("2020-1", "2099-1", "%00")
    ]
    assert [problem(answer) for answer in answers] == [
        *((404, "no_preorder"), (404, "unknown_round"), (400, "invalid_request")),
    ]
