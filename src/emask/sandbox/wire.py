"""The partners that are asked over HTTP, in one ASGI application, each below a path of its own.

`emask up` serves it on a port of its own; commands and tests call it in the same process.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any, Final

import httpx2

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

OPERATOR: Final = "/operator"
DIRECTORY: Final = "/ca"
ECPAY: Final = "/ecpay"
NEWEBPAY: Final = "/newebpay"
MITAKE: Final = "/mitake"
CHAINS: Final = "/chains"


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
        await send_answer(send, b"", status=404, headers=())


def caller(wire: Application, *, address: str = "127.0.0.1") -> httpx2.AsyncClient:
    """A client in the same process, whose calls come from a source address."""
    transport = httpx2.ASGITransport(wire, client=(address, 40_000))
    return httpx2.AsyncClient(transport=transport)


class Nobody(httpx2.AsyncBaseTransport):
    """Where a partner that nobody listens to tells what it has to tell."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Reach nobody."""
        raise httpx2.ConnectError("nobody listens", request=request)


async def read_body(receive: Receive, *, longest: int) -> bytes:
    """The body of a request; of one that is longer, what came until that was seen."""
    body = b""
    while len(body) <= longest:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return body


async def send_answer(
    send: Send, body: bytes, *, status: int, headers: Iterable[tuple[bytes, bytes]]
) -> None:
    """Answer a request."""
    await send({"type": "http.response.start", "status": status, "headers": [*headers]})
    await send({"type": "http.response.body", "body": body})


async def send_content(send: Send, body: bytes, *, status: int, content_type: str) -> None:
    """Answer with what is to be kept nowhere."""
    headers = [(b"content-type", content_type.encode()), (b"cache-control", b"no-store")]
    await send_answer(send, body, status=status, headers=headers)


async def _live(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
