"""``emask people import|make FILE``: the registry of insured people."""

import csv
import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final, Self, TextIO

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from emask.cli.imports import SHOWN, fault_told, refuse_faults
from emask.cli.installation import installation
from emask.cli.speech import NOT_SOUND, chosen, refuse, say
from emask.identity.people_file import PeopleFile, open_people_file
from emask.identity.people_headings import HEADINGS, OPTIONAL
from emask.identity.people_import import (
    ImportedElsewhere,
    ImportFigures,
    forget_import,
    import_people,
)
from emask.programme.system import System
from emask.rounds.csv_file import FileRejected
from emask.rounds.model import LineError
from emask.sandbox.people_file import UnknownKind, write_people
from emask.sandbox.population import made_up_people

app = typer.Typer(no_args_is_help=True, help="The registry of insured people.")

_MOST_PEOPLE: Final = 50_000_000
_COLUMNS: Final = "\n".join(
    f"{' | '.join(names)}{'  (may be missing or empty)' if column in OPTIONAL else ''}\n"
    for column, names in HEADINGS.items()
)


@app.command(
    "import",
    help="Enter people, or bring them up to date, from a CSV file (UTF-8, with or without a"
    " byte-order mark) or a Parquet file (all columns text; the birth date may be a date).\n\n"
    f"Columns, in any order, each by one of these headings:\n\n{_COLUMNS}\n"
    "The language is zh or en. Lines at fault are told and left out, all others are entered."
    " An import that was broken off goes on where it stopped when the same file comes again."
    "\n\nExit status: 0 all lines entered; 1 lines were left out; 2 the file cannot be read.",
)
def import_people_file(
    *,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    errors: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Write every fault into this CSV file."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Enter all of the file anew, from its first line.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Enter people, or bring them up to date."""
    if errors is not None and errors.exists() and errors.samefile(file):
        refuse("--errors 不能是要匯入的檔案", "--errors cannot be the file to import")
    people = _opened(file)
    began = time.monotonic()
    with installation() as here, _Listener(people, errors) as listener:

        async def command(system: System) -> ImportFigures:
            if again:
                await forget_import(system.db, people)
            return await import_people(
                system.db, system.vault, system.clock, file=people, audience=listener
            )

        try:
            figures = here.run(command)
        except FileRejected as rejected:
            told = fault_told(file, rejected.error)
            refuse(
                f"{told}\n匯入中斷；檔案修好後再匯入一次",
                f"{told}\nThe import broke off: mend the file and import it again",
            )
        except ImportedElsewhere:
            refuse("另一個程序正在匯入這個檔案", "Another import of this file is running")
    _tell(figures, people, time.monotonic() - began, as_json=as_json)
    if figures.refused:
        raise typer.Exit(NOT_SOUND)


@app.command("make")
def make_people_file(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="A new .csv or .parquet file.")],
    people: Annotated[int, typer.Option(min=1, max=_MOST_PEOPLE)] = 1_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same people.")] = 0,
) -> None:
    """Write a file of made-up people, to try an import with."""
    if file.exists():
        refuse(f"{file} 已存在", f"{file} exists already")
    with _bar() as bar:
        task = bar.add_task("", total=people)
        try:
            write_people(file, bar.track(made_up_people(people, seed=seed), task_id=task))
        except UnknownKind:
            refuse("檔名以 .csv 或 .parquet 結尾", "End the file's name in .csv or .parquet")
        except ImportError:
            refuse("Parquet 要先安裝 emask[parquet]", "Parquet needs emask[parquet]")
    say(f"已寫入 {people:,} 人", f"{people:,} people written")


class _Listener:
    """Progress and faults on standard error, and all faults in a file if one was asked for."""

    def __init__(self, people: PeopleFile, errors: Path | None) -> None:
        self._people = people
        self._bar = _bar()
        self._errors = errors
        self._file: TextIO | None = None
        self._faults = 0

    def __enter__(self) -> Self:
        if self._errors is not None:
            # With a byte-order mark, so that spreadsheets read the Chinese.
            self._file = self._errors.open("w", encoding="utf-8-sig", newline="")
            csv.writer(self._file).writerow(("line", "column", "zh", "en"))
        self._bar.start()
        self._task = self._bar.add_task("", total=self._people.rows)
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()
        if self._file is not None:
            self._file.close()
        if self._faults > SHOWN:
            rest = self._faults - SHOWN
            typer.echo(chosen(f"另有 {rest:,} 處有誤", f"{rest:,} more faults"), err=True)

    def block(self, rows: int, faults: Sequence[LineError]) -> None:
        self._bar.advance(self._task, rows)
        for fault in faults[: max(0, SHOWN - self._faults)]:
            typer.echo(fault_told(self._people.path, fault), err=True)
        if self._file is not None:
            csv.writer(self._file).writerows(
                (fault.line, fault.field, fault.zh, fault.en) for fault in faults
            )
        self._faults += len(faults)


def _bar() -> Progress:
    return Progress(
        BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=Console(stderr=True)
    )


def _opened(file: Path) -> PeopleFile:
    try:
        return open_people_file(file)
    except FileRejected as rejected:
        refuse_faults(file, (rejected.error,))
        raise


def _tell(figures: ImportFigures, people: PeopleFile, seconds: float, *, as_json: bool) -> None:
    if as_json:
        told = asdict(figures) | {"digest": people.digest.hex(), "seconds": round(seconds, 1)}
        typer.echo(json.dumps(told))
        return
    say(
        f"讀取 {figures.rows:,} 列，登錄 {figures.entered:,}，退回 {figures.refused:,}",
        f"{figures.rows:,} rows read, {figures.entered:,} entered, {figures.refused:,} left out",
    )
    if figures.known:
        say(
            f"其中 {figures.known:,} 列先前已處理；重新登錄全部加上 --again",
            f"{figures.known:,} of them were dealt with before; --again enters them all anew",
        )
