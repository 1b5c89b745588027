"""The pharmacist's screen: yes or no, sell, undo, stock."""

from datetime import date, timedelta
from typing import Any

import httpx

from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rules.calendar import at
from emask.sandbox.cards import card_evidence, evidence_of
from emask.web.sandbox_pages.cast import CAST
from web.steps import ID_NUMBERS, be, be_staff, pay, register
from web.visitor import Visitor

MING = ID_NUMBERS["ming"]
SUNDAY = at(date(2020, 3, 22), 10)


async def test_yes_sell_and_then_no(visitor: Visitor, system: System) -> None:
    await advance_to(system, SUNDAY)
    await be_staff(visitor, "pharmacist")
    assert "成人口罩 600 片" in visitor.page.text
    yes = await visitor.submit("id_number", id_number=MING)
    assert "✓ 可購買 3 片" in yes.text
    assert "王○明，1983 年生" in yes.text
    assert "王小明" not in yes.html
    sale = visitor.page
    sold = await visitor.submit("sale_id")
    assert "✓ 已售出" in sold.text
    assert "597 片" in sold.text
    visitor.seen.append(sale)  # pressed twice
    assert "597 片" in (await visitor.submit("sale_id")).text

    no = await visitor.submit("id_number", id_number=MING)
    assert "✗ 不可購買" in no.text
    assert "3月29日（星期日）" in no.text
    assert "可購買 3 片" not in no.text


async def test_a_paid_preorder_moves_and_its_owner_sees_why(
    visitor: Visitor, system: System
) -> None:
    await register(visitor)
    await advance_to(system, at(date(2020, 3, 19), 8))
    await be(visitor)
    await pay(visitor)
    await advance_to(system, SUNDAY)
    await be_staff(visitor, "pharmacist")
    await visitor.submit("id_number", id_number=MING)
    await visitor.submit("sale_id")
    await be(visitor)
    progress = await visitor.go("/progress")
    assert "3月29日（星期日）起到門市領取" in progress.text  # B10
    assert "你另外買過口罩，所以領取日順延到3月29日" in progress.text
    await be_staff(visitor, "pharmacist")
    await visitor.submit("reason", reason="點錯")
    await be(visitor)
    assert "3月26日（星期四）起到門市領取" in (await visitor.go("/progress")).text


async def test_undoing_needs_a_reason_and_five_minutes(visitor: Visitor, system: System) -> None:
    await advance_to(system, SUNDAY)
    await be_staff(visitor, "pharmacist")
    await visitor.submit("id_number", id_number=MING)
    await visitor.submit("sale_id", by_proxy="1")
    empty = await visitor.submit("reason", reason=" ")
    assert empty.status == 422
    undone = await visitor.submit("reason", reason="點錯")
    assert "已撤銷" in undone.text
    assert "600 片" in undone.text

    await visitor.submit("id_number", id_number=MING)
    await visitor.submit("sale_id")
    before = visitor.page
    await advance_to(system, SUNDAY + timedelta(minutes=6))
    assert 'data-undo data-seconds="0" hidden' in (await visitor.go("/counter")).html
    visitor.seen.append(before)
    assert "600 片" not in (await visitor.submit("reason", reason="太晚")).text


async def test_the_sale_undone_is_the_one_that_was_seen(
    visitor: Visitor, system: System, client: httpx.AsyncClient
) -> None:
    await advance_to(system, SUNDAY)
    await be_staff(visitor, "pharmacist")
    await visitor.submit("id_number", id_number=MING)
    await visitor.submit("sale_id")
    seen = visitor.page
    other = Visitor(client, "zh")  # the second terminal of the same pharmacy
    await other.go("/counter")
    await other.submit("id_number", id_number=ID_NUMBERS["tong"])
    await other.submit("sale_id")
    visitor.seen.append(seen)
    assert "已撤銷" in (await visitor.submit("reason", reason="刷錯卡")).text
    await visitor.go("/counter")
    again = await visitor.submit("id_number", id_number=MING)
    assert "✓ 可購買 3 片" in again.text
    visitor.seen.append(seen)
    made_up = await visitor.submit("reason", reason="刷錯卡", undo="0" * 32)
    assert made_up.status == 422  # never as though something had been undone
    assert "不能撤銷" in made_up.text
    visitor.seen.append(seen)
    assert (await visitor.submit("reason", reason="長" * 201)).status == 422


async def test_a_sale_that_was_undone_is_not_sold_by_going_back(
    visitor: Visitor, system: System
) -> None:
    await advance_to(system, SUNDAY)
    await be_staff(visitor, "pharmacist")
    yes = await visitor.submit("id_number", id_number=MING)
    await visitor.submit("sale_id")
    await visitor.submit("reason", reason="點錯")
    visitor.seen.append(yes)
    again = await visitor.submit("sale_id")
    assert "已售出" not in again.text
    assert "✗ 不可購買" in again.text
    assert "600 片" in again.text


async def test_a_sale_is_undone_across_midnight(visitor: Visitor, system: System) -> None:
    await advance_to(system, at(date(2020, 3, 22), 23, 58))
    await be_staff(visitor, "pharmacist")
    await visitor.submit("id_number", id_number=MING)
    await visitor.submit("sale_id")
    await advance_to(system, at(date(2020, 3, 23), 0, 1))
    await visitor.go("/counter")
    assert "已撤銷" in (await visitor.submit("reason", reason="點錯")).text


async def test_a_site_that_vanished_from_the_list_sells_nothing(
    visitor: Visitor, system: System
) -> None:
    await advance_to(system, SUNDAY)
    await be_staff(visitor, "pharmacist")
    async with system.db.transaction() as tx:
        await tx.execute("UPDATE counter_site SET active = false")
    no = await visitor.submit("id_number", id_number=MING)
    assert "✗ 不可購買" in no.text
    assert "已不在名單上" in no.text
    assert "王○明" not in no.text
    refused = await visitor.client.get("/zh/counter/offline-list")
    assert (refused.status_code, refused.json()) == (410, {"code": "site_inactive"})


async def test_corrections_and_stock(visitor: Visitor, system: System) -> None:
    await advance_to(system, SUNDAY)
    await be_staff(visitor, "pharmacist")
    typo = await visitor.submit("id_number", id_number="A123456788")
    assert typo.status == 422
    assert "檢查碼" in typo.text
    unknown = await visitor.submit("id_number", id_number="A123456789")
    assert "✗ 不可購買" in unknown.text
    await visitor.go("/counter")
    for pieces in ("many", "0", "-3", "100000", "9" * 40, "9" * 6000, "1.5"):
        wrong = await visitor.submit("pieces", stock_product="adult_mask", pieces=pieces)
        assert wrong.status == 422
        assert visitor.form("pieces").values["pieces"] == pieces
    added = await visitor.submit("pieces", stock_product="adult_mask", pieces="４０")
    assert "640 片" in added.text


async def test_a_child_buys_child_masks_on_any_day(visitor: Visitor) -> None:
    await be_staff(visitor, "pharmacist")
    child = await visitor.submit("id_number", id_number=ID_NUMBERS["bao"], product="child_mask")
    assert "✓ 可購買 5 片" in child.text
    adult = await visitor.post("/counter", id_number=MING, product="child_mask")
    assert "✗ 不可購買" in adult.text


async def test_a_sale_that_stopped_being_allowed_says_so(visitor: Visitor, system: System) -> None:
    await advance_to(system, SUNDAY)
    await be_staff(visitor, "pharmacist")
    await visitor.submit("id_number", id_number=MING)
    offered = visitor.page
    await visitor.go("/counter")
    await visitor.submit("id_number", id_number=MING)
    await visitor.submit("sale_id")
    visitor.seen.append(offered)
    late = await visitor.submit("sale_id")
    assert "✗ 不可購買" in late.text
    assert (
        await visitor.post("/counter/sales", id_number=MING, product="adult_mask")
    ).status == 200


async def test_a_visitor_acts_for_so_many_others(visitor: Visitor, system: System) -> None:
    await advance_to(system, SUNDAY)
    await be_staff(visitor, "pharmacist")
    await visitor.submit("id_number", id_number=MING)
    assert "一位訪客可代 1 位成人與 3 位兒童" in visitor.page.text
    sold = await visitor.submit("sale_id", by_proxy="1")
    same = next(link for link in sold.links if "?visit=" in link)
    await visitor.go(same.removeprefix("/zh"))
    await visitor.submit("id_number", id_number=ID_NUMBERS["tong"])
    refused = await visitor.submit("sale_id", by_proxy="1")
    assert "代購的人數已滿" in refused.text

    await visitor.go("/counter")  # the next visitor
    await visitor.submit("id_number", id_number=ID_NUMBERS["tong"])
    assert "已售出" in (await visitor.submit("sale_id", by_proxy="1")).text


async def test_another_paper_and_a_count_by_forms_alone(visitor: Visitor, system: System) -> None:
    await advance_to(system, SUNDAY)
    await be_staff(visitor, "pharmacist")
    wrong = await visitor.submit("id_number", id_number=MING, paper="library_card")
    assert wrong.status == 422
    await visitor.submit("id_number", id_number=MING, paper="residence_permit")
    await visitor.submit("sale_id")
    async with system.db.connection() as tx:
        papers = await (await tx.execute("SELECT paper FROM counter_sale")).fetchall()
    assert papers == [("residence_permit",)]
    for count in ("", "many", "-1", "100000"):
        assert (await visitor.submit("count_adult_mask", count_adult_mask=count)).status == 422
    counted = await visitor.submit("count_adult_mask", count_adult_mask="0", count_child_mask="９")
    assert "已記下盤點" in counted.text
    assert "成人口罩 0 片 兒童口罩 9 片" in counted.text


async def ask_as_script(visitor: Visitor, path: str, **fields: str) -> httpx.Response:
    token = next(f.values["_csrf_token"] for f in visitor.page.forms if "_csrf_token" in f.values)
    return await visitor.client.post(
        f"/zh{path}",
        data={"_csrf_token": token, **fields},
        headers={"accept": "application/json"},
    )


async def told(visitor: Visitor, **fields: str) -> dict[str, Any]:
    answer = await ask_as_script(visitor, "/counter", **fields)
    assert answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = answer.json()["told"]
    return found


async def test_a_script_gets_the_screen_as_data(visitor: Visitor, system: System) -> None:
    await advance_to(system, SUNDAY)
    await be_staff(visitor, "pharmacist")
    yes = await told(visitor, id_number=MING)
    assert (yes["kind"], yes["word"]) == ("yes", "可購買 3 片")
    (choice,) = yes["choices"]
    sale = {"id_number": MING, "product": choice["product"], "sale_id": yes["sale_id"]}
    for _ in range(2):  # sent again because no answer came
        sold = (await ask_as_script(visitor, "/counter/sales", **sale)).json()
        assert sold["told"] is None
        assert [each["pieces"] for each in sold["stock"]] == [597, 200]
    assert sold["undo"]["sale_id"] == yes["sale_id"]
    assert sold["undo"]["seconds"] == 300
    no = await told(visitor, id_number=MING)
    assert (no["kind"], no["choices"]) == ("no", [])
    assert "安康藥局" in no["lines"][1]
    assert "3月29日" in no["lines"][2]
    typo = await ask_as_script(visitor, "/counter", id_number="A1")
    assert typo.status_code == 422
    assert set(typo.json()["errors"]) == {"id_number"}
    undone = await ask_as_script(visitor, "/counter/undo", undo=yes["sale_id"], reason="點錯")
    assert undone.json()["stock"][0]["pieces"] == 600
    assert undone.json()["undo"] is None


async def test_a_card_that_was_read_has_to_be_the_one_on_file(
    visitor: Visitor, system: System
) -> None:
    await advance_to(system, SUNDAY)
    await be_staff(visitor, "pharmacist")
    ming, tokens = CAST[0].person, system.identity.tokens
    good = card_evidence(tokens, ming, at=SUNDAY)
    assert (await told(visitor, evidence=good))["kind"] == "yes"
    another = card_evidence(tokens, ming, at=SUNDAY, card_number="000055599999")
    assert (await told(visitor, evidence=another))["kind"] == "no"
    late = card_evidence(tokens, ming, at=SUNDAY - timedelta(hours=1))
    for nothing in (late, "no evidence", evidence_of("token", b"")):
        unknown = await told(visitor, evidence=nothing)
        assert (unknown["kind"], unknown["word"], unknown["person"]) == ("unknown", "無法確認", "")


async def test_who_is_signed_out_gets_no_data(visitor: Visitor, client: httpx.AsyncClient) -> None:
    answer = await client.get("/zh/counter", headers={"accept": "application/json"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/zh/staff/sign-in")
    await be_staff(visitor, "clerk")
    answer = await client.get("/zh/counter", headers={"accept": "application/json"})
    assert answer.status_code == 403
