"""``emask clock``: show it, set it, advance it through everything that falls due."""

from datetime import datetime
from typing import Annotated

import typer

from emask.cli.installation import installation
from emask.cli.speech import chosen, refuse
from emask.database.clock import SetClock
from emask.programme.service import ClockNotSettable, StepDone, advance_to
from emask.programme.system import System
from emask.rules.calendar import TAIPEI

app = typer.Typer(no_args_is_help=True, help="The clock that the installation lives by.")

Instant = Annotated[
    datetime,
    typer.Argument(formats=["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"], help="Taipei time."),
]
_ONLY_DEMO = (
    "這套系統依機器的時鐘運作，不能調整",
    "This installation lives by the machine's clock, which is not set",
)


@app.command("show")
def show() -> None:
    """Show the time as the installation sees it."""

    async def command(system: System) -> str:
        now = (await system.clock.now()).astimezone(TAIPEI)
        kind = isinstance(system.clock, SetClock)
        clock = (
            chosen("設定的時鐘", "set clock") if kind else chosen("機器的時鐘", "machine's clock")
        )
        return f"{now:%Y-%m-%d %H:%M:%S}  {clock}"

    with installation() as here:
        typer.echo(here.run(command))


@app.command("set")
def set_clock(instant: Instant) -> None:
    """Set the clock of a demo, backwards too; nothing is carried out.

    A database that nobody has entered people into gets a set clock by it.
    """
    at = instant.replace(tzinfo=TAIPEI)

    async def command(system: System) -> bool:
        if not isinstance(system.clock, SetClock) and await _inhabited(system):
            return False
        await SetClock(system.db).set(at)
        return True

    with installation() as here:
        if not here.run(command):
            refuse(*_ONLY_DEMO)
    typer.echo(f"{at:%Y-%m-%d %H:%M}")


@app.command("advance")
def advance(instant: Instant) -> None:
    """Move the clock of a demo, carrying out everything that is due on the way."""
    at = instant.replace(tzinfo=TAIPEI)

    async def command(system: System) -> list[StepDone]:
        return await advance_to(system, at)

    with installation() as here:
        try:
            steps = here.run(command)
        except ClockNotSettable:
            refuse(*_ONLY_DEMO)
    for step in steps:
        typer.echo(f"{step.due.astimezone(TAIPEI):%Y-%m-%d %H:%M}  {step.round_id}  {step.step}")
    typer.echo(f"{at:%Y-%m-%d %H:%M}")


async def _inhabited(system: System) -> bool:
    async with system.db.connection() as connection:
        cursor = await connection.execute("SELECT FROM person LIMIT 1")
    return cursor.rowcount > 0
