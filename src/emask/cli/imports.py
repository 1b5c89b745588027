"""``emask stores|counter-sites|people import FILE``: all of a file or, at a fault, nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from emask.cli.installation import installation
from emask.cli.people_file import COLUMNS, read_people
from emask.cli.speech import chosen, refuse, say
from emask.counter.sites import import_sites
from emask.identity.registry import add_people
from emask.programme.system import System
from emask.rounds.model import ImportReport, LineError
from emask.rounds.stores import import_stores

stores = typer.Typer(no_args_is_help=True, help="The convenience stores where packs are collected.")
counter_sites = typer.Typer(no_args_is_help=True, help="Pharmacies and health centres.")
people = typer.Typer(no_args_is_help=True, help="The registry of insured people.")

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
_SHOWN = 20  # faults of a file that are told one by one


@stores.command("import")
def import_stores_file(file: File) -> None:
    """Bring the stores in line with a CSV file in the chains' own format."""

    async def command(system: System) -> ImportReport:
        return await import_stores(system.db, file)

    with installation() as here:
        _tell(file, here.run(command))


@counter_sites.command("import")
def import_sites_file(file: File) -> None:
    """Bring pharmacies, health centres and their stock in line with the published CSV list."""

    async def command(system: System) -> ImportReport:
        return await import_sites(system.db, file)

    with installation() as here:
        _tell(file, here.run(command))


@people.command(
    "import", help=f"Enter people from a CSV file with the columns {', '.join(COLUMNS)}."
)
def import_people_file(file: File) -> None:
    """Enter people, or bring them up to date."""
    found, errors = read_people(file)
    refuse_faults(file, errors)

    async def command(system: System) -> int:
        return await add_people(system.db, system.vault, found)

    with installation() as here:
        count = here.run(command)
    say(f"已登錄 {count:,} 人", f"{count:,} people entered")


def refuse_faults(file: Path, errors: Sequence[LineError]) -> None:
    """Tell the faults of a file with their lines and end; nothing of it was taken."""
    if not errors:
        return
    lines = [
        chosen(
            f"{file}:{error.line}: {error.field} {error.zh}",
            f"{file}:{error.line}: {error.field} {error.en}",
        )
        for error in errors[:_SHOWN]
    ]
    told = "\n".join(lines)
    refuse(
        f"{told}\n共 {len(errors):,} 處有誤，沒有匯入任何一列",
        f"{told}\n{len(errors):,} faults; nothing was imported",
    )


def _tell(file: Path, report: ImportReport) -> None:
    refuse_faults(file, report.errors)
    say(
        f"新增 {report.added:,}，變更 {report.changed:,}，不變 {report.unchanged:,}，"
        f"停業 {report.closed:,}",
        f"{report.added:,} added, {report.changed:,} changed, {report.unchanged:,} unchanged, "
        f"{report.closed:,} closed",
    )
