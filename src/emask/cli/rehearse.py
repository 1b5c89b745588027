"""``emask rehearse``: a whole round, or several, in a database of its own."""

import asyncio
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Self

import psycopg
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from emask.cli.draw import write_draw
from emask.cli.imports import refuse_faults
from emask.cli.installation import Installation, installation_in
from emask.cli.rounds import round_named
from emask.cli.speech import NOT_SOUND, chosen, refuse
from emask.cli.tables import show_result
from emask.database.throwaway import ThrowawayDatabases
from emask.database.vault import Keys
from emask.programme.system import System
from emask.rehearsal.plan import Plan
from emask.rehearsal.rehearsal import BadFile, rehearse
from emask.rehearsal.result import Result
from emask.rehearsal.troupe import WorkerLost
from emask.rounds.service import PickupsOverlap, UnknownRound
from emask.rules.calendar import Round

_FIRST_ROUND = "2020-1"

File = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, readable=True)]

Quota = Annotated[
    int | None, typer.Option(min=1, help="Packs of each round; else ¾ of the people.")
]
RoundNames = Annotated[
    list[str] | None,
    typer.Option("--round", help="A built-in round or a TOML file; may be given again."),
]
Kept = Annotated[
    Path | None,
    typer.Option(file_okay=False, help="Keep database, keys and receipts in this folder."),
]
Published = Annotated[
    Path | None,
    typer.Option(
        file_okay=False,
        help="Write the draw's published files into this empty folder, or one folder a round.",
    ),
]


def rehearse_command(
    *,
    people: Annotated[int, typer.Option(min=1, max=20_000_000)] = 1_000,
    stores: File = None,
    counter_sites: File = None,
    quota: Quota = None,
    round_names: RoundNames = None,
    seed: Annotated[int, typer.Option(help="The same seed plays the same rehearsal.")] = 0,
    keep: Kept = None,
    publish: Published = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    days_fast: Annotated[
        bool, typer.Option("--days-fast", help="Counters and stores open every third day only.")
    ] = False,
) -> None:
    """Play whole rounds with made-up people against the real services, and audit what came of it.

    Exit status 1 if an invariant is broken.
    """
    plan = Plan(
        people=people,
        seed=seed,
        rounds=_rounds(round_names or [_FIRST_ROUND], quota or max(1, people * 3 // 4)),
        stores=stores,
        counter_sites=counter_sites,
        days_fast=days_fast,
    )
    _require_empty(publish)
    with _place(keep) as place:
        result = _played(plan, place)
        if publish is not None:
            _publish(plan, place, publish)
    if as_json:
        typer.echo(json.dumps(result.as_json(), ensure_ascii=False, indent=2))
    else:
        show_result(result)
    if not result.sound:
        raise typer.Exit(NOT_SOUND)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a rehearsal is played, and where its receipts are kept."""

    installation: Installation
    folder: Path


def _rounds(names: Sequence[str], quota: int) -> tuple[Round, ...]:
    rounds = [replace(round_named(name), quota=quota) for name in names]
    if len({round.id for round in rounds}) < len(rounds):
        refuse("同一輪次只能給一次", "Each round can be given once")
    return tuple(rounds)


def _require_empty(folder: Path | None) -> None:
    if folder is not None and folder.exists() and any(folder.iterdir()):
        refuse(f"{folder} 不是空資料夾", f"{folder} is not an empty folder")


@contextmanager
def _place(keep: Path | None) -> Iterator[_Place]:
    if keep is not None:
        _require_empty(keep)
        with installation_in(keep) as here:
            yield _Place(installation=here, folder=keep)
        return
    with (
        ThrowawayDatabases(Path(tempfile.gettempdir())) as databases,  # of any size: on disk
        databases.database() as url,
        tempfile.TemporaryDirectory(prefix="emask-") as folder,
    ):
        here = Installation(url=url, keys=Keys.generate())
        yield _Place(installation=here, folder=Path(folder))


def _played(plan: Plan, place: _Place) -> Result:
    here = place.installation
    with _Bar() as bar:
        try:
            return asyncio.run(
                rehearse(plan, url=here.url, keys=here.keys, folder=place.folder, audience=bar)
            )
        except BadFile as bad:
            refuse_faults(bad.path, bad.report.errors)
            raise
        except PickupsOverlap:
            refuse("輪次的取貨期間重疊", "The rounds' pick-up days overlap")
        except UnknownRound as wrong:
            refuse(f"closed_to_buyers_of 有誤：{wrong}", f"closed_to_buyers_of: {wrong}")
        except (WorkerLost, psycopg.OperationalError):
            typer.echo(chosen("排演中斷，沒有完成", "The rehearsal broke off"), err=True)
            raise typer.Exit(NOT_SOUND) from None


def _publish(plan: Plan, place: _Place, folder: Path) -> None:
    async def command(system: System) -> None:
        for round_id in plan.round_ids:
            apart = folder if len(plan.rounds) == 1 else folder / round_id
            await write_draw(system, round_id, apart)

    place.installation.run(command)


class _Bar:
    """The progress bar on standard error: scenes played, acts of the present one."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<26}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total}"),
            TextColumn("{task.fields[acts]:,}"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        self._acts = 0

    def __enter__(self) -> Self:
        self._progress.start()
        self._task = self._progress.add_task("", total=1, acts=0)
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()

    def scene(self, number: int, total: int, name: str) -> None:
        self._acts = 0
        self._progress.update(self._task, completed=number, total=total, description=name, acts=0)

    def acts(self, number: int) -> None:
        self._acts += number
        self._progress.update(self._task, acts=self._acts)
