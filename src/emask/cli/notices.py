"""``emask notices``: how messages to people stand, and sending those that wait."""

import asyncio
import json
from datetime import datetime
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table

from emask.cli.installation import installation
from emask.cli.speech import chosen, say
from emask.database.clock import SetClock
from emask.notices.model import NoticeState
from emask.notices.service import Figures, Numbers, count_due, figures
from emask.programme.service import send_notices
from emask.programme.system import System

app = typer.Typer(
    invoke_without_command=True, help="Messages to people: how they stand, and sending them."
)

_PAUSE: Final = 1.0  # seconds between two looks at what waits
_STATES: Final = {
    NoticeState.WAITING: ("等待", "waiting"),
    NoticeState.SENT: ("已送出", "sent"),
    NoticeState.DELIVERED: ("已送達", "delivered"),
    NoticeState.UNDELIVERED: ("未送達", "undelivered"),
    NoticeState.UNCLEAR: ("不明", "unclear"),
    NoticeState.FAILED: ("無法送出", "failed"),
}


@app.callback()
def show_notices(
    context: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """How many notices of each kind and round wait, were sent, arrived, or did not."""
    if context.invoked_subcommand is not None:
        return
    with installation() as here:
        found, now = here.run(_figures)
    if as_json:
        typer.echo(json.dumps(_as_facts(found, now)))
    else:
        _show(found, now)


@app.command("drain")
def drain_notices(
    *,
    until_empty: Annotated[
        bool, typer.Option("--until-empty", help="Go on until nothing waits any more.")
    ] = False,
) -> None:
    """Send what is due. Another process that sends is left to it."""
    with installation() as here:
        sent = here.run(_drain_until_empty if until_empty else _drain)
    say(f"已送出 {sent:,} 則", f"{sent:,} sent")


async def _figures(system: System) -> tuple[Figures, datetime]:
    now = await system.clock.now()
    async with system.db.transaction() as tx:
        return await figures(tx, at=now), now


async def _drain(system: System) -> int:
    with _bar() as bar:
        task = bar.add_task("", total=await _waiting(system))
        return await send_notices(system, progress=lambda done: bar.advance(task, done))


async def _drain_until_empty(system: System) -> int:
    """A clock that stands still lets nothing more fall due: then one call is all."""
    sent = 0
    while True:
        sent += (now_sent := await _drain(system))
        if not await _waiting(system) or (not now_sent and isinstance(system.clock, SetClock)):
            return sent
        await asyncio.sleep(_PAUSE)


async def _waiting(system: System) -> int:
    async with system.db.transaction() as tx:
        return await count_due(tx, at=await system.clock.now())


def _bar() -> Progress:
    return Progress(
        BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=Console(stderr=True)
    )


def _as_facts(found: Figures, now: datetime) -> dict[str, object]:
    oldest = found.oldest_waiting
    return {
        "kinds": [
            {"round_id": round_id, "kind": kind, **_in_full(numbers)}
            for (round_id, kind), numbers in found.kinds.items()
        ],
        "providers": [
            {"provider": provider, **_in_full(numbers)}
            for provider, numbers in found.providers.items()
        ],
        "oldest_waiting_seconds": None if oldest is None else (now - oldest).total_seconds(),
        "per_second": found.per_second,
    }


def _in_full(numbers: Numbers) -> dict[str, int]:
    return {state: numbers.get(state, 0) for state in _STATES}


def _show(found: Figures, now: datetime) -> None:
    table = Table(
        chosen("輪次", "Round"), chosen("通知", "Notice"), title=chosen("通知", "Notices")
    )
    for word in _STATES.values():
        table.add_column(chosen(*word), justify="right")
    for names, numbers in found.kinds.items():
        table.add_row(*names, *(f"{number:,}" for number in _in_full(numbers).values()))
    Console().print(table)
    if found.oldest_waiting is not None:
        minutes = int((now - found.oldest_waiting).total_seconds() // 60)
        say(f"最久的等了 {minutes:,} 分鐘", f"The oldest has waited {minutes:,} minutes")
    say(
        f"最近一分鐘每秒送出 {found.per_second:.1f} 則",
        f"{found.per_second:.1f} a second were sent over the last minute",
    )
