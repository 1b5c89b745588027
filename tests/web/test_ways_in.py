"""Every way in and every way to fail at one (A1-A15)."""

import re

import httpx
import pytest

from emask.database.clock import SystemClock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.programme.system import System, open_system
from emask.sandbox.certificates import PIN
from emask.sandbox.system import sandbox_partners
from emask.web.app import create_app
from emask.web.sandbox_pages.cast import CAST, PASSWORD
from web.places import SITE
from web.steps import ID_NUMBERS, MOBILES, be, bind_own_phone, sign_in
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
    another = await visitor.submit(
        demo_card="ling",
        nhi_card=CAST[0].person.nhi_card,
        household_number=LING.household_number,
        password="long enough",
    )
    assert another.status == 422
    assert "#nhi_card" in another.links
    assert visitor.form("nhi_card").values["household_number"] == LING.household_number
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
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_lines_that_are_not_ones_own_are_refused(
    visitor: Visitor, *, language: str, who: str, phone: str, wifi: str, code: str
) -> None:
    visitor.language = language
    await visitor.go("/identify/mobile")
    answers = {"id_number": ID_NUMBERS[who], "mobile": MOBILES[phone], "demo_phone": phone}
    refused = await visitor.submit(**answers, **({"demo_wifi": wifi} if wifi else {}))
    assert refused.status == 403
    assert refused.language[:2] == language  # also after the operator sent the phone back
    assert code in refused.text
    assert "0800-030-598" in refused.text
    assert {f"/{language}/identify/device-code", f"/{language}/identify/mobile"} <= {*refused.links}


async def test_a_number_of_somebody_elses_sim_is_refused(visitor: Visitor) -> None:
    await visitor.go("/identify/mobile")
    refused = await visitor.submit(
        id_number=ID_NUMBERS["ming"], mobile=MOBILES["tong"], demo_phone="ming"
    )
    assert "not_own_number" in refused.text


async def test_ones_own_number_binds_the_phone(visitor: Visitor) -> None:
    await visitor.go("/identify/mobile")
    recognised = await visitor.submit(
        id_number=ID_NUMBERS["ming"].lower(), mobile="０９１２ 000-001", demo_phone="ming"
    )
    assert recognised.path == "/zh/identify/bind"
    assert "不會寄驗證碼" in recognised.text
    assert (await visitor.post("/identify/bind")).path == "/zh/store"
    await visitor.go("/identify/device")
    assert (await visitor.submit(demo_phone="ming")).path == "/zh/store"
    await visitor.go("/identify/device")
    assert "device_not_bound" in (await visitor.submit(demo_phone="tong")).text


async def test_an_answer_of_the_operator_serves_once_and_one_phone(visitor: Visitor) -> None:
    await visitor.go("/identify/mobile")
    token = visitor.form("mobile").values["_csrf_token"]
    own = {"id_number": ID_NUMBERS["ming"], "mobile": MOBILES["ming"], "demo_phone": "ming"}
    sent = await visitor.client.post("/zh/identify/mobile", data={"_csrf_token": token, **own})
    assert ID_NUMBERS["ming"] not in sent.headers["location"]  # nor the number: state alone
    assert MOBILES["ming"][1:] not in sent.headers["location"]
    there = await visitor.client.get(sent.headers["location"])
    back = there.headers["location"]
    assert back.startswith("http://mask.test/identify/mobile/return?")
    departure = visitor.client.cookies["emask_departure"]

    visitor.client.cookies.delete("emask_departure")
    assert "evidence_expired" in (await visitor.open(back)).text
    visitor.client.cookies.set("emask_departure", departure, domain="mask.test", path="/")
    altered = await visitor.open(back.replace("state=", "state=x"))
    assert "evidence_altered" in altered.text
    assert (await visitor.open(back)).path == "/zh/identify/bind"
    replayed = await visitor.open(back)
    assert "evidence_replayed" in replayed.text
    assert "/zh/identify/mobile" in replayed.links


async def test_a_phone_is_bound_with_a_permit_only(visitor: Visitor) -> None:
    nobody = await visitor.go("/identify/bind")
    assert nobody.status == 410
    assert "evidence_expired" in nobody.text
    await visitor.go("/check")
    assert "evidence_expired" in (await visitor.post("/identify/bind")).text
    await bind_own_phone(visitor)
    assert visitor.page.path == "/zh/store"
    assert "emask_binding" not in visitor.client.cookies
    assert "evidence_expired" in (await visitor.go("/identify/bind")).text


async def test_the_handset_stays_the_same_one(visitor: Visitor, system: System) -> None:
    await visitor.go("/identify/device-code")
    token = visitor.form("digits").values["_csrf_token"]
    data = {"_csrf_token": token, "digits": "000000000000", "demo_phone": "tong"}
    answer = await visitor.client.post("/zh/identify/device-code", data=data)
    (cookie,) = (each for each in answer.headers.get_list("set-cookie") if "emask_handset" in each)
    assert "demo-phone-tong" in cookie  # in a demo, the one that was picked up
    assert "Max-Age=31536000" in cookie
    assert "HttpOnly" in cookie


async def test_a_device_code_binds_any_phone_once(visitor: Visitor) -> None:
    await be(visitor, "mai")
    await visitor.go("/device-codes")
    shown = await visitor.submit("_csrf_token")
    found = re.search(r'class="big-number">' + 3 * r"<span>(\d{4})</span>", shown.html)
    assert found
    assert "<svg" in shown.html
    assert shown.path == "/zh/device-codes"  # the code itself is in no address
    digits = " ".join(found.groups())
    await visitor.go("/identify/device-code")
    entered = await visitor.submit(digits=digits, demo_phone="mai")
    assert entered.path == "/zh/identify/bind"
    assert (await visitor.post("/identify/bind")).path == "/zh/store"
    await visitor.go("/identify/device-code")
    again = await visitor.submit(digits=digits, demo_phone="mai")
    assert "device_code_wrong" in again.text
    await visitor.go("/identify/device")
    assert (await visitor.submit(demo_phone="mai")).path == "/zh/store"


@pytest.mark.parametrize(
    ("faults", "code", "status"),
    [
        (("operator", "down"), "operator_unreachable", 503),
        (("operator", "wrong_audience"), "evidence_altered", 403),
        (("operator", "not_available"), "line_unproven", 403),
        (("operator", "tethering"), "not_on_mobile_network", 403),
    ],
)
async def test_failures_of_the_operator_are_told(
    visitor: Visitor, faults: tuple[str, str], code: str, status: int
) -> None:
    partner, kind = faults
    await visitor.go("/sandbox/partners")
    await visitor.submit(kind, **{kind: "1"}, partner=partner)
    await visitor.go("/identify/mobile")
    own = {"id_number": ID_NUMBERS["ming"], "mobile": MOBILES["ming"], "demo_phone": "ming"}
    refused = await visitor.submit(**own)
    assert (refused.status, code in refused.text) == (status, True)
    await visitor.go("/sandbox/partners")
    await visitor.post("/sandbox/partners", partner=partner)  # none ticked: it behaves again
    await bind_own_phone(visitor)
    assert visitor.page.path == "/zh/store"


@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        (("ocsp_down", "crl_down"), "revocation_unknown"),
        (("wrong_key",), "revocation_unknown"),
    ],
)
async def test_failures_of_the_directory_are_told(
    visitor: Visitor, kinds: tuple[str, ...], code: str
) -> None:
    await visitor.go("/sandbox/partners")
    await visitor.post("/sandbox/partners", partner="ca", **dict.fromkeys(kinds, "1"))
    await visitor.go("/identify/certificate")
    assert code in (await visitor.submit(demo_certificate="ming", pin=PIN)).text


async def test_a_certificate_is_asked_about_at_each_sign_in(visitor: Visitor) -> None:
    await visitor.go("/sandbox/partners")
    await visitor.post("/sandbox/partners", partner="ca", revoked_mid_session="1")
    await visitor.go("/identify/certificate")
    assert (await visitor.submit(demo_certificate="ming", pin=PIN)).path == "/zh/store"
    await visitor.go("/identify/certificate")
    revoked = await visitor.submit(demo_certificate="ming", pin=PIN)
    assert "certificate_revoked" in revoked.text


@pytest.mark.parametrize("condition", ["expired", "revoked", "untrusted"])
async def test_a_certificate_in_that_condition_is_refused(visitor: Visitor, condition: str) -> None:
    await visitor.go("/sandbox/partners")
    await visitor.submit("holder", holder="ming", condition=condition)
    await visitor.go("/identify/certificate")
    refused = await visitor.submit(demo_certificate="ming", pin=PIN)
    assert f"certificate_{condition}" in refused.text
    assert "/zh/identify/card" in refused.links
    await visitor.go("/sandbox/partners")
    assert (await visitor.post("/sandbox/partners", partner="nobody")).status == 404
    await visitor.go("/sandbox/partners")
    unknown = await visitor.post("/sandbox/partners/certificate", holder="ming", condition="new")
    assert unknown.status == 404


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
    partners = sandbox_partners(demo_db, clock, keys, site=SITE)
    async with open_system(demo_db, clock=clock, keys=keys, partners=partners, site=SITE) as system:
        transport = httpx.ASGITransport(create_app(system))
        async with httpx.AsyncClient(transport=transport, base_url=SITE.origin) as client:
            visitor = Visitor(client, "zh")
            assert "示範" not in (await visitor.go("/")).html
            for way, field in {
                "card": "evidence",
                "certificate": "evidence",
                "mobile": "mobile",
                "device-code": "digits",
                "device": "answer",
            }.items():
                page = await visitor.go(f"/identify/{way}")
                assert "demo" not in page.html
                unanswered = await visitor.submit(field)
                assert unanswered.status == 422
                assert f"#{field}" in unanswered.links
            for path in ("/demo", "/sandbox/atm", "/sandbox/phone", "/sandbox/pay/1"):
                assert (await visitor.go(path)).status == 404
            assert (await visitor.go("/sandbox/partners")).status == 404
            await visitor.go("/identify/card")
            refused = await visitor.submit("evidence", evidence="made up", password=PASSWORD)
            assert "evidence_altered" in refused.text
            await visitor.go("/identify/device-code")
            await visitor.submit(digits="0000 0000 0000")
            assert len(client.cookies["emask_handset"]) > 40
