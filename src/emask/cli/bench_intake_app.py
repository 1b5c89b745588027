"""What the benchmark of the intake serves: the real endpoint, and nothing else.

Granian loads :data:`application` in a process of its own; database and keys come by environment.
"""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

from emask.database.clock import SystemClock
from emask.database.pool import Database
from emask.database.vault import Keys, Vault
from emask.identity.sessions import Sessions
from emask.preorder.intake import Intake
from emask.web.intake import IntakeEndpoint

URL_VARIABLE: Final = "EMASK_BENCH_DATABASE_URL"
KEYS_VARIABLE: Final = "EMASK_BENCH_KEYS"

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Application:
    """Opens the intake when the server starts and closes it when it stops."""

    def __init__(self) -> None:
        self._open = AsyncExitStack()
        self._endpoint: IntakeEndpoint | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self._endpoint is not None:
            await self._endpoint(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as open_until_the_end:
            await receive()
            keys = Keys.read_or_create(Path(os.environ[KEYS_VARIABLE]))
            db = await open_until_the_end.enter_async_context(
                Database(os.environ[URL_VARIABLE], size=1)
            )
            clock = SystemClock()
            intake = await open_until_the_end.enter_async_context(Intake(db, clock, Vault(keys)))
            self._endpoint = IntakeEndpoint(intake, Sessions(keys), clock)
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


application = Application()
