"""The partners that are asked over HTTP, in one ASGI application: operator and directory.

`emask up` serves it on a port of its own; commands and tests call it in the same process.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

import httpx2

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

OPERATOR: Final = "/operator"
DIRECTORY: Final = "/ca"


class Wire:
    """Sends a request to the partner below whose path it is; nothing else answers."""

    def __init__(self, partners: Mapping[str, Application]) -> None:
        self._partners = partners

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer as the partner does, which sees its own paths alone."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        path: str = scope["path"]
        for prefix, partner in self._partners.items():
            if path.startswith(f"{prefix}/"):
                inner = path.removeprefix(prefix)
                await partner(
                    {**scope, "path": inner, "raw_path": inner.encode(), "root_path": ""},
                    receive,
                    send,
                )
                return
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def caller(wire: Application, *, address: str = "127.0.0.1") -> httpx2.AsyncClient:
    """A client in the same process, whose calls come from a source address."""
    transport = httpx2.ASGITransport(wire, client=(address, 40_000))
    return httpx2.AsyncClient(transport=transport)


async def _live(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
