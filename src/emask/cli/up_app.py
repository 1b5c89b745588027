"""What ``emask up`` serves: the whole web application over the configured installation.

Granian loads :data:`application` in processes of its own; where the database and the keys are
comes by environment.
"""

import gc
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AsyncExitStack
from typing import Any, Final

from emask.cli.installation import clock_of
from emask.cli.settings import settings
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.programme.system import System, open_system
from emask.sandbox.system import sandbox_partners
from emask.web.app import create_app

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

CONNECTIONS: Final = 16
"""Of one process, beside the intake's own."""


class Application:
    """Opens the system when the server starts and closes it when it stops."""

    def __init__(self) -> None:
        self._app: Callable[[Message, Receive, Send], Awaitable[None]] | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self._app is not None:
            await self._app(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as until_the_end:
            await receive()
            self._app = create_app(await _system(until_the_end))
            gc.freeze()  # what is there now stays to the end: looking through it stalls requests
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


async def _system(until_the_end: AsyncExitStack) -> System:
    configured = settings()
    keys = Keys.read_or_create(configured.keys_file)
    db = await until_the_end.enter_async_context(
        Database(configured.database_url or "", size=CONNECTIONS)
    )
    clock = await clock_of(db)
    return await until_the_end.enter_async_context(
        open_system(db, clock=clock, keys=keys, partners=sandbox_partners(db, clock, keys))
    )


application = Application()
