"""``emask stores import FILE``: all of a file or, at a fault, nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from emask.cli.installation import installation
from emask.cli.speech import chosen, refuse, say
from emask.language import Language
from emask.programme.system import System
from emask.rounds.model import Change, Closings, Difference, ImportReport, LineError, Store
from emask.rounds.stores import ImplausibleClosings, compare_stores, import_stores

stores = typer.Typer(no_args_is_help=True, help="The convenience stores where packs are collected.")

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
SHOWN: Final = 20
"""Faults of a file that are told one by one."""
KINDS: Final = {
    Change.ADDED: {Language.ZH: "新增", Language.EN: "added"},
    Change.CHANGED: {Language.ZH: "變更", Language.EN: "changed"},
    Change.MOVED: {Language.ZH: "搬遷", Language.EN: "moved"},
    Change.CLOSED: {Language.ZH: "停業", Language.EN: "closed"},
    Change.REOPENED: {Language.ZH: "恢復營業", Language.EN: "reopened"},
}
"""What can become of a store or site."""


@stores.command("import")
def import_stores_file(
    file: File,
    *,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show what would change, store by store; change nothing."),
    ] = False,
    confirm_closing: Annotated[
        int | None,
        typer.Option(help="Close this many stores, where that is more than a week usually does."),
    ] = None,
    by: Annotated[
        str, typer.Option(envvar=["SUDO_USER", "USER"], help="Who brings the file; it is kept.")
    ] = "emask",
) -> None:
    """Bring the stores in line with a CSV file in the chains' own format."""
    if dry_run:
        _show_differences(file)
        return

    async def command(system: System) -> ImportReport:
        return await import_stores(system.db, file, by=by, confirmed=confirm_closing)

    with installation() as here:
        try:
            report = here.run(command)
        except ImplausibleClosings as implausible:
            _refuse_closings(implausible)
        _tell_stores(file, report)


def _show_differences(file: Path) -> None:
    """What an import would change, closings first, and the figures of each chain."""

    async def command(system: System) -> tuple[ImportReport, list[Difference], list[Closings]]:
        return await compare_stores(system.db, file)

    with installation() as here:
        report, differences, closings = here.run(command)
    refuse_faults(file, report.errors)
    for each in differences:
        say(_difference_told(each, Language.ZH), _difference_told(each, Language.EN))
    say(_closings_told(closings, Language.ZH), _closings_told(closings, Language.EN))
    _tell_stores(file, report)
    say("只是比較，沒有變更任何門市", "Compared only; nothing was changed")


def _difference_told(difference: Difference, language: Language) -> str:
    """One store's difference in a line: what it was, and what it became."""
    became, was = difference.became, difference.was
    told = f"{KINDS[difference.kind][language]} {became.chain} {became.code} {_facts(became)}"
    if was is None or _facts(was) == _facts(became):
        return told
    return f"{told} ← {_facts(was)}"


def _facts(store: Store) -> str:
    return f"{store.name} {store.zip_code} {store.county}{store.town} {store.address}"


def _refuse_closings(implausible: ImplausibleClosings) -> NoReturn:
    number = implausible.total
    refuse(
        f"{_closings_told(implausible.closings, Language.ZH)}\n"
        f"停業的門市多得不尋常，沒有匯入。確定無誤時加上 --confirm-closing {number}",
        f"{_closings_told(implausible.closings, Language.EN)}\n"
        "More stores would close than is plausible; nothing was imported. "
        f"If it is right, add --confirm-closing {number}",
    )


def _closings_told(closings: Sequence[Closings], language: Language) -> str:
    return "\n".join(
        f"{each.chain.label}：營業 {each.open:,} 家，將停業 {each.closing:,} 家（{each.share:.1%}）"
        if language is Language.ZH
        else f"{each.chain.label_en}: {each.closing:,} of {each.open:,} open stores would close "
        f"({each.share:.1%})"
        for each in closings
    )


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


def _tell_stores(file: Path, report: ImportReport) -> None:
    refuse_faults(file, report.errors)
    say(
        f"新增 {report.added:,}，變更 {report.changed:,}，搬遷 {report.moved:,}，"
        f"停業 {report.closed:,}，恢復營業 {report.reopened:,}，不變 {report.unchanged:,}",
        f"{report.added:,} added, {report.changed:,} changed, {report.moved:,} moved, "
        f"{report.closed:,} closed, {report.reopened:,} reopened, {report.unchanged:,} unchanged",
    )
