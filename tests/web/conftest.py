"""A demo on its stage, and people who visit it with a browser that only knows HTTP."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import cached_property
from itertools import count

import httpx
import httpx2
import psycopg
import pytest
from playwright.async_api import Browser
from psycopg import sql

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.throwaway import ThrowawayDatabases
from emask.database.vault import Keys
from emask.identity.site import Site
from emask.programme.system import System, open_system
from emask.sandbox.system import Sandbox, sandbox_of
from emask.web.app import create_app
from emask.web.demo.stage import set_stage
from web.api_caller import ApiCaller
from web.browser import chromium, serving
from web.places import PARTNERS, SITE, free_port
from web.visitor import Visitor

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def staged(databases: ThrowawayDatabases, keys: Keys) -> Iterator[str]:
    """The name of a database on which the stage is set, to be copied."""
    with databases.database() as url:
        asyncio.run(_stage(url, keys))
        with psycopg.connect(url) as connection:
            name = connection.info.dbname
        yield name


@pytest.fixture
def demo_url(databases: ThrowawayDatabases, staged: str) -> Iterator[str]:
    """A fresh copy of the stage."""
    name = sql.Identifier(copy := f"{staged}_copy_{next(_NUMBERS)}")
    with psycopg.connect(databases.server.url("postgres"), autocommit=True) as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                name, sql.Identifier(staged)
            )
        )
        yield databases.server.url(copy)
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture
async def demo_db(demo_url: str) -> AsyncIterator[Database]:
    async with Database(demo_url) as database:
        yield database


@pytest.fixture
def site(request: pytest.FixtureRequest) -> Site:
    """Where the demo is served: by name, or on a port of its own for a real browser."""
    return Site(origin=_address(request, SITE.origin))


@pytest.fixture
def partners_base(request: pytest.FixtureRequest) -> str:
    """Where its partners are, likewise."""
    return _address(request, PARTNERS)


@pytest.fixture
def on_the_wire() -> bool:
    """Whether its chains tell of every parcel; tests may say so as a parameter."""
    return False


@pytest.fixture
async def system(
    demo_db: Database, keys: Keys, site: Site, partners_base: str, *, on_the_wire: bool
) -> AsyncIterator[System]:
    """A demo that has just opened."""
    async with _opened(demo_db, keys, site, partners_base, on_the_wire=on_the_wire) as opened:
        yield opened


@pytest.fixture
async def base(system: System) -> AsyncIterator[str]:
    """The demo on a real server; its address."""
    async with serving(system) as address:
        yield address


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium."""
    async with chromium() as opened:
        yield opened


@pytest.fixture
def sandbox(system: System) -> Sandbox:
    """The side of its partners that only a sandbox has."""
    made_up = sandbox_of(system)
    assert made_up is not None
    return made_up


@pytest.fixture
async def client(system: System, sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    """One browser's connection to the application, and to the partners it is sent to."""
    everywhere = {
        system.site.origin: httpx.ASGITransport(create_app(system)),
        sandbox.base: httpx.ASGITransport(sandbox.wire),
    }
    async with httpx.AsyncClient(mounts=everywhere, base_url=system.site.origin) as opened:
        yield opened


@pytest.fixture
async def api(client: httpx.AsyncClient, system: System) -> ApiCaller:
    """Somebody who calls the API, not signed in."""
    document = (await client.get("/api/openapi.json")).json()
    return ApiCaller(client, system, document)


@pytest.fixture
def visitor(client: httpx.AsyncClient) -> Visitor:
    """Somebody who reads zh-Hant."""
    return Visitor(client, "zh")


async def _stage(url: str, keys: Keys) -> None:
    async with Database(url) as db, _opened(db, keys, SITE, PARTNERS) as system:
        await set_stage(system)


def _address(request: pytest.FixtureRequest, name: str) -> str:
    in_browser = request.node.get_closest_marker("browser") is not None
    return f"http://localhost:{free_port()}" if in_browser else name


@asynccontextmanager
async def _opened(
    db: Database, keys: Keys, site: Site, partners_base: str, *, on_the_wire: bool = False
) -> AsyncIterator[System]:
    clock, to_site = SetClock(db), ToTheSite()
    sandbox = Sandbox.over(
        db,
        clock,
        keys,
        site=site,
        base=partners_base,
        pushing=httpx2.AsyncClient(transport=to_site),
    )
    partners = sandbox.partners_with_chains if on_the_wire else sandbox.partners
    async with open_system(db, clock=clock, keys=keys, partners=partners, site=site) as system:
        to_site.system = system
        yield system


class ToTheSite(httpx2.AsyncBaseTransport):
    """What partners tell by themselves reaches the application of a system, in this process."""

    system: System

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await self.application.handle_async_request(request)

    @cached_property
    def application(self) -> httpx2.ASGITransport:
        """Made once: that takes longer than all it does in a test."""
        return httpx2.ASGITransport(create_app(self.system))
