"""The NHI office: documents, registering, serving, the paper slip."""

import inspect
import re
from datetime import date

import httpx

from emask.database.audit_log import first_broken_link
from emask.identity.model import StaffRole
from emask.identity.staff import add_staff
from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rules.calendar import at
from emask.sandbox.certificates import PIN
from emask.web.app import _PERSONAL
from emask.web.sandbox_pages.cast import PASSWORD
from web.api_caller import ORDER, PLACING, ApiCaller
from web.steps import ID_NUMBERS, SHOP, be, be_staff, bind_own_phone, get_account, register
from web.visitor import Visitor

NATIONAL = {"nhi_card": "1", "national_id": "1", "household_certificate": "1"}


async def test_an_officer_places_the_preorder_and_prints_a_slip(
    visitor: Visitor, client: httpx.AsyncClient
) -> None:
    await be_staff(visitor, "officer")
    missing = await visitor.submit(id_number=ID_NUMBERS["ling"], nhi_card="1", act="serve")
    assert missing.status == 422
    assert "還要出示" in missing.text
    await visitor.submit(id_number=ID_NUMBERS["ling"], act="serve", **NATIONAL)
    assert visitor.page.path == "/zh/store"
    assert "正在為民眾代辦" in visitor.page.html
    await visitor.submit(q="T00001")
    await visitor.submit(store=SHOP)
    await visitor.submit(mobile="0912345678")
    done = await visitor.submit("submission_id")
    assert "/zh/office/slip" in done.links
    slip = await visitor.go("/office/slip")
    assert "陳○玲" in slip.text
    assert "ATM 轉帳" in slip.text
    ended = await visitor.post("/office/end")
    assert ended.path == "/zh/office"
    assert "emask_session" not in client.cookies


async def test_foreign_residents_and_waived_certificates(visitor: Visitor) -> None:
    await be_staff(visitor, "officer")
    foreign = await visitor.submit(
        id_number=ID_NUMBERS["mai"], nhi_card="1", residence_permit="1", act="register"
    )
    assert "已註冊" in foreign.text
    waived = await visitor.submit(
        id_number=ID_NUMBERS["ling"],
        nhi_card="1",
        national_id="1",
        waived_reason="戶籍資料已查驗",
        act="register",
    )
    assert "已註冊" in waived.text
    unknown = await visitor.submit(id_number="A123456789", act="register", **NATIONAL)
    assert unknown.status == 422
    assert "#id_number" in unknown.links
    assert (await visitor.submit(id_number="A1", act="register")).status == 422
    wordy = await visitor.submit(
        id_number=ID_NUMBERS["ling"], nhi_card="1", waived_reason="長" * 201, act="register"
    )
    assert "#waived_reason" in wordy.links


async def test_the_slip_says_how_far_the_order_is(visitor: Visitor, system: System) -> None:
    await register(visitor, "ling")
    await advance_to(system, at(date(2020, 3, 19), 10))  # another round has opened
    await _serve(visitor)
    assert "/zh/office/slip?round=2020-1" in (await visitor.go("/progress")).links
    due = await visitor.go("/office/slip")
    assert "狀態 待繳費" in due.text
    assert "帳號可回服務據點查詢" in due.text
    account = await get_account(visitor)
    assert f"銀行代碼 004，轉入帳號 {account}" in (await visitor.go("/office/slip")).text
    await visitor.go("/orders/2020-1/pay")
    await visitor.submit("account")
    await advance_to(system, at(date(2020, 3, 26), 10))
    await _serve(visitor)
    there = await visitor.go("/office/slip?round=2020-1")
    assert "狀態 已到店" in there.text
    assert "取貨編號" in there.text
    assert "轉入帳號" not in there.text
    assert "no_preorder" in (await visitor.go("/office/slip?round=2020-2")).text


async def _serve(visitor: Visitor) -> None:
    await be_staff(visitor, "officer")
    await visitor.submit(id_number=ID_NUMBERS["ling"], act="serve", **NATIONAL)


async def test_a_slip_needs_an_order(visitor: Visitor) -> None:
    await be_staff(visitor, "officer")
    await visitor.submit(id_number=ID_NUMBERS["ling"], act="serve", **NATIONAL)
    assert "no_preorder" in (await visitor.go("/office/slip")).text
    out = await visitor.post("/staff/sign-out")
    assert out.path == "/zh/staff/sign-in"
    assert (await visitor.go("/progress")).path.startswith("/zh/identify")


async def test_an_officer_lets_a_phone_be_bound(visitor: Visitor) -> None:
    await be_staff(visitor, "officer")
    page = await visitor.submit(id_number=ID_NUMBERS["ling"], act="phone", **NATIONAL)
    assert "綁定手機" in page.heading
    digits = re.search(3 * r"<span>([0-9]{4})</span>", page.html)
    assert digits
    await visitor.go("/identify/device-code")
    await visitor.submit(digits=" ".join(digits.groups()), demo_phone="ling")
    await visitor.post("/identify/bind")
    assert (await visitor.go("/progress")).status == 200
    assert visitor.page.path == "/zh/progress"


async def _acts(system: System) -> list[tuple[str, str]]:
    async with system.db.transaction() as tx:
        assert await first_broken_link(tx) is None
        cursor = await tx.execute("SELECT actor, act FROM audit_log ORDER BY seq")
        return [(row[0], row[1]) for row in await cursor.fetchall()]


async def _hand_out(visitor: Visitor, who: str, *, act: str = "register") -> str:
    """The password on the page, which is there once."""
    await be_staff(visitor, "officer")
    page = await visitor.submit(id_number=ID_NUMBERS[who], act=act, **NATIONAL)
    assert page.headers["cache-control"] == "no-store"
    printed = re.search(r"(?:[2-9A-HJKMNP-Z]{3}-){3}[2-9A-HJKMNP-Z]{3}", page.text)
    assert printed
    return printed[0]


async def test_a_first_password_is_handed_out_once_and_replaced_by_ones_own(
    visitor: Visitor, client: httpx.AsyncClient
) -> None:
    first = await _hand_out(visitor, "ling")
    assert "只顯示這一次" in visitor.page.text
    again = await visitor.submit("act", act="serve")  # for the same person, nothing typed anew
    assert again.path == "/zh/store"
    await visitor.post("/staff/sign-out")

    await visitor.go("/identify/card")
    led = await visitor.submit(demo_card="ling", password=first.lower())
    assert led.path == "/zh/identify/password"
    assert "emask_session" not in client.cookies
    assert (await visitor.go("/progress")).path.startswith("/zh/identify")
    await visitor.go("/identify/password")
    assert "換一組和紙上不同的密碼" in (await visitor.submit(password=first)).text
    assert (await visitor.submit(password="short")).status == 422
    assert (await visitor.submit(password="")).status == 422
    arrived = await visitor.submit(password="one of my own")
    assert arrived.path == "/zh/store"
    assert "emask_choosing" not in client.cookies
    await visitor.post("/sign-out")
    await visitor.go("/identify/card")
    straight = await visitor.submit(demo_card="ling", password="one of my own")
    assert straight.path == "/zh/store"
    gone = await visitor.go("/identify/password")
    assert "evidence_expired" in gone.html


async def test_who_has_a_password_gets_another_only_when_it_is_forgotten(
    visitor: Visitor,
) -> None:
    await be_staff(visitor, "officer")
    kept = await visitor.submit(id_number=ID_NUMBERS["tong"], act="register", **NATIONAL)
    assert "林○同已設定過密碼" in kept.heading
    made = await visitor.submit("act", act="password")
    assert "初始密碼" in made.heading
    await visitor.go("/identify/card")
    old = await visitor.submit(demo_card="tong", password=PASSWORD)
    assert "wrong_password" in old.html


async def test_english_officers_find_all_of_it(client: httpx.AsyncClient) -> None:
    visitor = Visitor(client, "en")
    await _hand_out(visitor, "ling")
    assert "First password" in visitor.page.heading
    phone = await visitor.submit("act", act="phone")
    assert "Link a phone" in phone.heading
    assert (await visitor.submit("act", act="serve")).path == "/en/store"


async def test_every_act_is_in_the_audit_log_and_no_secret_is(
    visitor: Visitor, system: System
) -> None:
    first = await _hand_out(visitor, "ling")
    await visitor.submit("act", act="phone")
    await visitor.submit("act", act="serve")
    await visitor.submit(q="T00001")
    await visitor.submit(store=SHOP)
    await visitor.submit(mobile="0912345678")
    await visitor.submit("submission_id")
    await visitor.go("/office/slip")
    await visitor.post("/orders/2020-1/cancel")
    await visitor.post("/office/end")
    await visitor.post("/staff/sign-out")
    assert await _acts(system) == [
        ("officer", act)
        for act in (
            *("sign_in", "register", "first_password", "device_code", "serve"),
            *("place_preorder", "print_slip", "cancel_preorder", "sign_out"),
        )
    ]
    async with system.db.connection() as connection:
        cursor = await connection.execute("SELECT audit_log::text FROM audit_log")
        told = " ".join([row[0] for row in await cursor.fetchall()])
    assert first not in told
    assert ID_NUMBERS["ling"] not in told


async def test_what_people_do_for_themselves_is_no_act_of_an_officer(
    visitor: Visitor, system: System
) -> None:
    await register(visitor, "ling")
    assert await _acts(system) == []


ONLY_A_DRAFT = {"take_store", "take_mobile"}
NOT_AT_THE_COUNTER = {"show_device_code"}  # ComputerOnly


def test_whatever_an_officer_may_change_for_a_person_is_logged() -> None:
    changing = {
        handler.handler_name: inspect.getsource(handler.fn)
        for handler in _PERSONAL
        if handler.http_methods == {"POST"}
    }
    silent = {name for name, source in changing.items() if "note_if_served(" not in source}
    assert silent == ONLY_A_DRAFT | NOT_AT_THE_COUNTER


async def test_a_password_set_in_an_officers_browser_is_logged(
    visitor: Visitor, system: System
) -> None:
    await _serve(visitor)
    assert "/zh/password" not in (await visitor.go("/progress")).links
    await visitor.go("/password")
    await visitor.submit("password", password="chosen at the desk")
    assert (await _acts(system))[-1] == ("officer", "set_password")


async def test_a_session_at_the_office_opens_nothing_without_its_officer(
    visitor: Visitor, client: httpx.AsyncClient, api: ApiCaller
) -> None:
    await _serve(visitor)
    token = client.cookies["emask_session"]
    assert (await visitor.go("/progress")).path == "/zh/progress"
    for colleague in ("", "operator"):  # nobody at work, or somebody else
        client.cookies.delete("emask_staff")
        if colleague:
            await be_staff(visitor, colleague)
        assert client.cookies["emask_session"] == token
        assert (await visitor.go("/progress")).path.startswith("/zh/identify")
        assert (await visitor.go("/password")).path.startswith("/zh/identify")
    bearer = {"authorization": f"Bearer {token}"}
    for path in ("/api/v1/preorders/2020-1", "/api/v1/progress/2020-1"):
        assert (await client.get(path, headers=bearer)).status_code in (401, 404)
    placed = await client.post(PLACING, json=ORDER, headers=bearer)
    assert (placed.status_code, placed.json()["code"]) == (401, "session_ended")
    await be_staff(visitor, "officer")  # the one whom it names
    assert (await visitor.go("/progress")).path == "/zh/progress"


async def test_another_officer_is_not_the_one_whom_a_session_names(
    visitor: Visitor, client: httpx.AsyncClient, system: System
) -> None:
    await _serve(visitor)
    async with system.db.transaction() as tx:
        await add_staff(tx, username="officer-2", password="mask-2020", role=StaffRole.OFFICER)
    client.cookies.delete("emask_staff")
    await visitor.go("/staff/sign-in")
    await visitor.submit(username="officer-2", password="mask-2020")
    assert visitor.page.path == "/zh/office"
    assert (await visitor.go("/progress")).path.startswith("/zh/identify")


async def test_an_act_that_does_not_exist_does_nothing(visitor: Visitor, system: System) -> None:
    await be_staff(visitor, "officer")
    before = await _acts(system)
    for act in ("", "Register", "delete"):
        await visitor.go("/office")
        refused = await visitor.submit(id_number=ID_NUMBERS["ling"], act=act, **NATIONAL)
        assert (refused.status, refused.heading) == (400, "送出的內容讀不出來")
    assert await _acts(system) == before


async def test_an_officer_lets_go_of_all_phones(visitor: Visitor, system: System) -> None:
    await bind_own_phone(visitor)
    await visitor.post("/sign-out")
    await be_staff(visitor, "officer")
    done = await visitor.submit(id_number=ID_NUMBERS["ming"], act="release", **NATIONAL)
    assert "手機都已解除綁定" in done.heading
    assert "解除了 1 支手機" in done.text
    assert (await _acts(system))[-1] == ("officer", "release_phones")
    again = await visitor.submit("act", act="serve")  # for the same person, nothing typed anew
    assert again.path in ("/zh/store", "/zh/progress")
    await visitor.post("/office/end")
    await visitor.go("/identify/device")
    assert "device_not_bound" in (await visitor.submit(demo_phone="ming")).html


async def test_who_comes_by_certificate_need_not_choose_a_password(visitor: Visitor) -> None:
    await be(visitor)
    await visitor.go("/certificates")
    await visitor.submit(demo_certificate="ming", pin=PIN)
    await visitor.post("/sign-out")
    first = await _hand_out(visitor, "ming", act="password")
    await visitor.post("/staff/sign-out")
    await visitor.go("/identify/certificate")
    arrived = await visitor.submit(demo_certificate="ming", pin=PIN)
    assert arrived.path in ("/zh/store", "/zh/progress")
    await visitor.post("/sign-out")
    await visitor.go("/identify/card")
    assert (await visitor.submit(demo_card="ming", password=first)).path == "/zh/identify/password"
