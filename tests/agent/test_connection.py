"""Requests that stop half way: their connections do not stay open."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from emask_card_agent import connection
from emask_card_agent.connection import Connection

PATIENCE = 0.2
HEAD = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\n"
REQUEST = HEAD + b"{}"


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PATIENCE", PATIENCE)


async def answer_late(scope: Scope, receive: Receive, send: Send) -> None:
    """As one does who waits for a person to type."""
    await Request(scope, receive).body()
    await asyncio.sleep(3 * PATIENCE)
    await PlainTextResponse("done")(scope, receive, send)


@asynccontextmanager
async def listening(kind: type[H11Protocol]) -> AsyncIterator[int]:
    """The port of a server with this kind of connections."""
    config = uvicorn.Config(answer_late, lifespan="off", log_config=None)
    config.load()
    server = await asyncio.get_running_loop().create_server(
        lambda: kind(config=config, server_state=ServerState(), app_state={}), "127.0.0.1", 0
    )
    async with server:
        yield server.sockets[0].getsockname()[1]


async def received(kind: type[H11Protocol], *, sent: bytes) -> bytes | None:
    """Everything until the server closes the connection; None if it does not."""
    async with listening(kind) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        try:
            async with asyncio.timeout(10 * PATIENCE):
                return await reader.read()
        except TimeoutError:
            return None
        finally:
            writer.close()


@pytest.mark.parametrize(
    "sent", [b"", HEAD[:20], HEAD, HEAD + b"{"], ids=["nothing", "half a head", "a head", "half"]
)
async def test_half_a_request(sent: bytes) -> None:
    assert await received(Connection, sent=sent) == b""
    assert await received(H11Protocol, sent=sent) is None, "the control: uvicorn's own waits"


async def test_a_whole_request_may_be_answered_late_but_the_next_one_may_not_come_late() -> None:
    said = await received(Connection, sent=REQUEST + HEAD)
    assert said is not None
    assert said.startswith(b"HTTP/1.1 200 OK")
    assert said.count(b"HTTP/1.1") == 1
