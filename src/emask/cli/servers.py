"""The servers that `emask up` starts: processes of their own that end with it, however it ends."""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

_PATIENCE: Final = 3  # seconds in which a server ends by itself when it is told to
_LOOK: Final = 0.1  # seconds between two looks at whether one answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One application served by Granian at a loopback or public address."""

    process: Process
    host: str
    port: int

    async def answers(self) -> bool:
        """Wait until it takes connections; False if it ended before it did."""
        while self.process.returncode is None:
            with suppress(OSError):
                _, writer = await asyncio.open_connection(self.host, self.port)
                writer.close()
                return True
            await asyncio.sleep(_LOOK)
        return False

    async def end(self) -> None:
        """End it; one that does not hear is killed."""
        if self.process.returncode is None:
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), 2 * _PATIENCE)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


async def start(
    application: str,
    environment: Mapping[str, str],
    *,
    host: str,
    port: int,
    workers: int,
) -> Server:
    """Start a server for an application, such as ``emask.cli.up_app:application``.

    Args:
        application: module and name.
        environment: what it is told beside the environment of this process.
        host: where it listens.
        port: likewise.
        workers: processes that serve.
    """
    process = await asyncio.create_subprocess_exec(
        *("setpriv", "--pdeathsig", "TERM"),  # it ends even if this process is killed
        *(sys.executable, "-m", "granian", "--interface", "asgi", "--loop", "uvloop"),
        *("--host", host, "--port", str(port), "--workers", str(workers)),
        *("--http", "1", "--no-ws", "--log-level", "warning"),
        # a worker that is told to end while it begins would not
        *("--workers-kill-timeout", str(_PATIENCE)),
        application,
        env={**os.environ, **environment},
    )
    return Server(process=process, host=host, port=port)
