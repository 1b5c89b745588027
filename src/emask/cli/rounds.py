"""``emask rounds``: list them, show one, load one from a file."""

from pathlib import Path
from typing import Annotated

import typer

from emask.cli.installation import installation
from emask.cli.speech import chosen, refuse, say
from emask.programme.system import System
from emask.rounds.catalogue import (
    BUILT_IN,
    RoundFileError,
    built_in_round,
    fields_of,
    round_from_file,
)
from emask.rounds.service import (
    PickupsOverlap,
    RoundFrozen,
    UnknownRound,
    all_rounds,
    load_round,
    save_round,
)
from emask.rules.calendar import Phase, Round

app = typer.Typer(no_args_is_help=True, help="Rounds: their dates, quotas and prices.")

_PHASES = {
    Phase.NOT_OPEN_YET: ("未開放", "not open yet"),
    Phase.REGISTRATION: ("登記中", "registration"),
    Phase.CLOSED: ("已截止", "closed"),
    Phase.PAYMENT: ("繳費中", "payment"),
    Phase.SETTLING: ("結算中", "settling"),
    Phase.PREPARING: ("備貨中", "preparing"),
    Phase.PICKUP: ("取貨中", "collection"),
    Phase.OVER: ("已結束", "over"),
}


@app.command("list")
def list_rounds() -> None:
    """List all rounds, the first to open first."""

    async def command(system: System) -> list[str]:
        now = await system.clock.now()
        async with system.db.transaction() as tx:
            return [_line(round, round.phase(now)) for round in await all_rounds(tx)]

    with installation() as here:
        lines = here.run(command)
    for line in lines:
        typer.echo(line)
    if not lines:
        say("還沒有輪次", "There is no round yet")


@app.command("show")
def show_round(round_id: str) -> None:
    """Show one round, field by field."""

    async def command(system: System) -> Round:
        async with system.db.transaction() as tx:
            return await load_round(tx, round_id)

    with installation() as here:
        try:
            round = here.run(command)
        except UnknownRound:
            refuse(f"沒有輪次 {round_id}", f"There is no round {round_id}")
    for field, value in fields_of(round).items():
        typer.echo(f"{field} = {value}")


@app.command("load")
def load(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A TOML file, or a built-in name.")],
) -> None:
    """Enter a round, or replace the one of its id until its list is frozen."""
    round = round_named(file)

    async def command(system: System) -> None:
        async with system.db.transaction() as tx:
            await save_round(tx, round)

    with installation() as here:
        try:
            here.run(command)
        except RoundFrozen:
            refuse(f"輪次 {round.id} 已截止，不能再改", f"Round {round.id} is frozen")
        except PickupsOverlap:
            refuse(
                f"輪次 {round.id} 的取貨期間與其他輪次重疊",
                f"The pick-up days of round {round.id} overlap with another round's",
            )
        except UnknownRound as wrong:
            refuse(f"closed_to_buyers_of 有誤：{wrong}", f"closed_to_buyers_of: {wrong}")
    say(f"已載入輪次 {round.id}", f"Round {round.id} is loaded")


def round_named(name: str) -> Round:
    """A built-in round, or the one of a file; ends the command if there is none."""
    if name in BUILT_IN:
        return built_in_round(name)
    if not Path(name).is_file():
        refuse(
            f"沒有檔案 {name}，內建的輪次為 {'、'.join(BUILT_IN)}",
            f"There is no file {name}; the built-in rounds are {', '.join(BUILT_IN)}",
        )
    try:
        return round_from_file(Path(name))
    except RoundFileError as wrong:
        refuse(f"輪次檔有誤：{wrong}", f"The round's file is at fault: {wrong}")


def _line(round: Round, phase: Phase) -> str:
    dates = f"{round.opens_at:%Y-%m-%d} … {round.pickup_until:%Y-%m-%d}"
    return f"{round.id}\t{dates}\t{round.quota:,}\t{chosen(*_PHASES[phase])}"
