"""What ``emask up`` serves: the whole web application over the configured installation.

Granian loads :data:`application` in processes of its own; where the database and the keys are
comes by environment.
"""

from contextlib import AsyncExitStack, aclosing
from typing import Final

import httpx2

from emask.cli.installation import clock_of, doubles
from emask.cli.partners_file import configured_partners
from emask.cli.serving import Application, Served
from emask.cli.settings import settings
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.identity.site import Site
from emask.opendata.snapshot import kept_fresh
from emask.programme.system import open_system
from emask.sandbox.system import Sandbox
from emask.web.app import create_app

CONNECTIONS: Final = 16
"""Of one process, beside the intake's own."""


async def _build(until_the_end: AsyncExitStack) -> Application:
    configured = settings()
    keys = Keys.read_or_create(configured.keys_file)
    site = Site(origin=configured.origin, synced_passkeys=configured.synced_passkeys)
    db = await until_the_end.enter_async_context(
        Database(configured.database_url or "", size=CONNECTIONS)
    )
    client = await until_the_end.enter_async_context(httpx2.AsyncClient(trust_env=False))
    clock = await clock_of(db)
    sandbox = Sandbox.over(
        db, clock, keys, site=site, base=configured.partners, client=client, pushing=client
    )
    partners = configured_partners(
        configured.partners_file,
        doubles(sandbox, configured.chains),
        client,
        db=db,
        clock=clock,
        keys=keys,
        site=site,
    )
    await until_the_end.enter_async_context(aclosing(partners.sms))
    system = await until_the_end.enter_async_context(
        open_system(db, clock=clock, keys=keys, partners=partners, site=site)
    )
    await until_the_end.enter_async_context(kept_fresh(system.open_data, db, clock))
    return create_app(system, proxies=configured.proxies)


application = Served(_build)
