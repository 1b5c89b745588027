"""Every way in and every way to fail at one (A1-A15)."""

import re

import httpx
import pytest

from emask.database.clock import SystemClock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.programme.system import open_system
from emask.sandbox.evidence import PIN
from emask.sandbox.system import sandbox_partners
from emask.web.app import create_app
from emask.web.sandbox_pages.cast import CAST, PASSWORD
from web.steps import ID_NUMBERS, be, sign_in
from web.visitor import Visitor

LING = next(each.person for each in CAST if each.key == "ling")


async def test_choosing_a_way_tells_the_conditions_first(visitor: Visitor) -> None:
    ways = await visitor.go("/identify")
    assert "不會寄簡訊驗證碼" in ways.text
    assert "限本國籍人士" in ways.text
    none = await visitor.submit("way")
    assert none.status == 422
    for way in ("card", "certificate", "mobile", "device-code", "device"):
        await visitor.go("/identify")
        chosen = await visitor.submit(way=way)
        assert chosen.path == f"/zh/identify/{way}"
        nothing = await visitor.submit("_csrf_token")
        assert nothing.status == 422
        assert nothing.title.startswith("錯誤：")


async def test_a_wrong_password_names_the_next_way_and_the_hotline(visitor: Visitor) -> None:
    await visitor.go("/identify/card")
    refused = await visitor.submit(demo_card="ming", password="something else")
    assert refused.status == 403
    assert "0800-030-598" in refused.text
    assert "/zh/identify" in refused.links
    assert "wrong_password" in refused.text


async def test_registering_a_card_signs_in(visitor: Visitor) -> None:
    await visitor.go("/register")
    short = await visitor.submit(
        demo_card="ling",
        nhi_card=LING.nhi_card,
        household_number=LING.household_number,
        password="short",
    )
    assert short.status == 422
    done = await visitor.submit(
        demo_card="ling",
        nhi_card=LING.nhi_card,
        household_number=LING.household_number,
        password="long enough",
    )
    assert done.path == "/zh/store"
    assert "/zh/register" in (await visitor.go("/forgotten-password")).links


async def test_a_certificate_signs_in_and_counts_wrong_pins(visitor: Visitor) -> None:
    await visitor.go("/identify/certificate")
    wrong = await visitor.submit(demo_certificate="ming", pin="000000")
    assert "wrong_pin" in wrong.text
    await visitor.go("/identify/certificate")
    right = await visitor.submit(demo_certificate="ming", pin=PIN)
    assert right.path == "/zh/store"


async def test_a_certificate_is_bound_by_who_is_signed_in(visitor: Visitor) -> None:
    await visitor.go("/identify/certificate")
    unbound = await visitor.submit(demo_certificate="tong", pin=PIN)
    assert "certificate_not_bound" in unbound.text
    await be(visitor, "tong")
    await visitor.go("/certificates")
    assert (await visitor.submit("challenge")).status == 422
    bound = await visitor.submit(demo_certificate="tong", pin=PIN)
    assert "憑證已登錄" in bound.text
    await visitor.go("/identify/certificate")
    assert (await visitor.submit(demo_certificate="tong", pin=PIN)).path == "/zh/store"


@pytest.mark.parametrize(
    ("who", "phone", "wifi", "code"),
    [
        ("ming", "ming", "1", "not_on_mobile_network"),
        ("tong", "tong", "", "prepaid_line"),
        ("ling", "ling", "", "company_line"),
        ("tong", "ming", "", "not_own_number"),
        ("mai", "mai", "", "nationals_only"),
    ],
)
async def test_lines_that_are_not_ones_own_are_refused(
    visitor: Visitor, who: str, phone: str, wifi: str, code: str
) -> None:
    await visitor.go("/identify/mobile")
    answers = {"id_number": ID_NUMBERS[who], "demo_phone": phone}
    refused = await visitor.submit(**answers, **({"demo_wifi": wifi} if wifi else {}))
    assert refused.status == 403
    assert code in refused.text
    assert "0800-030-598" in refused.text


async def test_ones_own_number_binds_the_phone(visitor: Visitor) -> None:
    await visitor.go("/identify/mobile")
    own = await visitor.submit(id_number=ID_NUMBERS["ming"].lower(), demo_phone="ming")
    assert own.path == "/zh/store"
    await visitor.submit("", q="")  # the search, which comes first
    await visitor.go("/identify/device")
    assert (await visitor.submit(demo_phone="ming")).path == "/zh/store"
    await visitor.go("/identify/device")
    assert "device_not_bound" in (await visitor.submit(demo_phone="tong")).text


async def test_a_device_code_links_any_phone_once(visitor: Visitor) -> None:
    await be(visitor, "mai")
    await visitor.go("/device-codes")
    shown = await visitor.submit("_csrf_token")
    found = re.search(r'class="big-number"><span>(\d{4})</span><span>(\d{4})</span>', shown.html)
    assert found
    assert "<svg" in shown.html
    assert shown.path == "/zh/device-codes"  # the code itself is in no address
    await visitor.go("/identify/device-code")
    digits = " ".join(found.groups())
    assert (await visitor.submit(digits=digits, demo_phone="mai")).path == "/zh/store"
    await visitor.go("/identify/device-code")
    again = await visitor.submit(digits=digits, demo_phone="mai")
    assert "device_code_wrong" in again.text


async def test_a_new_password_after_signing_in_another_way(visitor: Visitor) -> None:
    await be(visitor)
    await visitor.go("/password")
    assert (await visitor.submit(password="short")).status == 422
    assert "新密碼已設定" in (await visitor.submit(password="another one")).text
    await sign_in(visitor)
    assert "wrong_password" in visitor.page.text


async def test_signing_out_leaves_nothing_on_the_machine(
    visitor: Visitor, client: httpx.AsyncClient
) -> None:
    await be(visitor)
    assert "emask_session" in client.cookies
    await visitor.post("/sign-out")
    assert "emask_session" not in client.cookies
    assert (await visitor.go("/progress")).path == "/zh/identify"


async def test_in_production_the_device_itself_answers(demo_db: Database, keys: Keys) -> None:
    clock = SystemClock()
    partners = sandbox_partners(demo_db, clock, keys)
    async with open_system(demo_db, clock=clock, keys=keys, partners=partners) as system:
        transport = httpx.ASGITransport(create_app(system))
        async with httpx.AsyncClient(transport=transport, base_url="http://mask.test") as client:
            visitor = Visitor(client, "zh")
            assert "示範" not in (await visitor.go("/")).html
            for way in ("card", "certificate", "mobile", "device-code", "device"):
                page = await visitor.go(f"/identify/{way}")
                assert "demo" not in page.html
                unanswered = await visitor.submit("evidence")
                assert unanswered.status == 422
                assert "#evidence" in unanswered.links
            for path in ("/demo", "/sandbox/atm", "/sandbox/phone", "/sandbox/pay/1"):
                assert (await visitor.go(path)).status == 404
            await visitor.go("/identify/card")
            refused = await visitor.submit("evidence", evidence="made up", password=PASSWORD)
            assert "card_unknown" in refused.text
