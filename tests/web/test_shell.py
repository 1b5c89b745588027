"""What all pages share: headers, cookies, tokens, languages, pages for what goes wrong."""

import dataclasses
from datetime import date, timedelta

import httpx
import pytest

from emask.identity.site import Site
from emask.preorder.intake import Intake, IntakeFull, IntakeInterrupted
from emask.preorder.model import Entry, Receipt
from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rules.calendar import at
from emask.web.app import create_app
from emask.web.demo.stage import CURTAIN, STORE
from emask.web.shell.assets import BUILT
from emask.web.shell.security import HEADERS
from web.places import PARTNERS
from web.steps import SHOP, be, be_staff
from web.visitor import Visitor


class BusyIntake(Intake):
    """An intake with no room."""

    def __init__(self, refusal: IntakeFull) -> None:
        self._refusal = refusal

    async def submit(self, entry: Entry) -> Receipt:
        raise self._refusal


@pytest.mark.parametrize("path", ["/zh/", "/en/identify", "/static/icon.svg", "/zh/nowhere"])
async def test_every_answer_keeps_to_itself(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert HEADERS.items() <= answer.headers.items()
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "connect-src 'self' http://127.0.0.1:8721;" in policy  # the card agent
    assert f"form-action 'self' {PARTNERS};" in policy  # the operator recognises phones
    stays = "immutable" if path.startswith("/static/") else "no-store"
    assert stays in answer.headers["cache-control"]


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_cookies_are_out_of_reach_and_secure_over_https(
    client: httpx.AsyncClient, scheme: str
) -> None:
    answer = await client.get("/zh/check", headers={"x-forwarded-proto": scheme})
    secure = scheme == "https"
    assert answer.headers.get_list("set-cookie")
    for cookie in answer.headers.get_list("set-cookie"):
        assert "HttpOnly" in cookie
        assert "samesite=lax" in cookie.lower()
        assert ("; Secure" in cookie) == secure
    assert ("strict-transport-security" in answer.headers) == secure


async def test_cookies_of_a_site_of_https_are_secure_whatever_the_proxy_tells(
    system: System,
) -> None:
    app = create_app(dataclasses.replace(system, site=Site(origin="https://mask.test")))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://mask.test") as client:
        answer = await client.get("/zh/check")
    assert answer.headers.get_list("set-cookie")
    assert all("; Secure" in cookie for cookie in answer.headers.get_list("set-cookie"))
    assert "strict-transport-security" in answer.headers


async def test_the_session_cookie_is_out_of_reach_too(visitor: Visitor) -> None:
    await visitor.go("/demo")
    token = visitor.form().values["_csrf_token"]
    answer = await visitor.client.post(
        "/zh/demo/sign-in", data={"_csrf_token": token, "person": "ming"}
    )
    set_by = answer.headers.get_list("set-cookie")
    (cookie,) = (each for each in set_by if each.startswith("emask_session="))
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()


@pytest.mark.parametrize("token", ["", "made up", "0" * 128])
async def test_a_form_without_its_token_changes_nothing(visitor: Visitor, token: str) -> None:
    await visitor.go("/check")
    refused = await visitor.submit(for_whom="adult", _csrf_token=token)
    assert refused.status == 403
    assert refused.heading == "重新開啟這一頁再送出"
    await visitor.go("/check")  # opening it again is enough
    assert (await visitor.submit(for_whom="adult")).path == "/zh/identify"


async def test_what_goes_wrong_before_any_route_knows_the_time_and_who_is_there(
    visitor: Visitor, system: System
) -> None:
    await be(visitor)
    await advance_to(system, CURTAIN + timedelta(minutes=3))
    nowhere = await visitor.go("/nowhere")
    unsealed = await visitor.client.post("/zh/mobile", data={"mobile": "0912345678"})
    assert (nowhere.status, unsealed.status_code) == (404, 403)
    for html in (nowhere.html, unsealed.text):
        assert "3月12日（星期四）上午 9:03" in html
        assert "/zh/sign-out" in html


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("/zh", "/en/"),
        ("/zhxyz", "/en/"),
        ("/zh/no/where?a=b", "/en/no/where?a=b"),
        ("/fr/", "/en/"),
    ],
)
async def test_the_language_link_of_any_address_is_one_of_ours(
    client: httpx.AsyncClient, path: str, other: str
) -> None:
    assert f'href="{other}" hreflang="en"' in (await client.get(path)).text


@pytest.mark.parametrize(
    "path",
    [
        *("/zh/orders/%00/pay", "/zh/rounds/a%00%1b/draw", "/zh/operator?round=%00"),
        *("/zh/sandbox/pay/%00", "/static/%00", "/zh/check%00?%00=%00"),
    ],
)
async def test_control_characters_in_an_address_are_not_there(
    visitor: Visitor, client: httpx.AsyncClient, path: str
) -> None:
    await be_staff(visitor, "operator")
    await be(visitor)
    assert (await client.get(path)).status_code in (200, 404)


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"garbage", "multipart/form-data; boundary=x", 400),
        (b"garbage", "multipart/form-data", 400),
        (b"a" * 11_000_000, "application/x-www-form-urlencoded", 413),
    ],
)
async def test_what_cannot_be_read_is_told_as_such(
    visitor: Visitor, client: httpx.AsyncClient, content: bytes, kind: str, status: int
) -> None:
    await visitor.go("/check")
    token = visitor.form().values["_csrf_token"]
    answer = await client.post(
        "/en/check", content=content, headers={"content-type": kind, "x-csrftoken": token}
    )
    assert answer.status_code == status
    assert "What was sent could not be read" in answer.text


async def test_head_is_answered_as_get_is(client: httpx.AsyncClient) -> None:
    assert (await client.head("/zh/check")).status_code == 200


async def test_the_start_page_is_zh_and_languages_keep_their_page(
    client: httpx.AsyncClient, visitor: Visitor
) -> None:
    assert (await client.get("/")).headers["location"] == "/zh/"
    assert (await client.get("/demo")).headers["location"] == "/zh/demo"
    zh = await visitor.go("/store?q=1")
    assert zh.path == "/zh/identify"
    await be(visitor)
    zh = await visitor.go("/store?q=%E4%B8%AD%E6%AD%A3")
    assert "/en/store?q=%E4%B8%AD%E6%AD%A3" in zh.links
    assert zh.headers["content-language"] == "zh-Hant-TW"
    visitor.language = "en"
    en = await visitor.go("/store?q=%E4%B8%AD%E6%AD%A3")
    assert en.language == "en"
    assert 'lang="zh-Hant-TW"' in en.html  # names as they are written there
    assert 'hreflang="zh-Hant-TW"' in en.html


async def test_an_address_that_takes_forms_only_leads_to_its_page(visitor: Visitor) -> None:
    await be_staff(visitor, "pharmacist")
    assert (await visitor.go("/counter/sales")).path == "/zh/counter"
    deleted = await visitor.client.delete("/zh/counter")
    assert deleted.status_code in (403, 405)


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (IntakeFull(7), "不用趕"),
        (IntakeInterrupted(7), "不會變成兩筆"),
    ],
)
async def test_a_full_intake_says_that_there_is_no_need_to_hurry(
    system: System, refusal: IntakeFull, words: str
) -> None:
    busy = dataclasses.replace(system, intake=BusyIntake(refusal))
    transport = httpx.ASGITransport(create_app(busy))
    async with httpx.AsyncClient(transport=transport, base_url="http://mask.test") as client:
        visitor = Visitor(client, "zh")
        await be(visitor)
        await visitor.submit(q=STORE.name)
        await visitor.submit(store=SHOP)
        await visitor.submit(mobile="0912345678")
        full = await visitor.submit("submission_id")
        assert full.status == 503
        assert full.headers["retry-after"] == "7"
        assert words in full.text
        kept = await visitor.go("/answers")
        assert "0912345678" in kept.text


async def test_a_session_in_use_is_prolonged(visitor: Visitor, system: System) -> None:
    await be(visitor)
    for minutes in (10, 25, 50, 75):
        await advance_to(system, CURTAIN + timedelta(minutes=minutes))
        assert (await visitor.go("/progress")).path == "/zh/progress"
    await advance_to(system, at(date(2020, 3, 12), 12))
    assert (await visitor.go("/progress")).path == "/zh/identify?ended=1"


async def test_a_first_visit_weighs_less_than_100_kilobytes(client: httpx.AsyncClient) -> None:
    assert (BUILT / "app.css").exists(), "frontend/build.sh has not run"
    plain = {"accept-encoding": "identity"}
    paths = ["/zh/", "/static/app.css", "/static/app.js", "/static/icon.svg"]
    weights = [len((await client.get(path, headers=plain)).content) for path in paths]
    assert min(weights) > 0
    assert sum(weights) < 100_000


async def test_only_what_holds_no_secrets_is_compressed(client: httpx.AsyncClient) -> None:
    style = await client.get("/static/app.css")
    assert style.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in (await client.get("/zh/check")).headers


async def test_health_tells_of_the_database(client: httpx.AsyncClient, system: System) -> None:
    assert (await client.get("/api/health")).json() == {"status": "ok"}
    await system.db.__aexit__()
    down = await client.get("/api/health")
    assert down.status_code == 503
