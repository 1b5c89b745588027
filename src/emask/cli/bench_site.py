"""The web application of a measurement: on loopback, in processes that are killed on the way."""

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from emask.cli.cpu_time import process_tree
from emask.cli.servers import Server, start

_WORKERS: Final = 2
_LOOK: Final = 0.01  # seconds


class WebSite:
    """The web application in processes of its own, which can be killed all at once."""

    def __init__(self, environment: Mapping[str, str], *, port: int) -> None:
        self._environment = environment
        self._port = port
        self._server: Server | None = None

    async def start(self) -> None:
        """Start it; returns when it takes connections."""
        self._server = await start(
            "emask.cli.up_app:application",
            self._environment,
            host="127.0.0.1",
            port=self._port,
            workers=_WORKERS,
        )
        if not await self._server.answers():
            raise RuntimeError("the web application did not start")

    async def kill(self) -> None:
        """Kill every process of it in the midst of whatever it does; returns when all are gone."""
        if self._server is None:
            return
        for process in process_tree(self._server.process.pid):
            with suppress(ProcessLookupError):  # it has ended meanwhile
                os.kill(process, signal.SIGKILL)
        await self._server.process.wait()
        await self._silence()

    async def _silence(self) -> None:
        """A process that was killed goes on listening until the kernel has cleared it away."""
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self._port)
            except OSError:
                return
            writer.close()
            await asyncio.sleep(_LOOK)

    async def end(self) -> None:
        """Let it end."""
        if self._server is not None:
            await self._server.end()
