"""A demo on its stage, and people who visit it with a browser that only knows HTTP."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import count

import httpx
import psycopg
import pytest
from psycopg import sql

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.throwaway import ThrowawayDatabases
from emask.database.vault import Keys
from emask.programme.system import System, open_system
from emask.sandbox.system import sandbox_partners
from emask.web.app import create_app
from emask.web.demo.stage import set_stage
from web.api_caller import ApiCaller
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
async def system(demo_db: Database, keys: Keys) -> AsyncIterator[System]:
    """A demo that has just opened."""
    clock = SetClock(demo_db)
    partners = sandbox_partners(demo_db, clock, keys)
    async with open_system(demo_db, clock=clock, keys=keys, partners=partners) as opened:
        yield opened


@pytest.fixture
async def client(system: System) -> AsyncIterator[httpx.AsyncClient]:
    """One browser's connection to the application."""
    transport = httpx.ASGITransport(create_app(system))
    async with httpx.AsyncClient(transport=transport, base_url="http://mask.test") as opened:
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
    async with Database(url) as db:
        clock = SetClock(db)
        partners = sandbox_partners(db, clock, keys)
        async with open_system(db, clock=clock, keys=keys, partners=partners) as system:
            await set_stage(system)
