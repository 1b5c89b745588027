"""No other site can have a browser change anything here."""

import re
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar, post
from litestar.status_codes import HTTP_403_FORBIDDEN

import emask
from emask.programme.system import System
from emask.web.api.application import create_api
from web.api_caller import ORDER, PLACING, ApiCaller
from web.steps import be
from web.test_routes_guarded import _pages, _routes
from web.visitor import Visitor

TEMPLATES = Path(emask.__file__).parent / "web" / "templates"
SIGNED_BY_SENDER = {
    "/api/deliveries/{provider:str}",
    "/api/payments/{gateway:str}",
    "/api/payments/{gateway:str}/returned/{language:str}/{round_id:str}",
}
TO_GATEWAYS = 'action="{{ leaving.action }}"'
"""A form that leaves for somebody else's page, which is to learn no token."""
_FORM = re.compile(r"<form\b[^>]*method=\"post\".*?</form>", re.DOTALL)
_EXAMPLES = {
    "round_id:str": "2020-1",
    "gateway:str": "ecpay",
    "provider:str": "ecpay",
    "product:str": "adult_mask",
}


def _unprotected(app: Litestar) -> set[str]:
    return {
        path
        for method, path, handler in _routes(app)
        if method != "GET" and handler.opt.get("exclude_from_csrf")
    }


async def test_every_form_has_to_carry_its_token(system: System) -> None:
    assert _unprotected(_pages(system)) == SIGNED_BY_SENDER


def test_a_form_without_protection_would_be_noticed() -> None:
    @post("/zh/careless", exclude_from_csrf=True)
    async def careless() -> None: ...

    assert _unprotected(Litestar([careless], openapi_config=None)) == {"/zh/careless"}


async def test_what_another_site_has_a_browser_send_is_refused_everywhere(
    system: System, visitor: Visitor, client: httpx.AsyncClient
) -> None:
    await be(visitor)
    token = visitor.page.forms[0].values["_csrf_token"]
    taken = set()
    for method, path, _ in _routes(_pages(system)):
        if method == "GET":
            continue
        concrete = re.sub(r"{([^}]*)}", lambda found: _EXAMPLES.get(found[1], "1"), path)
        for origin in ("null", "https://elsewhere.example"):
            answer = await client.request(
                method, concrete, data={"_csrf_token": token}, headers={"origin": origin}
            )
            if answer.status_code != HTTP_403_FORBIDDEN:
                taken.add(path)
    assert taken == SIGNED_BY_SENDER


async def test_what_is_sent_without_the_token_is_refused_everywhere(
    system: System, visitor: Visitor, client: httpx.AsyncClient
) -> None:
    await be(visitor)
    tried = 0
    for method, path, _ in _routes(_pages(system)):
        if method == "GET" or path in SIGNED_BY_SENDER:
            continue
        concrete = re.sub(r"{([^}]*)}", lambda found: _EXAMPLES.get(found[1], "1"), path)
        answer = await client.request(method, concrete, data={})
        assert answer.status_code == HTTP_403_FORBIDDEN, (method, path)
        assert "emask_session" in client.cookies
        tried += 1
    assert tried > 40


@pytest.mark.parametrize("template", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.stem)
def test_every_form_of_ours_carries_it(template: Path) -> None:
    forms = _FORM.findall(template.read_text())
    assert [form for form in forms if "csrf()" not in form and TO_GATEWAYS not in form] == []
    assert [form for form in forms if "csrf()" in form and TO_GATEWAYS in form] == []


KNOW_NO_COOKIES = ("/api/v1/token", "/api/v1/counter/")


async def test_nor_does_the_partner_api_know_anybody_by_a_cookie(
    api: ApiCaller, client: httpx.AsyncClient
) -> None:
    client.cookies.set("emask_session", await api.token())
    for method, path, _ in _routes(create_api()):
        if path.startswith("/api/v1/counter/"):
            concrete = path.replace("{sale_id:uuid}", str(uuid4()))
            assert (await client.request(method, concrete, json={})).status_code == 401


async def test_the_api_changes_nothing_for_a_cookie_that_another_site_could_send(
    system: System, api: ApiCaller, client: httpx.AsyncClient
) -> None:
    client.cookies.set("emask_session", await api.token())
    changing = [
        (method, path)
        for method, path, _ in _routes(create_api())
        if method != "GET" and not path.startswith(KNOW_NO_COOKIES)
    ]
    assert changing
    for method, path in [*changing, ("POST", PLACING)]:
        concrete = re.sub(r"{([^}]*)}", "2020-1", path)
        body = {"method": "atm"} if path.endswith("/payments") else ORDER
        for headers in ({}, {"content-type": "text/plain"}, {"x-emask-request": "0"}):
            answer = await client.request(method, concrete, json=body, headers=headers)
            assert answer.status_code == HTTP_403_FORBIDDEN, (method, path)
            assert answer.json()["code"] == "request_not_trusted"


async def test_a_bearer_token_or_a_header_of_ours_is_enough(
    api: ApiCaller, client: httpx.AsyncClient
) -> None:
    bearer = {"authorization": f"Bearer {await api.token()}"}
    assert (await client.post(PLACING, json=ORDER, headers=bearer)).status_code == 201
    client.cookies.set("emask_session", await api.token())
    own = {"x-emask-request": "1"}
    assert (await client.post(PLACING, json=ORDER, headers=own)).status_code == 200
