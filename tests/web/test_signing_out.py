"""Sessions end where people end them, for every copy of their tokens."""

from collections.abc import AsyncIterator
from datetime import timedelta
from http.cookies import SimpleCookie

import httpx
import pytest

from emask.programme.service import advance_to
from emask.programme.system import System
from emask.web.app import create_app
from emask.web.demo.stage import CURTAIN
from emask.web.sandbox_pages.cast import PASSWORD
from web.api_caller import ORDER, PLACING
from web.steps import be, be_staff
from web.visitor import Visitor

SESSION, STAFF = "emask_session", "emask_staff"


@pytest.fixture
async def elsewhere(system: System) -> AsyncIterator[Visitor]:
    """Another browser."""
    transport = httpx.ASGITransport(create_app(system))
    async with httpx.AsyncClient(transport=transport, base_url=system.site.origin) as opened:
        yield Visitor(opened, "zh")


def token(visitor: Visitor, name: str = SESSION) -> str:
    return visitor.client.cookies[name]


async def opens(visitor: Visitor, stolen: str) -> bool:
    """Whether a token opens pages, API and intake; all of them or none."""
    visitor.client.cookies.clear()
    visitor.client.cookies.set(SESSION, stolen)
    page = (await visitor.go("/progress")).path == "/zh/progress"
    visitor.client.cookies.clear()
    bearer = {"authorization": f"Bearer {stolen}"}
    api = (await visitor.client.get("/api/v1/preorders/2020-1", headers=bearer)).status_code
    intake = (await visitor.client.post(PLACING, headers=bearer, json=ORDER)).status_code
    assert (api == 401) == (intake == 401) == (not page)
    return page


async def test_signing_out_ends_a_stolen_copy_too(visitor: Visitor, elsewhere: Visitor) -> None:
    await be(visitor)
    stolen = token(visitor)
    assert await opens(elsewhere, stolen)
    await visitor.post("/sign-out")
    assert not await opens(elsewhere, stolen)


async def test_a_prolonged_copy_ends_with_it(
    visitor: Visitor, elsewhere: Visitor, system: System
) -> None:
    await be(visitor)
    first = token(visitor)
    await advance_to(system, CURTAIN + timedelta(minutes=10))
    await visitor.go("/progress")
    second = token(visitor)
    assert second != first
    await visitor.post("/sign-out")
    for each in (first, second):
        assert not await opens(elsewhere, each)


async def test_signing_in_again_ends_the_session_before(
    visitor: Visitor, elsewhere: Visitor
) -> None:
    await be(visitor)
    before = token(visitor)
    await be(visitor, "ling")
    assert not await opens(elsewhere, before)


async def test_signing_out_everywhere_ends_the_phone_as_well(
    visitor: Visitor, elsewhere: Visitor
) -> None:
    await be(elsewhere, on="phone")
    await be(visitor)
    assert "/zh/sessions" in (await visitor.go("/progress")).links
    await visitor.go("/sessions")
    done = await visitor.submit()
    assert "所有電腦和手機都已登出" in done.text
    assert SESSION not in visitor.client.cookies
    assert (await visitor.go("/progress")).path == "/zh/identify"
    assert (await elsewhere.go("/progress")).path == "/zh/identify?ended=1"
    await be(visitor)
    assert (await visitor.go("/progress")).path == "/zh/progress"


async def test_a_new_password_ends_all_others_and_goes_on(
    visitor: Visitor, elsewhere: Visitor
) -> None:
    await be(elsewhere, on="phone")
    await be(visitor)
    before = token(visitor)
    await visitor.go("/password")
    done = await visitor.submit(password="a new password")
    assert "其他電腦和手機都已登出" in done.text
    assert (await visitor.go("/progress")).path == "/zh/progress"
    assert token(visitor) != before
    assert (await elsewhere.go("/progress")).path == "/zh/identify?ended=1"
    assert not await opens(elsewhere, before)


async def test_a_certificate_that_is_bound_renews_the_session(
    visitor: Visitor, elsewhere: Visitor
) -> None:
    await be(visitor)
    before = token(visitor)
    await visitor.go("/certificates")
    done = await visitor.submit("demo_certificate", demo_certificate="ming", pin="246810")
    assert done.status == 200
    assert (await visitor.go("/progress")).path == "/zh/progress"
    assert token(visitor) != before
    assert not await opens(elsewhere, before)


async def test_staff_who_sign_off_leave_no_open_token(visitor: Visitor, elsewhere: Visitor) -> None:
    await be_staff(visitor, "clerk")
    stolen = token(visitor, STAFF)
    elsewhere.client.cookies.set(STAFF, stolen)
    assert (await elsewhere.go("/till")).path == "/zh/till"
    await visitor.post("/staff/sign-out")
    assert (await elsewhere.go("/till")).path == "/zh/staff/sign-in"


async def test_every_cookie_of_a_visit_is_kept_from_scripts_and_other_sites(
    visitor: Visitor,
) -> None:
    await visitor.go("/demo")
    csrf = visitor.form().values["_csrf_token"]
    for path, data in (
        ("/zh/demo/sign-in", {"person": "ming"}),
        ("/zh/password", {"password": "a new password"}),
        ("/zh/staff/sign-in", {"username": "officer", "password": PASSWORD}),
    ):
        answer = await visitor.client.post(path, data={"_csrf_token": csrf, **data})
        made = [SimpleCookie(each) for each in answer.headers.get_list("set-cookie")]
        assert made, path
        for each in made:
            (morsel,) = each.values()
            if morsel["max-age"] == "0":  # dropped: it holds nothing
                continue
            assert morsel["httponly"], path
            assert morsel["samesite"].lower() == "lax", path
            assert morsel["path"] == "/", path
