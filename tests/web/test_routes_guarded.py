"""Every route is open by this list, or asks who is there."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from litestar import Litestar, get
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from emask.programme.system import System
from emask.web.app import create_app
from web.steps import be, be_staff
from web.visitor import Visitor

OPEN = {
    "/",
    "/demo",  # leads to /zh/demo, which is guarded
    "/static/{file_path:path}",
    "/.well-known/emask-card-agent",
    "/.well-known/jwks.json",
    "/identify/mobile/return",  # leads to the page of the language
    "/api/health",
    "/api/metrics",
    "/api/deliveries/{provider:str}",  # the carrier signs its messages
    "/api/payments/{gateway:str}",  # the gateway signs its messages
    # leads to the page of the payment, which is guarded
    "/api/payments/{gateway:str}/returned/{language:str}/{round_id:str}",
}
OPEN_IN_EACH_LANGUAGE = {
    "",
    "/check",
    "/child-masks",
    "/ways-to-buy",
    "/rounds/{round_id:str}/draw",
    "/accessibility",
    "/rules",
    "/map",
    "/opendata",
    "/identify",
    "/identify/card",
    "/identify/certificate",
    "/card-agent",
    "/identify/mobile",
    "/identify/mobile/return",
    "/identify/bind",
    "/identify/bind/refuse",
    "/identify/device-code",
    "/identify/device",
    "/identify/password",  # carried by a permit
    "/register",
    "/forgotten-password",
    "/sign-out",
    "/staff",
    "/staff/sign-in",
    "/staff/password",  # asks for the one there is
    "/staff/sign-out",
    "/counter/offline",  # the page as browsers keep it; nothing stands in it
    "/counter/worker.js",
}
STAFF = {
    "/counter": "pharmacist",
    "/till": "clerk",
    "/kiosk": "kiosk",
    "/office": "officer",
    "/operator": "operator",
}


def _pages(system: System) -> Litestar:
    """The pages behind all layers of the application."""
    inner: Any = create_app(system)
    pages = inner._pages
    while not isinstance(pages, Litestar):
        pages = pages._app
    assert isinstance(pages, Litestar)
    return pages


def _routes(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            raise TypeError(f"not looked into: {route.path}")
        for handler in route.route_handlers:
            for method in sorted(handler.http_methods - {"OPTIONS", "HEAD"}):
                yield method, route.path, handler


def _open(path: str) -> bool:
    return path in OPEN or any(
        path == f"/{language}{each}" for language in ("zh", "en") for each in OPEN_IN_EACH_LANGUAGE
    )


def _unguarded(app: Litestar) -> set[str]:
    return {
        path
        for _, path, handler in _routes(app)
        if not handler.resolve_guards() and not _open(path)
    }


async def test_every_route_is_open_by_choice_or_guarded(system: System) -> None:
    assert not _unguarded(_pages(system))


async def test_the_list_of_open_routes_names_no_other(system: System) -> None:
    unguarded = {
        path for _, path, handler in _routes(_pages(system)) if not handler.resolve_guards()
    }
    listed = OPEN | {f"/{lang}{each}" for lang in ("zh", "en") for each in OPEN_IN_EACH_LANGUAGE}
    assert unguarded == listed


def test_a_route_without_guard_would_be_noticed() -> None:
    @get("/zh/everything")
    async def careless() -> str:
        return ""

    assert _unguarded(Litestar([careless], openapi_config=None)) == {"/zh/everything"}


async def test_without_a_session_guarded_routes_show_nothing(
    system: System, client: httpx.AsyncClient
) -> None:
    visitor = Visitor(client, "zh")
    await visitor.go("/check")
    token = visitor.form().values["_csrf_token"]
    for method, path, _ in _routes(_pages(system)):
        # what belongs to the demo alone is tried in a system that is none
        if _open(path) or "/sandbox/" in path or "/demo" in path:
            continue
        concrete = path.replace("{round_id:str}", "2020-1").replace("{trade_no:str}", "EM1")
        answer = await client.request(method, concrete, data={"_csrf_token": token})
        assert answer.status_code == 303, (method, path)
        assert answer.headers["location"].split("/")[-1] in ("identify", "sign-in"), path


@pytest.mark.parametrize("screen", STAFF)
async def test_staff_see_their_own_screen_only(visitor: Visitor, screen: str) -> None:
    await be_staff(visitor, STAFF[screen])
    assert (await visitor.go("/staff")).path == f"/zh{screen}"
    for other in {*STAFF, "/centre"} - {screen}:
        refused = await visitor.go(other)
        assert refused.status == 403
        assert refused.heading == "這個畫面屬於其他職務"
        assert "/zh/staff" in refused.links
    assert (await visitor.go("/progress")).path == "/zh/identify"


async def test_citizens_are_no_staff(visitor: Visitor) -> None:
    await be(visitor)
    for screen in (*STAFF, "/centre"):
        assert (await visitor.go(screen)).path == "/zh/staff/sign-in"


async def test_tokens_of_one_kind_open_nothing_of_the_other(
    visitor: Visitor, client: httpx.AsyncClient
) -> None:
    await be(visitor)
    token = client.cookies["emask_session"]
    client.cookies.clear()
    client.cookies.set("emask_staff", token)
    assert (await visitor.go("/operator")).path == "/zh/staff/sign-in"
    client.cookies.clear()
    client.cookies.set("emask_session", token[:-2] + "xx")
    assert (await visitor.go("/progress")).path == "/zh/identify?ended=1"


async def test_staff_passwords_are_asked_for_and_corrected(visitor: Visitor) -> None:
    await visitor.go("/staff/sign-in")
    assert (await visitor.submit(username="", password="")).status == 422
    wrong = await visitor.submit(username="clerk", password="not it")
    assert wrong.status == 422
    assert "帳號或密碼不符" in wrong.text
    right = await visitor.submit(username="clerk", password="mask-2020")
    assert right.path == "/zh/till"
