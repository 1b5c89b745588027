"""What ``emask up`` serves beside the web application: the sandbox's partners.

Granian loads :data:`application`; where the database and the keys are comes by environment. What
gateway and SMS centre tell by themselves goes to the site as it would from outside.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final

import httpx2

from emask.cli.installation import clock_of
from emask.cli.serving import Application, Served
from emask.cli.settings import settings
from emask.database.clock import Clock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.identity.site import Site
from emask.sandbox.system import Sandbox

_LOG: Final = logging.getLogger(__name__)

CONNECTIONS: Final = 4
_TELLS_EVERY: Final = 3.0  # seconds


async def _build(until_the_end: AsyncExitStack) -> Application:
    configured = settings()
    keys = Keys.read_or_create(configured.keys_file)
    db = await until_the_end.enter_async_context(
        Database(configured.database_url or "", size=CONNECTIONS)
    )
    pushing = await until_the_end.enter_async_context(httpx2.AsyncClient(trust_env=False))
    clock = await clock_of(db)
    site = Site(origin=configured.origin, synced_passkeys=configured.synced_passkeys)
    sandbox = Sandbox.over(db, clock, keys, site=site, base=configured.partners, pushing=pushing)
    await until_the_end.enter_async_context(telling(sandbox, clock))
    return sandbox.wire


@asynccontextmanager
async def telling(
    sandbox: Sandbox, clock: Clock, *, every: float = _TELLS_EVERY
) -> AsyncIterator[None]:
    """While the block runs, the partners tell what they have still to tell, every few seconds."""
    task = asyncio.create_task(_tell(sandbox, clock, every), name="partners' word")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _tell(sandbox: Sandbox, clock: Clock, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        try:
            await sandbox.tell_due(await clock.now())
        except Exception as error:  # noqa: BLE001 - whatever it was, the rest is still to be told
            _LOG.warning("partners did not tell: %s", type(error).__name__)


application = Served(_build)
