"""Wrong guesses are counted by where they come from, whichever way in they try."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import httpx
import pytest

from emask.identity.tries import PER_ADDRESS
from emask.programme.system import System
from emask.web.app import create_app
from emask.web.shell.address import ClientAddress, read_networks
from web.steps import ID_NUMBERS, sign_in
from web.visitor import Visitor

PROXY = "10.0.0.1"
At = Callable[..., Visitor]


@pytest.fixture
async def at(system: System) -> AsyncIterator[At]:
    """Visitors of an address, some with headers of their own; one proxy is trusted."""
    app = ClientAddress(create_app(system), read_networks(PROXY))
    async with AsyncExitStack() as until_the_end:
        opened: list[httpx.AsyncClient] = []

        def visitor(address: str, **headers: str) -> Visitor:
            transport = httpx.ASGITransport(app, client=(address, 1234))
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            client = httpx.AsyncClient(
                transport=transport, base_url=system.site.origin, headers=named
            )
            opened.append(client)
            until_the_end.push_async_callback(client.aclose)
            return Visitor(client, "zh")

        yield visitor


async def spend(visitor: Visitor, guesses: int) -> None:
    for number in range(guesses):
        visitor.client.cookies.clear()
        await visitor.go("/identify/card")
        wrong = await visitor.submit("evidence", evidence=f"made up {number}")
        assert wrong.status == 422  # no password: nothing was guessed
        wrong = await visitor.submit("evidence", evidence=f"made up {number}", password="wrong")
        assert "evidence_altered" in wrong.html


async def test_an_address_has_its_guesses_and_others_have_theirs(at: At) -> None:
    here, there = at("203.0.113.7"), at("203.0.113.8")
    await spend(here, PER_ADDRESS.allowed)
    await here.go("/identify/card")
    refused = await here.submit("evidence", evidence="made up", password="wrong")
    assert (refused.status, "locked_out" in refused.html) == (429, True)
    await here.go("/staff/sign-in")  # another way in
    locked = await here.submit(username="clerk", password="mask-2020")
    assert locked.status == 429
    await here.go("/identify/device-code")
    assert (await here.submit(digits="000000000000", demo_phone="ling")).status == 429
    await sign_in(there)
    assert (await there.go("/progress")).path == "/zh/progress"


async def test_forged_headers_move_no_guess_elsewhere(at: At) -> None:
    for number in range(PER_ADDRESS.allowed):
        await spend(at("203.0.113.7", x_forwarded_for=f"198.51.100.{number}"), 1)
    refused = at("203.0.113.7", x_forwarded_for="198.51.100.200")
    await refused.go("/identify/card")
    assert (await refused.submit("evidence", evidence="x", password="wrong")).status == 429
    innocent = at("198.51.100.1")
    await sign_in(innocent)
    assert (await innocent.go("/progress")).path == "/zh/progress"


async def test_behind_a_proxy_of_ours_each_client_is_its_own(at: At) -> None:
    await spend(at(PROXY, x_forwarded_for="203.0.113.7"), PER_ADDRESS.allowed)
    same = at(PROXY, x_forwarded_for="198.51.100.1, 203.0.113.7")  # with a forged one before
    await same.go("/identify/card")
    assert (await same.submit("evidence", evidence="x", password="wrong")).status == 429
    other = at(PROXY, x_forwarded_for="203.0.113.9")
    await sign_in(other)
    assert (await other.go("/progress")).path == "/zh/progress"


async def test_an_address_is_kept_as_a_digest(at: At, system: System) -> None:
    await spend(at("203.0.113.7"), 1)
    async with system.db.connection() as connection:
        cursor = await connection.execute("SELECT source FROM wrong_try WHERE what = 'address'")
        ((source,),) = await cursor.fetchall()
    assert b"203.0.113.7" not in source
    assert ID_NUMBERS["ling"].encode() not in source
