"""``emask counter-sites import FILE``: all of a file or, at a fault, nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from emask.cli.imports import KINDS, SHOWN, File, fault_told, refuse_faults
from emask.cli.installation import installation
from emask.cli.speech import refuse, say
from emask.counter.location_file import LocationFile, read_locations
from emask.counter.site_history_queries import Listed, SiteDifference
from emask.counter.sites import ImplausiblyManyVanish, compare_sites, import_sites
from emask.language import Language
from emask.programme.system import System
from emask.rounds.model import ImportReport, LineError

app = typer.Typer(no_args_is_help=True, help="Pharmacies and health centres.")
_NONE: Final = LocationFile({}, (), ())


@app.command("import")
def import_sites_file(
    file: File,
    *,
    locations: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Where institutions are: CSV of code, x and y."
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show what would change, site by site; change nothing."),
    ] = False,
    confirm_closing: Annotated[
        int | None,
        typer.Option(help="Let this many vanish, where that is more than a week usually has."),
    ] = None,
    by: Annotated[
        str, typer.Option(envvar=["SUDO_USER", "USER"], help="Who brings the file; it is kept.")
    ] = "emask",
) -> None:
    """Bring pharmacies, health centres and their stock in line with the published CSV list."""
    places = _places(locations)
    if dry_run:
        _show_differences(file, places)
        return

    async def command(system: System) -> ImportReport:
        return await import_sites(
            system.db, file, locations=places.locations, by=by, confirmed=confirm_closing
        )

    with installation() as here:
        try:
            report = here.run(command)
        except ImplausiblyManyVanish as implausible:
            _refuse_vanishing(implausible)
    _tell(file, report)


def _places(path: Path | None) -> LocationFile:
    if path is None:
        return _NONE
    places = read_locations(path)
    refuse_faults(path, places.errors)
    _warn(path, places.warnings)
    return places


def _show_differences(file: Path, places: LocationFile) -> None:
    """What an import would change, sites that vanish first."""

    async def command(system: System) -> tuple[ImportReport, list[SiteDifference]]:
        return await compare_sites(system.db, file, locations=places.locations)

    with installation() as here:
        report, differences = here.run(command)
    for each in differences:
        say(_told(each, Language.ZH), _told(each, Language.EN))
    _tell(file, report)
    say("只是比較，沒有變更任何機構", "Compared only; nothing was changed")


def _told(difference: SiteDifference, language: Language) -> str:
    """One site's difference in a line: what it is, and what it was if that is another."""
    kind, was, became = difference
    told = f"{KINDS[kind][language]} {became.site.site_code} {_facts(became)}"
    return told if was is None or _facts(was) == _facts(became) else f"{told} ← {_facts(was)}"


def _facts(listed: Listed) -> str:
    site, where = listed.site, listed.site.location
    place = f" {where.longitude},{where.latitude}" if where else ""
    stock = "/".join(str(pieces) for pieces in listed.stock.values())
    return f"{site.name} {site.address} {site.phone}{place} {stock}"


def _refuse_vanishing(implausible: ImplausiblyManyVanish) -> NoReturn:
    vanishing, active = implausible.vanishing, implausible.active
    refuse(
        f"參與的 {active:,} 家中有 {vanishing:,} 家不在清單上，多得不尋常，沒有匯入。"
        f"確定無誤時加上 --confirm-closing {vanishing}",
        f"{vanishing:,} of the {active:,} sites that take part are not on the list, more than is "
        f"plausible; nothing was imported. If it is right, add --confirm-closing {vanishing}",
    )


def _warn(file: Path, warnings: Sequence[LineError]) -> None:
    for warning in warnings[:SHOWN]:
        typer.echo(fault_told(file, warning))
    if warnings:
        say(f"共 {len(warnings):,} 處請再確認", f"{len(warnings):,} entries to look at")


def _tell(file: Path, report: ImportReport) -> None:
    refuse_faults(file, report.errors)
    say(
        f"新增 {report.added:,}，變更 {report.changed:,}，搬遷 {report.moved:,}，"
        f"不再參與 {report.closed:,}，恢復參與 {report.reopened:,}，不變 {report.unchanged:,}",
        f"{report.added:,} added, {report.changed:,} changed, {report.moved:,} moved, "
        f"{report.closed:,} no longer taking part, {report.reopened:,} taking part again, "
        f"{report.unchanged:,} unchanged",
    )
    _warn(file, report.warnings)
