"""``emask stores|counter-sites import FILE``: all of a file or, at a fault, nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from emask.cli.installation import installation
from emask.cli.speech import chosen, refuse, say
from emask.counter.sites import import_sites
from emask.programme.system import System
from emask.rounds.model import ImportReport, LineError
from emask.rounds.stores import import_stores

stores = typer.Typer(no_args_is_help=True, help="The convenience stores where packs are collected.")
counter_sites = typer.Typer(no_args_is_help=True, help="Pharmacies and health centres.")

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
SHOWN: Final = 20
"""Faults of a file that are told one by one."""


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


def refuse_faults(file: Path, errors: Sequence[LineError]) -> None:
    """Tell the faults of a file with their lines and end; nothing of it was taken."""
    if not errors:
        return
    told = "\n".join(fault_told(file, error) for error in errors[:SHOWN])
    refuse(
        f"{told}\n共 {len(errors):,} 處有誤，沒有匯入任何一列",
        f"{told}\n{len(errors):,} faults; nothing was imported",
    )


def fault_told(file: Path, error: LineError) -> str:
    """A fault with its place, as editors and compilers write it."""
    return chosen(
        f"{file}:{error.line}: {error.field} {error.zh}",
        f"{file}:{error.line}: {error.field} {error.en}",
    )


def _tell(file: Path, report: ImportReport) -> None:
    refuse_faults(file, report.errors)
    say(
        f"新增 {report.added:,}，變更 {report.changed:,}，不變 {report.unchanged:,}，"
        f"停業 {report.closed:,}",
        f"{report.added:,} added, {report.changed:,} changed, {report.unchanged:,} unchanged, "
        f"{report.closed:,} closed",
    )
