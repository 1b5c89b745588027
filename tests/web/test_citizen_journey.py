"""A whole round as the applicant lives through it, in both languages, without JavaScript."""

from datetime import date

import httpx
import pytest

from emask.database.clock import SetClock
from emask.programme.service import advance_to, send_notices
from emask.programme.system import System
from emask.rules.calendar import at
from emask.web.demo.stage import STORE
from emask.web.sandbox_pages.cast import PASSWORD
from web.steps import SHOP, be, pay, register, sign_in
from web.visitor import Visitor

PUBLISHED = at(date(2020, 3, 19), 8)
ARRIVED = at(date(2020, 3, 26), 9)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ["登記完成", "待繳費", "已繳費", "到門市領取，4月1日（星期三）截止"]),
        ("en", ["You are registered", "Awaiting payment", "Paid", "Collect at the store by"]),
    ],
)
async def test_register_be_drawn_pay_and_collect(
    client: httpx.AsyncClient, system: System, language: str, words: list[str]
) -> None:
    registered, due, paid, collect = words
    visitor = Visitor(client, language)
    await visitor.go("/")
    await visitor.go("/check")
    await visitor.submit(for_whom="adult")
    await visitor.submit(way="card")
    await visitor.submit(demo_card="ming", password=PASSWORD)
    await visitor.submit(q=STORE.name)
    await visitor.submit(store=SHOP)
    await visitor.submit(mobile="０９１２-345 678")
    assert "0912345678" in visitor.page.text
    await visitor.submit("submission_id")
    assert registered in visitor.page.heading
    assert all(page.status == 200 for page in visitor.seen)
    tag = "zh-Hant-TW" if language == "zh" else "en"
    assert {page.language for page in visitor.seen} == {tag}

    await advance_to(system, PUBLISHED)
    await sign_in(visitor)
    assert due in visitor.page.text
    await visitor.go("/sandbox/phone")
    assert "22" in visitor.page.text

    await pay(visitor)
    assert visitor.page.path == f"/{language}/progress"
    assert paid in visitor.page.text

    await advance_to(system, ARRIVED)
    await sign_in(visitor)
    assert collect in visitor.page.text
    await visitor.go("/orders/2020-1/pick-up")
    assert "<svg" in visitor.page.html


async def test_submitting_twice_or_from_an_old_tab_shows_the_same_confirmation(
    visitor: Visitor,
) -> None:
    await sign_in(visitor)
    await visitor.submit(q=STORE.name)
    await visitor.submit(store=SHOP)
    await visitor.submit(mobile="0912345678")
    answers = visitor.page
    first = await visitor.submit("submission_id")
    visitor.seen.append(answers)  # the back button
    again = await visitor.submit("submission_id")
    assert first.heading == again.heading == "登記完成"
    assert first.text == again.text


async def test_what_is_submitted_is_what_was_seen(visitor: Visitor) -> None:
    await sign_in(visitor)
    await visitor.submit(q=STORE.name)
    await visitor.submit(store=SHOP)
    await visitor.submit(mobile="0912345678")
    answers = visitor.page
    await visitor.go("/mobile")
    await visitor.submit(mobile="0987654321")  # in another tab
    visitor.seen.append(answers)
    await visitor.submit("submission_id")
    assert visitor.page.heading == "確認登記內容"
    assert "0987654321" in visitor.page.text
    assert "另一個分頁" in visitor.page.text


async def test_answers_outlive_the_session_and_are_nobody_elses(
    visitor: Visitor, system: System
) -> None:
    await sign_in(visitor)
    await visitor.submit(q=STORE.name)
    await visitor.submit(store=SHOP)
    await advance_to(system, at(date(2020, 3, 13), 9))
    ended = await visitor.go("/mobile")
    assert ended.path == "/zh/identify?ended=1"
    assert "先前填寫的內容都還在" in ended.text
    await sign_in(visitor)
    await visitor.go("/mobile")
    await visitor.submit(mobile="0912345678")
    assert STORE.name in visitor.page.text
    await be(visitor, "tong")
    await visitor.go("/answers")
    assert visitor.page.path == "/zh/store"


async def test_amend_and_cancel_before_closing(visitor: Visitor) -> None:
    await register(visitor)
    await visitor.go("/answers")
    assert "送出更改" in visitor.page.text
    await visitor.go("/mobile")
    await visitor.submit(mobile="0922000111")
    await visitor.submit("submission_id")
    assert visitor.page.heading == "登記完成"
    await visitor.go("/answers")
    assert "0922000111" in visitor.page.text

    await visitor.go("/orders/2020-1/cancel")
    await visitor.submit()
    assert "已取消" in visitor.page.text
    await visitor.go("/store")
    await visitor.submit(q=STORE.name)
    await visitor.submit(store=SHOP)
    await visitor.submit("submission_id")
    assert visitor.page.heading == "登記完成"


async def test_nothing_typed_is_lost_in_corrections(visitor: Visitor) -> None:
    await sign_in(visitor)
    await visitor.go("/mobile")
    wrong = await visitor.submit(mobile="0912-34")
    assert wrong.status == 422
    assert wrong.title.startswith("錯誤：")
    assert wrong.forms[-1].values["mobile"] == "0912-34"
    assert "#mobile" in wrong.links


async def test_child_masks_lead_to_a_place_not_to_an_error(visitor: Visitor) -> None:
    await visitor.go("/check")
    told = await visitor.submit(for_whom="child")
    assert told.status == 200
    assert "藥局" in told.text


async def test_a_child_is_refused_with_rule_and_way(visitor: Visitor) -> None:
    await be(visitor, "bao")
    assert visitor.page.status == 403
    assert "child_not_eligible" in visitor.page.text


async def test_a_closed_store_is_told_as_such_and_not_taken(
    visitor: Visitor, system: System
) -> None:
    async with system.db.transaction() as tx:
        await tx.execute("UPDATE store SET open = false WHERE store_code = %s", (STORE.code,))
    await sign_in(visitor)
    await visitor.submit(q=STORE.code)
    assert "目前沒有開放取貨" in visitor.page.text
    await visitor.submit(store=SHOP)
    assert visitor.page.status == 422
    none = await visitor.submit(q="沒有這種店名")
    assert "找不到" in none.text


async def test_before_opening_and_after_closing_the_start_page_says_when(
    visitor: Visitor, system: System
) -> None:
    await SetClock(system.db).set(at(date(2020, 3, 1)))
    early = await visitor.go("/")
    assert "3月12日（星期四）上午 9:00開始登記" in early.text
    assert "/zh/check" not in early.links
    await sign_in(visitor)
    await visitor.go("/store")
    assert "not_open_yet" in visitor.page.text


async def test_the_draw_is_public_from_closing_on(visitor: Visitor, system: System) -> None:
    await register(visitor)
    before = await visitor.go("/rounds/2020-1/draw")
    assert "截止後公布名單的指紋" in before.text
    await advance_to(system, at(date(2020, 3, 18), 23))
    frozen = await visitor.go("/rounds/2020-1/draw")
    assert "名單指紋" in frozen.text
    assert "亂數值" not in frozen.text
    await advance_to(system, PUBLISHED)
    drawn = await visitor.go("/rounds/2020-1/draw")
    assert "結果指紋" in drawn.text
    assert (await visitor.go("/rounds/none/draw")).status == 404


async def test_what_was_submitted_under_an_id_is_not_replaced_by_something_else(
    client: httpx.AsyncClient, visitor: Visitor
) -> None:
    await be(visitor)
    await visitor.submit(q=STORE.name)
    await visitor.submit(store=SHOP)
    await visitor.submit(mobile="0912345678")
    answers, draft = visitor.page, client.cookies["emask_draft"]
    await visitor.submit("submission_id")
    # the answer was lost, and the visitor goes on in English
    client.cookies.set("emask_draft", draft, domain="mask.test", path="/")
    form = answers.forms[-1].values
    english = Visitor(client, "en")
    await english.go("/answers")
    assert english.form("submission_id").values["submission_id"] == form["submission_id"]
    again = await english.submit("submission_id")
    assert again.heading in ("You are registered", "Check your answers")
    if again.heading == "Check your answers":
        again = await english.submit("submission_id")
    assert again.heading == "You are registered"


async def test_a_round_of_child_masks_is_told_as_such(visitor: Visitor, system: System) -> None:
    async with system.db.transaction() as tx:
        await tx.execute("UPDATE round SET product = 'child_mask' WHERE round_id = '2020-1'")
    assert "預購兒童口罩" in (await visitor.go("/")).heading
    for whom, leads_to in (("child", "/zh/identify"), ("adult", "/zh/ways-to-buy")):
        await visitor.go("/check")
        assert (await visitor.submit(for_whom=whom)).path == leads_to


async def test_who_registered_at_a_store_that_closed_may_choose_another(
    visitor: Visitor, system: System
) -> None:
    await register(visitor)
    async with system.db.transaction() as tx:
        await tx.execute("UPDATE store SET open = false WHERE store_code = %s", (STORE.code,))
    progress = await visitor.go("/progress")
    assert "已停止取貨" in progress.text
    assert "/zh/store" in progress.links


async def test_who_has_an_order_comes_to_it_also_when_another_round_has_opened(
    visitor: Visitor, system: System
) -> None:
    await register(visitor)
    await advance_to(system, at(date(2020, 3, 19), 10))
    await sign_in(visitor)
    assert visitor.page.path == "/zh/progress"
    assert "新一輪登記中" in visitor.page.text
    await sign_in(visitor, "tong")
    assert visitor.page.path == "/zh/store"


async def test_what_can_no_longer_be_done_is_not_offered(visitor: Visitor, system: System) -> None:
    await be(visitor)
    assert (await visitor.go("/orders/2020-1/cancel")).path == "/zh/progress"
    await register(visitor)
    kept = await visitor.go("/orders/2020-1/cancel")
    assert "保留登記" in kept.text
    assert "前可以更改或取消" in (await visitor.go("/done")).text
    await advance_to(system, at(date(2020, 3, 18), 21))
    await be(visitor)
    assert (await visitor.go("/orders/2020-1/cancel")).path == "/zh/progress"
    confirmation = await visitor.go("/done")
    assert confirmation.heading == "登記完成"
    assert "前可以更改或取消" not in confirmation.text


async def test_a_pickup_number_is_told_as_long_as_there_is_a_pack_to_get(
    visitor: Visitor, system: System
) -> None:
    await register(visitor)
    await advance_to(system, PUBLISHED)
    await be(visitor)
    assert "not_paid" in (await visitor.go("/orders/2020-1/pick-up")).text
    await pay(visitor)
    assert "not_arrived" in (await visitor.go("/orders/2020-1/pick-up")).text
    await advance_to(system, at(date(2020, 4, 2), 9))
    await be(visitor)
    for page in ("pick-up", "store"):
        assert "forfeited" in (await visitor.go(f"/orders/2020-1/{page}")).text


async def test_a_child_and_a_resident_are_offered_what_they_can_have(visitor: Visitor) -> None:
    await be(visitor, "bao")
    child = await visitor.go("/progress")
    assert "這一輪只預購成人口罩" in child.text
    assert "/zh/store" not in child.links
    await be(visitor, "mai")
    resident = await visitor.go("/progress")
    assert "/zh/store" in resident.links
    assert "/zh/certificates" not in resident.links


async def test_the_store_of_last_time_is_offered_and_one_click_goes_on(
    visitor: Visitor, system: System
) -> None:
    await register(visitor)
    await advance_to(system, at(date(2020, 3, 19), 10))
    await be(visitor)
    again = await visitor.go("/store")
    assert f"目前選的門市： 7-11 {STORE.name}" in again.text
    assert "/zh/answers" in again.links
    await visitor.go("/answers")
    await visitor.submit("submission_id")
    assert visitor.page.heading == "登記完成"
    assert "3月26日" in visitor.page.text
    async with system.db.transaction() as tx:
        await tx.execute("UPDATE store SET open = false WHERE store_code = %s", (STORE.code,))
    assert "/zh/answers" not in (await visitor.go("/store")).links


async def test_the_confirmation_shows_the_message_that_will_be_sent(
    visitor: Visitor, system: System
) -> None:
    await register(visitor)
    visitor.language = "en"
    confirmed = await visitor.go("/done")
    expected = "【口罩預購】中籤。3/21 20:00前請自行開啟預購網站或健保App繳費22元。查詢1922"
    assert f'<p lang="zh-Hant-TW">{expected}</p>' in confirmed.html
    await advance_to(system, PUBLISHED)
    await send_notices(system)
    await be(visitor)
    assert expected in (await visitor.go("/sandbox/phone")).text
