"""What ``emask up`` serves beside the web application: the sandbox's operator and directory.

Granian loads :data:`application`; where the database and the keys are comes by environment.
"""

from contextlib import AsyncExitStack
from typing import Final

from emask.cli.installation import clock_of
from emask.cli.serving import Application, Served
from emask.cli.settings import settings
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.identity.site import Site
from emask.sandbox.system import Sandbox

CONNECTIONS: Final = 4


async def _build(until_the_end: AsyncExitStack) -> Application:
    configured = settings()
    keys = Keys.read_or_create(configured.keys_file)
    db = await until_the_end.enter_async_context(
        Database(configured.database_url or "", size=CONNECTIONS)
    )
    clock = await clock_of(db)
    site = Site(origin=configured.origin, synced_passkeys=configured.synced_passkeys)
    return Sandbox.over(db, clock, keys, site=site, base=configured.partners).wire


application = Served(_build)
