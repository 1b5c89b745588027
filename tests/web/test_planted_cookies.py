"""What a sibling domain or plain http may plant in a browser changes nothing."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from emask.identity.site import Site
from emask.programme.system import System
from emask.web.app import create_app
from emask.web.intake import INTAKE_PATH
from web.api_caller import ORDER, ApiCaller
from web.steps import be, sign_in
from web.visitor import Visitor

HTTPS = Site(origin="https://mask.test")
OTHERS = ["http://evil.mask.test", "https://mask.test", "null", ""]


def _browser(system: System, site: Site) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_app(replace(system, site=site)))
    return httpx.AsyncClient(transport=transport, base_url=site.origin)


@pytest.fixture
async def secure(system: System) -> AsyncIterator[Visitor]:
    """Somebody who visits the same site by https."""
    async with _browser(system, HTTPS) as client:
        yield Visitor(client, "zh")


@pytest.mark.parametrize("origin", OTHERS)
async def test_a_form_of_another_origin_is_refused_whatever_token_it_brings(
    visitor: Visitor, client: httpx.AsyncClient, origin: str
) -> None:
    await sign_in(visitor)
    await visitor.go("/password")
    form = {**visitor.form("password").values, "password": "chosen elsewhere"}
    refused = await client.post("/zh/password", data=form, headers={"origin": origin})
    assert refused.status_code == 403
    assert "重新開啟這一頁再送出" in refused.text
    await visitor.go("/password")
    form = {**visitor.form("password").values, "password": "chosen right here"}
    ours = await client.post("/zh/password", data=form, headers={"origin": "http://mask.test"})
    assert ours.status_code == 200


async def test_a_demo_that_is_reached_by_another_name_takes_forms(
    visitor: Visitor, client: httpx.AsyncClient
) -> None:
    await sign_in(visitor)
    await visitor.go("/password")
    form = {**visitor.form("password").values, "password": "chosen right here"}
    there = {"origin": "http://127.0.0.1:18000", "host": "127.0.0.1:18000"}
    taken = await client.post("/zh/password", data=form, headers=there)
    assert taken.status_code == 200


@pytest.mark.parametrize("origin", OTHERS)
async def test_nor_does_the_api_take_anything_from_there(
    api: ApiCaller, client: httpx.AsyncClient, origin: str
) -> None:
    bearer = {"authorization": f"Bearer {await api.token()}", "origin": origin}
    for method, path in (("POST", INTAKE_PATH), ("DELETE", f"{INTAKE_PATH}/2020-1")):
        answer = await client.request(
            method, path, headers=bearer, json=ORDER if method == "POST" else None
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")


async def test_by_https_cookies_are_the_hosts_own(secure: Visitor) -> None:
    await be(secure)
    names = set(secure.client.cookies)
    assert {"__Host-emask_session", "__Host-emask_csrf"} <= names
    assert not {name for name in names if name.startswith("emask_")}
    assert (await secure.go("/progress")).path == "/zh/progress"
    order = {**ORDER, "round_id": ORDER["round_id"]}
    placed = await secure.client.post(INTAKE_PATH, json=order, headers={"x-emask-request": "1"})
    assert placed.status_code == 201
    await secure.post("/sign-out")
    assert "__Host-emask_session" not in secure.client.cookies


async def test_all_they_carry_is_what_browsers_ask_of_such_names(secure: Visitor) -> None:
    await secure.go("/identify/card")
    answer = await secure.client.get("/zh/identify/card")
    await be(secure)
    set_by = [
        value
        for each in (answer, await secure.client.get("/zh/progress"))
        for value in each.headers.get_list("set-cookie")
    ]
    for value in set_by:
        assert value.startswith("__Host-")
        assert "Secure" in value
        assert "path=/" in value.lower()
        assert "domain" not in value.lower()


async def test_a_planted_cookie_is_not_looked_at(secure: Visitor) -> None:
    await be(secure)
    token = secure.client.cookies["__Host-emask_session"]
    secure.client.cookies.clear()
    planted = {"cookie": f"emask_session={token}"}
    page = await secure.client.get("/zh/progress", headers=planted)
    assert page.headers["location"].startswith("/zh/identify")
    placing = {**planted, "x-emask-request": "1"}
    assert (await secure.client.post(INTAKE_PATH, json=ORDER, headers=placing)).status_code == 401
    held = {"cookie": f"theme=dark; __Host-emask_session={token}"}
    assert (await secure.client.get("/zh/progress", headers=held)).status_code == 200
