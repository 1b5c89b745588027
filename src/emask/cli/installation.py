"""The installation that a command works on: its server, its database at the newest shape, keys."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx2
import psycopg

from emask.cli.partners_file import configured_partners
from emask.cli.settings import KEYS_NAME, ChainsTell, Settings, settings
from emask.cli.speech import refuse
from emask.database.clock import Clock, ClockNotSet, SetClock, SystemClock
from emask.database.migrations import migrate
from emask.database.pool import Database
from emask.database.server import DEFAULT_DATABASE, EmbeddedServer, ServerError
from emask.database.throwaway import create_database
from emask.database.vault import Keys
from emask.identity.site import Site
from emask.programme.system import Partners, System, open_system
from emask.sandbox.schema import install
from emask.sandbox.system import Sandbox

T = TypeVar("T")
_PATIENCE = 5  # seconds for a database to answer at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A database that answers, the keys of what is sealed in it, and its file of real partners."""

    url: str
    keys: Keys
    partners_file: Path | None = None

    def run(self, command: Callable[[System], Awaitable[T]]) -> T:
        """Run a command on the system."""
        return asyncio.run(self._run(command))

    async def _run(self, command: Callable[[System], Awaitable[T]]) -> T:
        async with (
            Database(self.url, size=4) as db,
            httpx2.AsyncClient(trust_env=False) as client,
        ):
            await install(db)
            clock = await clock_of(db)
            site = Site(origin=settings().origin)
            sandbox = Sandbox.over(
                db, clock, self.keys, site=site, base=settings().partners, pushing=client
            )
            partners = configured_partners(
                self.partners_file,
                doubles(sandbox, settings().chains),
                client,
                db=db,
                clock=clock,
                keys=self.keys,
                site=site,
            )
            async with (
                aclosing(partners.sms),
                open_system(
                    db, clock=clock, keys=self.keys, partners=partners, site=site
                ) as system,
            ):
                return await command(system)


@contextmanager
def installation() -> Iterator[Installation]:
    """The installation of the environment; an embedded server runs as long as the block."""
    with _told_plainly():
        configured = settings()
        keys = Keys.read_or_create(configured.keys_file)
        with _server(configured) as url:
            psycopg.connect(url, connect_timeout=_PATIENCE).close()
            migrate(url)
            yield Installation(url=url, keys=keys, partners_file=configured.partners_file)


@contextmanager
def installation_in(folder: Path) -> Iterator[Installation]:
    """One that lives in a folder of its own, keys included, as kept rehearsals do."""
    with _told_plainly(), _embedded(folder) as url:
        migrate(url)
        yield Installation(url=url, keys=Keys.read_or_create(folder / KEYS_NAME))


def doubles(sandbox: Sandbox, chains: ChainsTell) -> Partners:
    """The sandbox's partners, with chains that tell as they are set to."""
    return sandbox.partners_with_chains if chains is ChainsTell.WIRE else sandbox.partners


async def clock_of(db: Database) -> Clock:
    """The clock that the database is lived by: a set one where one was set, else the machine's."""
    clock = SetClock(db)
    try:
        await clock.now()
    except ClockNotSet:
        return SystemClock()
    return clock


@contextmanager
def _server(configured: Settings) -> Iterator[str]:
    if configured.database_url is not None:
        yield configured.database_url
        return
    with _embedded(configured.data) as url:
        yield url


@contextmanager
def _embedded(folder: Path) -> Iterator[str]:
    with EmbeddedServer(folder) as server:
        create_database(server, DEFAULT_DATABASE)
        yield server.url()


@contextmanager
def _told_plainly() -> Iterator[None]:
    """What an operator can do about a database that cannot be had."""
    try:
        yield
    except ServerError as error:
        refuse(f"資料庫無法啟動：{error}", f"The database cannot be started: {error}")
    except (psycopg.OperationalError, psycopg.ProgrammingError) as error:
        reason = str(error).splitlines()[0]
        refuse(f"連不上資料庫：{reason}", f"The database cannot be reached: {reason}")
    except PermissionError as error:
        refuse(f"沒有權限：{error.filename}", f"Not permitted: {error.filename}")
