"""The NHI office: documents, registering, serving, the paper slip."""

import re

import httpx

from web.steps import ID_NUMBERS, SHOP, be_staff
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
    digits = re.search(r"<span>([0-9]{4})</span><span>([0-9]{4})</span>", page.html)
    assert digits
    await visitor.go("/identify/device-code")
    await visitor.submit(digits=f"{digits[1]} {digits[2]}", demo_phone="ling")
    assert (await visitor.go("/progress")).status == 200
    assert visitor.page.path == "/zh/progress"
