"""Whose a phone becomes, letting go of phones, and what a machine keeps of a way in."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from emask.programme.system import System
from emask.rules.people import masked_name
from emask.web.app import create_app
from emask.web.sandbox_pages.cast import CAST
from web.steps import ID_NUMBERS, MOBILES, be, bind_own_phone, sign_in
from web.visitor import Visitor

STEPS = ("emask_departure", "emask_binding", "emask_choosing")
HANDSET = "emask_handset"
MING = masked_name(next(each.person.name for each in CAST if each.key == "ming"))


@pytest.fixture
async def computer(system: System) -> AsyncIterator[Visitor]:
    """Another machine than the phone that the visitor holds."""
    transport = httpx.ASGITransport(create_app(system))
    async with httpx.AsyncClient(transport=transport, base_url=system.site.origin) as opened:
        yield Visitor(opened, "zh")


async def come_to_bind(visitor: Visitor, who: str = "ming") -> None:
    await visitor.go("/identify/mobile")
    await visitor.submit(id_number=ID_NUMBERS[who], mobile=MOBILES[who], demo_phone=who)


def left_open(visitor: Visitor) -> set[str]:
    return {name for name in STEPS if name in visitor.client.cookies}


# ---------------------------------------------------------------- releasing


async def test_phones_are_listed_and_released(visitor: Visitor, computer: Visitor) -> None:
    await bind_own_phone(visitor)
    await be(computer)
    assert "/zh/sessions" in (await computer.go("/progress")).links
    listed = await computer.go("/sessions")
    assert "以本人門號綁定" in listed.text
    assert "/zh/phones" in listed.links
    asked = await computer.go("/phones")
    assert "以本人門號綁定" in asked.text
    done = await computer.submit()
    assert "所有手機都已解除綁定" in done.text
    assert "目前沒有手機" in (await computer.go("/phones")).text  # and this session goes on
    assert (await visitor.go("/progress")).path == "/zh/identify?ended=1"
    await visitor.go("/identify/device")
    assert "device_not_bound" in (await visitor.submit(demo_phone="ming")).text
    await bind_own_phone(visitor)
    assert visitor.page.path == "/zh/store"


async def test_asking_releases_nothing(visitor: Visitor, computer: Visitor) -> None:
    await bind_own_phone(visitor)
    await be(computer)
    await computer.go("/phones")
    await visitor.go("/identify/device")
    assert (await visitor.submit(demo_phone="ming")).path == "/zh/store"


# ---------------------------------------------------------------- whose phone it becomes


@pytest.mark.parametrize(("language", "question"), [("zh", "是你嗎？"), ("en", "Is this you?")])
async def test_binding_says_whose_account_it_is(
    client: httpx.AsyncClient, language: str, question: str
) -> None:
    visitor = Visitor(client, language)
    await come_to_bind(visitor)
    assert visitor.page.path == f"/{language}/identify/bind"
    assert question in visitor.page.text
    assert MING in visitor.page.text
    assert MING not in visitor.page.title


async def test_who_is_somebody_else_binds_nothing(visitor: Visitor) -> None:
    await come_to_bind(visitor)
    assert (await visitor.post("/identify/bind/refuse")).path == "/zh/identify"
    assert left_open(visitor) == set()
    assert "evidence_expired" in (await visitor.go("/identify/bind")).text


# ---------------------------------------------------------------- steps left open


async def by_signing_in(visitor: Visitor) -> None:
    await sign_in(visitor, "mai")


async def by_signing_out(visitor: Visitor) -> None:
    await be(visitor, "ling")
    await come_to_bind(visitor)
    await visitor.post("/sign-out")


async def by_signing_out_everywhere(visitor: Visitor) -> None:
    await be(visitor, "ling")
    await come_to_bind(visitor)
    await visitor.go("/sessions")
    await visitor.submit()


@pytest.mark.parametrize("leave", [by_signing_in, by_signing_out, by_signing_out_everywhere])
async def test_a_step_left_open_is_nobodys_afterwards(
    visitor: Visitor, leave: Callable[[Visitor], Awaitable[None]]
) -> None:
    await come_to_bind(visitor)
    assert left_open(visitor) == {"emask_departure", "emask_binding"}
    await leave(visitor)
    assert left_open(visitor) == set()
    assert "evidence_expired" in (await visitor.go("/identify/bind")).text


# ---------------------------------------------------------------- what tells a phone apart


async def unlocked(visitor: Visitor, brought: str) -> str:
    """The cookie that an unlock leaves on the phone, its attributes included."""
    await visitor.go("/identify/device")
    visitor.client.cookies.set(HANDSET, brought)
    data = {"_csrf_token": visitor.form("answer").values["_csrf_token"], "answer": "{}"}
    answer = await visitor.client.post("/zh/identify/device", data=data)
    (kept,) = (each for each in answer.headers.get_list("set-cookie") if HANDSET in each)
    return kept


async def test_what_tells_a_phone_apart_is_kept_a_year_from_its_last_use(visitor: Visitor) -> None:
    """A passkey that may be synced counts for as long as its handset is known."""
    kept = await unlocked(visitor, "the-one-before")
    assert f"{HANDSET}=the-one-before;" in kept
    assert "Max-Age=31536000" in kept


@pytest.mark.parametrize("brought", ["x" * 65, "a b", "a=b"])
async def test_what_was_not_made_here_tells_no_phone_apart(visitor: Visitor, brought: str) -> None:
    kept = await unlocked(visitor, brought)
    assert brought not in kept
