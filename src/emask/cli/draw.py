"""``emask draw``: run it, publish it, verify it."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from emask.cli.installation import installation
from emask.cli.speech import NOT_SOUND, chosen, refuse, say
from emask.draw.ports import BeaconNotReady
from emask.draw.publication import FolderInUse, note_signer, write_publication
from emask.draw.service import NotDrawn, NotFrozen, verify
from emask.programme.service import NotDueYet, carry_out_until, send_notices
from emask.programme.system import System
from emask.rounds.service import UnknownRound, load_round
from emask.rules.calendar import TAIPEI

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="The public draw of a round.")


@app.command("run")
def run(round_id: str) -> None:
    """Freeze the list if it is not frozen yet, and draw by the beacon that it named."""
    _tell_steps(_carried_out(round_id, "draw"))


@app.command("publish")
def publish(
    round_id: str,
    out: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Write what everybody can check into this folder too."),
    ] = None,
) -> None:
    """Publish the result, open the orders of the selected, and tell everybody."""
    _tell_steps(_carried_out(round_id, "publish"))
    if out is not None:
        _of_round(round_id, lambda system: write_draw(system, round_id, out))


@app.command("verify")
def verify_draw(round_id: str) -> None:
    """Recompute a draw from its list and beacon value; exit status 1 if anything disagrees."""

    async def command(system: System) -> list[str]:
        return await verify(system.db, round_id, system.partners.beacon)

    problems = _of_round(round_id, command)
    for problem in problems:
        typer.echo(problem)
    if problems:
        raise typer.Exit(NOT_SOUND)
    say("重算結果與公布的一致", "Recomputed: the result is as published")


async def write_draw(system: System, round_id: str, folder: Path) -> None:
    """Write the published files of a round's draw. Raises NotDrawn and FolderInUse."""
    signer = note_signer(round_id, host=system.site.host, key=system.site_keys.draws)
    async with system.db.transaction() as tx:
        await write_publication(tx, round_id=round_id, signer=signer, folder=folder)


def _carried_out(round_id: str, step: str) -> list[str]:
    async def command(system: System) -> list[str]:
        async with system.db.transaction() as tx:
            round = await load_round(tx, round_id)
        now = await system.clock.now()
        done = await carry_out_until(system, round=round, step=step, at=now)
        await send_notices(system)
        return done

    return _of_round(round_id, command)


def _of_round(round_id: str, command: Callable[[System], Awaitable[T]]) -> T:
    with installation() as here:
        try:
            return here.run(command)
        except UnknownRound:
            refuse(f"沒有輪次 {round_id}", f"There is no round {round_id}")
        except NotDueYet as early:
            due = f"{early.due.astimezone(TAIPEI):%Y-%m-%d %H:%M}"
            refuse(f"{due} 之後才能執行", f"This can be done from {due} on")
        except BeaconNotReady:
            refuse("信標的亂數還沒有公布", "The beacon's value is not there yet")
        except FolderInUse as used:
            refuse(f"{used} 不是空資料夾", f"{used} is not an empty folder")
        except (NotFrozen, NotDrawn):
            refuse(f"輪次 {round_id} 還沒有抽籤", f"Round {round_id} is not drawn yet")


def _tell_steps(done: list[str]) -> None:
    typer.echo(", ".join(done) or chosen("先前已完成", "done before"))
