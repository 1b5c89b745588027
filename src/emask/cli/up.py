"""``emask up``: the service with everything it needs, in one command."""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from typing import Annotated, Final

import typer

from emask.cli.installation import Installation, installation
from emask.cli.settings import settings
from emask.cli.speech import refuse, say
from emask.database.clock import SetClock
from emask.programme.service import run_due, send_notices
from emask.programme.system import System
from emask.rounds.service import all_rounds
from emask.web.demo.stage import CURTAIN, set_stage

_TICK: Final = 1.0  # seconds between two looks at what is due


def up(
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes that serve.")] = 1,
) -> None:
    """Start everything: database, web application, and the work that falls due.

    An empty database becomes a demo: made-up people, shops and rounds, and a clock to set.
    """
    with installation() as here:
        here.run(_prepare)
        say(f"服務位址：http://{host}:{port}", f"Serving on http://{host}:{port}")
        ended = here.run(lambda system: _serve(system, here, host, port, workers))
    if ended != 0:
        refuse(
            f"網站無法啟動，連接埠 {port} 可能已被使用",
            f"The web application did not start; port {port} may be in use",
        )


async def _prepare(system: System) -> None:
    async with system.db.transaction() as tx:
        rounds = await all_rounds(tx)
    if not rounds:
        await SetClock(system.db).set(CURTAIN)
        await set_stage(system)


async def _serve(system: System, here: Installation, host: str, port: int, workers: int) -> int:
    """Serve until the web application ends or the operator ends it; its exit status."""
    web = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "granian", "--interface", "asgi", "--loop", "uvloop"),
        *("--host", host, "--port", str(port), "--workers", str(workers)),
        *("--http", "1", "--no-ws", "--log-level", "warning"),
        "emask.cli.up_app:application",
        env={
            **os.environ,
            "EMASK_DATABASE_URL": here.url,
            "EMASK_KEYS": str(settings().keys_file),
        },
    )
    try:
        await _work_while(system, web)
    except asyncio.CancelledError:
        return 0
    finally:
        if web.returncode is None:
            web.terminate()
        await web.wait()
    return web.returncode or 0


async def _work_while(system: System, web: Process) -> None:
    """Carry out what falls due and send what is to be told, as long as the web is up."""
    while web.returncode is None:
        await run_due(system, await system.clock.now())
        await send_notices(system)
        try:
            await asyncio.wait_for(web.wait(), _TICK)
        except TimeoutError:
            continue
