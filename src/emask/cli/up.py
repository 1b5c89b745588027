"""``emask up``: the service with everything it needs, in one command."""

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from typing import Annotated, Final
from urllib.parse import urlsplit

import typer

from emask.cli.installation import Installation, installation
from emask.cli.servers import start
from emask.cli.settings import settings
from emask.cli.speech import refuse, say
from emask.database.clock import SetClock
from emask.language import Language, translator
from emask.programme.money import look_after_money
from emask.programme.parcels import look_after_parcels
from emask.programme.service import run_due, send_notices
from emask.programme.system import System
from emask.rounds.service import all_rounds
from emask.web.demo.stage import CURTAIN, set_stage
from emask.web.sandbox_pages.cast import CAST, PASSWORD, STAFF

_HTTP: Final = 80
_PARTNERS_ABOVE: Final = 10
_MESSAGES: Final = 1_000  # at once, before receipts are looked after again
_TICK: Final = 1.0  # seconds between two looks at what is due
_MONEY: Final = 60.0  # likewise, at what gateways have to say
_PARCELS: Final = 5.0  # likewise, at what becomes of parcels


def up(
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes that serve.")] = 1,
) -> None:
    """Start everything: database, web application, and the work that falls due.

    An empty embedded database becomes a demo: made-up people, shops and rounds, and a clock to
    set. A database of your own (EMASK_DATABASE_URL) stays as it is, and so does one with real
    partners (EMASK_PARTNERS_FILE). Where people reach the service under another address than
    http://localhost:PORT, EMASK_ORIGIN says so; the made-up partners listen ten ports above, or
    where EMASK_PARTNERS says.
    """
    os.environ.setdefault("EMASK_ORIGIN", f"http://localhost:{port}")
    os.environ.setdefault("EMASK_PARTNERS", f"http://127.0.0.1:{port + _PARTNERS_ABOVE}")
    with installation() as here:
        here.run(_prepare)
        here.run(_introduce)
        ended = here.run(lambda system: _serve(system, here, host, port, workers))
    if ended != 0:
        refuse(
            f"網站無法啟動，連接埠 {port} 可能已被使用",
            f"The web application did not start; port {port} may be in use",
        )


async def _prepare(system: System) -> None:
    async with system.db.transaction() as tx:
        rounds = await all_rounds(tx)
    own = settings().database_url is not None or settings().partners_file is not None
    if not rounds and not own:
        await SetClock(system.db).set(CURTAIN)
        await set_stage(system)


async def _introduce(system: System) -> None:
    """Say where everything is and, in a demo, who one can be."""
    home = settings().origin
    say(f"服務位址：{home}", f"Serving on {home}")
    if not isinstance(system.clock, SetClock):
        return
    say(f"導覽：{home}/zh/demo", f"Guided tour: {home}/en/demo")
    say(f"示範人物，密碼都是 {PASSWORD}：", f"People of the demo, all with password {PASSWORD}:")
    for member in CAST:
        about = translator(Language.EN)(member.about)
        who = f"  {member.person.id_number}  {member.person.name}"
        say(f"{who}：{member.about}", f"{who}: {about}")
    for account in STAFF:
        title = translator(Language.EN)(account.title)
        say(f"  {account.username}：{account.title}", f"  {account.username}: {title}")


async def _serve(system: System, here: Installation, host: str, port: int, workers: int) -> int:
    """Serve until the web application ends or the operator ends it; its exit status."""
    environment = {"EMASK_DATABASE_URL": here.url, "EMASK_KEYS": str(settings().keys_file)}
    partners = urlsplit(settings().partners)
    loop, work = asyncio.get_running_loop(), asyncio.current_task()
    if work is not None:
        loop.add_signal_handler(signal.SIGTERM, work.cancel)
    web = await start(
        "emask.cli.up_app:application", environment, host=host, port=port, workers=workers
    )
    servers = [web]
    try:
        if await web.answers():
            sandbox = await start(
                "emask.cli.up_partners:application",
                environment,
                host=partners.hostname or host,
                port=partners.port or _HTTP,
                workers=1,
            )
            servers.append(sandbox)
            await asyncio.gather(
                _while_up(web.process, lambda: _do_what_is_due(system), every=_TICK),
                _while_up(web.process, lambda: send_notices(system, most=_MESSAGES), every=_TICK),
                _while_up(web.process, lambda: look_after_money(system), every=_MONEY),
                _while_up(web.process, lambda: look_after_parcels(system), every=_PARCELS),
            )
    except asyncio.CancelledError:
        return 0
    finally:
        for server in servers:
            await server.end()
    return web.process.returncode or 0


async def _do_what_is_due(system: System) -> None:
    await run_due(system, await system.clock.now())


async def _while_up(web: Process, chore: Callable[[], Awaitable[object]], *, every: float) -> None:
    """Do a chore again and again, with so many seconds in between, as long as the web is up.

    No chore waits for another: messages and gateways may take their time, rounds may not.
    """
    while web.returncode is None:
        await chore()
        try:
            await asyncio.wait_for(web.wait(), every)
        except TimeoutError:
            continue
