"""An application that opens when its server starts and closes when it stops."""

import gc
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AsyncExitStack
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


class Served:
    """An ASGI application for Granian to load, built in each of its processes.

    Args:
        build: makes the application; what it enters into the stack is closed at the end.
    """

    def __init__(self, build: Callable[[AsyncExitStack], Awaitable[Application]]) -> None:
        self._build = build
        self._app: Application | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Live with the server; answer as the application does."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self._app is not None:
            await self._app(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as until_the_end:
            await receive()
            self._app = await self._build(until_the_end)
            gc.freeze()  # what is there now stays to the end: looking through it stalls requests
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})
