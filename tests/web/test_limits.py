"""Wrong guesses are counted by where they come from, for each way in that can be guessed at."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import httpx
import pytest

from emask.identity.tries import PER_ADDRESS, Budget, Tried, within_budget
from emask.programme.system import System
from emask.sandbox.system import Sandbox
from emask.web.app import create_app
from emask.web.shell import limits
from emask.web.shell.address import read_networks
from web.steps import ID_NUMBERS, MOBILES, bind_own_phone, sign_in
from web.visitor import Visitor

PROXY = "10.0.0.1"
At = Callable[..., Visitor]


@pytest.fixture
async def at(system: System, sandbox: Sandbox) -> AsyncIterator[At]:
    """Visitors of an address, some with headers of their own; one proxy is trusted."""
    app = create_app(system, proxies=read_networks(PROXY))
    async with AsyncExitStack() as until_the_end:
        opened: list[httpx.AsyncClient] = []

        def visitor(address: str, **headers: str) -> Visitor:
            everywhere = {
                system.site.origin: httpx.ASGITransport(app, client=(address, 1234)),
                sandbox.base: httpx.ASGITransport(sandbox.wire, client=(address, 1234)),
            }
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            client = httpx.AsyncClient(
                mounts=everywhere, base_url=system.site.origin, headers=named
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


async def test_other_ways_in_have_counts_of_their_own_or_need_none(at: At) -> None:
    here = at("203.0.113.7")
    await sign_in(here)
    await bind_own_phone(here)
    await spend(here, PER_ADDRESS.allowed)
    await here.go("/identify/device")
    assert (await here.submit(demo_phone="ming")).path == "/zh/store"
    await here.post("/sign-out")
    await here.go("/identify/device-code")
    assert "device_code_wrong" in (await here.submit(digits="0" * 12, demo_phone="ling")).html
    await here.go("/staff/sign-in")
    assert (await here.submit(username="clerk", password="mask-2020")).path == "/zh/till"


async def test_a_double_click_and_a_family_phone_cost_nothing(at: At, system: System) -> None:
    here = at("203.0.113.7")
    await here.go("/identify/mobile")
    await here.submit(id_number=ID_NUMBERS["ling"], mobile=MOBILES["ming"], demo_phone="ming")
    assert "not_own_number" in here.page.html
    assert await wrong(system) == 0
    await spend(here, 1)
    assert await wrong(system) == 1


async def test_strangers_lock_no_colleague_out(at: At) -> None:
    for number in range(5):
        stranger = at(f"198.51.100.{number}")
        await stranger.go("/staff/sign-in")
        assert (await stranger.submit(username="operator", password="wrong")).status == 422
    here = at("203.0.113.7")
    await here.go("/staff/sign-in")
    assert (await here.submit(username="operator", password="mask-2020")).path == "/zh/operator"


async def test_sites_of_one_holder_are_counted_together_too(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PER_NETWORK", Budget(Tried.ADDRESS, 4))
    for number in range(4):
        await spend(at(f"2001:db8:1:{number}::1"), 1)
    refused = at("2001:db8:1:9::1")
    await refused.go("/identify/card")
    assert (await refused.submit("evidence", evidence="x", password="wrong")).status == 429
    await sign_in(other := at("2001:db8:2:1::1"))
    assert (await other.go("/progress")).path == "/zh/progress"


async def test_too_many_at_once_are_asked_to_come_a_moment_later(
    at: At, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_at_once = Budget(Tried.ADDRESS, 60, at_once=1)
    monkeypatch.setattr(limits, "PER_ADDRESS", one_at_once)
    source, now = system.vault.digest("address", "card 203.0.113.7"), await system.clock.now()
    for language, words in (("zh", "不會算成輸入錯誤"), ("en", "does not count as a wrong entry")):
        here = at("203.0.113.7")
        here.language = language
        await here.go("/identify/card")
        async with within_budget(system.db, one_at_once, source=source, at=now):
            told = await here.submit("evidence", evidence="x", password="wrong")
        assert (told.status, told.headers["retry-after"]) == (503, "3")
        assert words in told.text


async def test_proxies_that_nobody_listed_are_warned_of_once(
    at: At, caplog: pytest.LogCaptureFixture
) -> None:
    limits._warn_of_stranger.cache_clear()
    await spend(at("203.0.113.7"), 1)
    await spend(at(PROXY, x_forwarded_for="203.0.113.7"), 1)
    assert "EMASK_TRUSTED_PROXIES" not in caplog.text
    for _ in range(2):
        await spend(at("203.0.113.7", x_forwarded_for="198.51.100.1"), 1)
    assert caplog.text.count("EMASK_TRUSTED_PROXIES") == 1
    assert "198.51.100.1" not in caplog.text


async def wrong(system: System) -> int:
    async with system.db.connection() as connection:
        cursor = await connection.execute(
            "SELECT coalesce(sum(tries), 0) FROM wrong_try WHERE what = 'address'"
        )
        ((tries,),) = await cursor.fetchall()
    return int(tries)


async def test_an_address_is_kept_as_a_digest(at: At, system: System) -> None:
    await spend(at("203.0.113.7"), 1)
    async with system.db.connection() as connection:
        cursor = await connection.execute("SELECT source FROM wrong_try WHERE what = 'address'")
        ((source,),) = await cursor.fetchall()
    assert b"203.0.113.7" not in source
    assert ID_NUMBERS["ling"].encode() not in source
