"""Where a request comes from, and who may say so."""

from typing import Any

import pytest

from emask.web.shell.address import (
    ClientAddress,
    network_of,
    read_networks,
    source_of,
    told_by_a_stranger,
)

PROXIES = read_networks("10.0.0.0/8, 2001:db8:ffff::/48")
CLIENT, OTHER = "203.0.113.7", "198.51.100.9"


async def seen(peer: str, *told: str, proxies: str | None = None) -> str:
    """The source that the application sees behind ``proxies``."""
    sources: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        sources.append(source_of(scope))

    headers = [(b"x-forwarded-for", each.encode()) for each in told]
    scope = {"type": "http", "client": (peer, 1234), "headers": headers}
    trusted = PROXIES if proxies is None else read_networks(proxies)
    await ClientAddress(application, trusted)(scope, _nothing, _nothing)
    return sources[0]


async def _nothing(*_: object) -> Any:
    return {}


@pytest.mark.parametrize(
    ("peer", "told"),
    [
        (CLIENT, ()),
        ("10.1.2.3", (CLIENT,)),
        ("10.1.2.3", (f"{CLIENT}, 10.9.9.9",)),  # two proxies of ours
        ("10.1.2.3", (CLIENT, "10.9.9.9")),  # in two lines
        ("10.1.2.3", (f"{CLIENT}:50123",)),
        ("2001:db8:ffff::1", (CLIENT,)),
        ("::ffff:10.1.2.3", (f"::ffff:{CLIENT}",)),
        ("::ffff:203.0.113.7", ()),
    ],
)
async def test_the_client_is_found_behind_our_proxies(peer: str, told: tuple[str, ...]) -> None:
    assert await seen(peer, *told) == CLIENT


@pytest.mark.parametrize(
    ("peer", "told"),
    [
        (CLIENT, (OTHER,)),  # no proxy of ours speaks
        (CLIENT, ("10.1.2.3",)),
        ("10.1.2.3", (f"{OTHER}, {CLIENT}",)),  # the client wrote the first itself
        ("10.1.2.3", (f"{OTHER}, 10.5.5.5, {CLIENT}",)),  # and a proxy of ours with it
        ("10.1.2.3", (OTHER, CLIENT)),
    ],
)
async def test_what_a_client_claims_of_itself_is_ignored(peer: str, told: tuple[str, ...]) -> None:
    assert await seen(peer, *told) == CLIENT


async def test_whoever_trusts_everybody_can_be_told_anything() -> None:
    assert await seen(CLIENT, OTHER, proxies="0.0.0.0/0") == OTHER


@pytest.mark.parametrize("told", ["", "unknown", "nobody, ", "_hidden", "999.1.1.1"])
async def test_a_proxy_that_tells_no_address_stands_for_its_clients(told: str) -> None:
    assert await seen("10.1.2.3", told) == "10.1.2.3"


async def test_one_household_is_one_source_whatever_address_it_gives_itself() -> None:
    assert await seen("2001:db8:1:2::1") == await seen("2001:db8:1:2:aaaa:bbbb:cccc:dddd")
    assert await seen("2001:db8:1:2::1") != await seen("2001:db8:1:3::1")
    assert await seen("10.1.2.3", "[2001:db8:1:2::9]:443") == await seen("2001:db8:1:2::1")


async def test_without_an_address_there_is_one_source() -> None:
    assert source_of({"type": "http", "client": None}) == source_of({"type": "http"})


def test_networks_are_listed_with_commas() -> None:
    assert read_networks("") == ()
    assert [str(each) for each in read_networks("10.0.0.1,, fd00::/8")] == [
        "10.0.0.1/32",
        "fd00::/8",
    ]
    with pytest.raises(ValueError, match="proxy"):
        read_networks("proxy.example")


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("2001:db8:1:ffff::1", "2001:db8:1::/48"),
        ("2001:db8:1:1::2", "2001:db8:1::/48"),
        ("203.0.113.7", ""),
        ("::ffff:203.0.113.7", ""),
        ("", ""),
    ],
)
def test_the_network_around_a_site(host: str, network: str) -> None:
    assert network_of({"client": (host, 1)}) == network


@pytest.mark.parametrize(
    ("peer", "told", "stranger"),
    [
        *((CLIENT, (OTHER,), True), (CLIENT, (), False)),
        *(("10.1.2.3", (CLIENT,), False), ("10.1.2.3", (), False)),
    ],
)
async def test_who_speaks_for_others_without_being_a_proxy_of_ours(
    peer: str, told: tuple[str, ...], *, stranger: bool
) -> None:
    found: list[bool] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        found.append(told_by_a_stranger(scope))

    headers = [(b"x-forwarded-for", each.encode()) for each in told]
    scope = {"type": "http", "client": (peer, 1), "headers": headers}
    await ClientAddress(application, PROXIES)(scope, _nothing, _nothing)
    await ClientAddress(application, ())({**scope}, _nothing, _nothing)
    assert found == [stranger, bool(told)]
