"""A gate before an SMPP server that checks no password: it does, and passes on what may come in."""

import asyncio
import hmac
import socket
import struct
from contextlib import suppress
from typing import Final

_BINDS: Final = (0x01, 0x02, 0x09)  # as receiver, as transmitter, as transceiver
_ANSWER: Final = 0x80000000
_BIND_FAILED: Final = 0x0D
_HEADER: Final = struct.Struct(">IIII")
_LONGEST_BIND: Final = 1024
_CHUNK: Final = 65_536


class Gate:
    """Lets whoever binds with the right name and password through to `inner` on loopback."""

    def __init__(self, inner: int, *, system_id: str, password: str) -> None:
        self._inner = inner
        self._wanted = system_id.encode() + b"\0" + password.encode() + b"\0"
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self, port: int = 0) -> int:
        """Listen on loopback; the port."""
        self._server = await asyncio.start_server(self._come, "127.0.0.1", port)
        chosen: int = self._server.sockets[0].getsockname()[1]
        return chosen

    async def stop(self) -> None:
        """Listen no more, and cut what is open."""
        if self._server is not None:
            self._server.close()
        self.cut()

    def cut(self) -> None:
        """Cut all that is open, without a word."""
        for writer in self._open:
            writer.transport.abort()

    async def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._admit(reader, writer)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        header = await reader.readexactly(_HEADER.size)
        length, command, _, sequence = _HEADER.unpack(header)
        if command not in _BINDS or not _HEADER.size < length <= _LONGEST_BIND:
            return
        body = await reader.readexactly(length - _HEADER.size)
        if not hmac.compare_digest(body[: len(self._wanted)], self._wanted):
            writer.write(_HEADER.pack(_HEADER.size, command | _ANSWER, _BIND_FAILED, sequence))
            await writer.drain()
            return
        await self._pass_on(header + body, reader, writer)

    async def _pass_on(
        self, bind: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._inner)
        self._open.add(inner_writer)
        try:
            inner_writer.write(bind)
            await asyncio.gather(
                _pipe(reader, inner_writer), _pipe(inner_reader, writer), return_exceptions=True
            )
        finally:
            self._open.discard(inner_writer)
            inner_writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    finally:
        writer.close()


def free_port() -> int:
    """A port on loopback that nobody listens on: smpp34's server does not tell which it got."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port
