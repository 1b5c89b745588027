"""A small HTTP server that hears what an implementation tells, and answers `1|OK`."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from emask.partners.logistics.conformance.bench import Heard

_LONGEST: Final = 65_536
_SECONDS: Final = 10
_LOOKS: Final = 10  # a second
_ANSWER: Final = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 4\r\nconnection: close\r\n\r\n"
    b"1|OK"
)


class HttpEar:
    """Listens while it is entered; satisfies `Ear`.

    Args:
        url: by which the implementation reaches it.
        host, port: where it listens; port 0 takes a free one, which `port` then is.
        wait: how many seconds there is time to tell.
    """

    def __init__(self, *, url: str, host: str, port: int, wait: float) -> None:
        self.url = url
        self._host = host
        self.port = port
        self._wait = wait
        self._heard: list[Heard] = []
        self._server: asyncio.Server | None = None

    async def heard(self, trade_no: str) -> Sequence[Heard]:
        for _ in range(int(self._wait * _LOOKS)):
            if any(trade_no.encode() in each.body for each in self._heard):
                break
            await asyncio.sleep(1 / _LOOKS)
        return list(self._heard)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._hear, self._host, self.port, limit=_LONGEST)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                self._heard.append(await _read(reader))
                writer.write(_ANSWER)
                await writer.drain()
        except (TimeoutError, ValueError, OSError, EOFError, asyncio.LimitOverrunError):
            pass  # no request that any implementation makes
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Heard:
    """One request. Raises ValueError, EOFError."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    if not head.startswith("POST "):
        raise ValueError("not told")
    pairs = [line.partition(":") for line in head.split("\r\n")[1:]]
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= _LONGEST:
        raise ValueError("too long")
    body = await reader.readexactly(length)
    return Heard(content_type=headers.get("content-type", ""), body=body)
