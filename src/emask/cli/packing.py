"""``emask packing``: what logistics centres send, the files they pack by, what they confirm."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from emask.cli.imports import refuse_faults
from emask.cli.installation import installation
from emask.cli.speech import chosen, refuse, say
from emask.delivery import packing_file
from emask.delivery.confirmation import confirm_file
from emask.delivery.model import NothingToPack, PackingFile, PackingTotals
from emask.delivery.packing import packing_list, totals_of
from emask.notices.service import notify_arrival
from emask.programme.system import System
from emask.rounds.model import Chain, LineError
from emask.rounds.service import UnknownRound, load_round

app = typer.Typer(no_args_is_help=True, help="What logistics centres send, pack by, and confirm.")

T = TypeVar("T")
_BY = "emask packing"
_FIGURES = {
    "stores": ("門市", "stores"),
    "packs": ("份數", "packs"),
    "confirmed": ("確認裝箱", "confirmed packed"),
    "packed": ("在物流中心", "at the centre"),
    "shipped": ("運送中", "shipped"),
    "arrived": ("已送達", "arrived"),
    "to_come": ("未到店份數", "packs to come"),
    "short": ("短缺份數", "packs missing"),
    "exceptions": ("要處理", "to see to"),
}


class _NoSuchVersion(Exception):
    """The centre's file has no version of this number."""


@app.command("totals")
def totals(
    round_id: str,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """What each centre sends of a round, how far it is, and what somebody has to see to."""

    async def command(system: System) -> dict[Chain, PackingTotals]:
        async with system.db.transaction() as tx:
            round = await load_round(tx, round_id)
            return {
                chain: totals_of(await packing_list(tx, round_id=round.id, chain=chain))
                for chain in Chain
            }

    found = _of_round(round_id, command)
    if as_json:
        typer.echo(json.dumps({chain.value: asdict(each) for chain, each in found.items()}))
        return
    table = Table("", *(chosen(*word) for word in _FIGURES.values()))
    for chain, each in found.items():
        numbers = (f"{getattr(each, figure):,}" for figure in _FIGURES)
        table.add_row(chosen(chain.label, chain.label_en), *numbers)
    Console().print(table)


@app.command("export")
def export(
    round_id: str,
    chain: Chain,
    *,
    out: Annotated[
        Path | None, typer.Option(help="Where to write it; else by its own name, right here.")
    ] = None,
    version: Annotated[
        int | None, typer.Option(help="An earlier version, as it was; else what is so now.")
    ] = None,
) -> None:
    """Write the file that a centre packs by. While nothing changes it is the same version."""

    async def command(system: System) -> tuple[PackingFile, Path]:
        file = await _file(system, round_id, chain, version=version)
        path = out or Path(packing_file.file_name(file))
        async with system.db.transaction() as tx:
            with path.open("wb") as target:
                async for block in packing_file.content(tx, file):
                    target.write(block)
        return file, path

    try:
        file, path = _of_round(round_id, command)
    except NothingToPack:
        refuse("這個物流中心沒有要分裝的口罩", "This centre has nothing to pack")
    except _NoSuchVersion:
        refuse(f"沒有第 {version} 版", f"There is no version {version}")
    except OSError as fault:
        refuse(f"無法寫入 {fault.filename}", f"{fault.filename} cannot be written")
    say(
        f"{path}：第 {file.version} 版，{file.stores:,} 家門市，{file.packs:,} 份，"
        f"SHA-256 {file.sha256}",
        f"{path}: version {file.version}, {file.stores:,} stores, {file.packs:,} packs,"
        f" SHA-256 {file.sha256}",
    )


@app.command("confirm")
def confirm(
    round_id: str,
    chain: Chain,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
) -> None:
    """Take a centre's CSV file (store_code, step, packs): packed, shipped, received.

    All of it or, at a fault, nothing. Whose packs were received is told.
    """

    async def command(system: System) -> tuple[int, list[LineError]]:
        now = await system.clock.now()
        async with system.db.transaction() as tx:
            round = await load_round(tx, round_id)
            new, errors = await confirm_file(
                tx, path=file, round_id=round.id, chain=chain, at=now, by=_BY
            )
            if not errors:
                await notify_arrival(tx, round=round, at=now)
            return new, errors

    new, errors = _of_round(round_id, command)
    refuse_faults(file, errors)
    say(f"新記下 {new:,} 項確認", f"{new:,} confirmations are new")


async def _file(system: System, round_id: str, chain: Chain, *, version: int | None) -> PackingFile:
    """Raises UnknownRound, NothingToPack and _NoSuchVersion."""
    now = await system.clock.now()
    async with system.db.transaction() as tx:
        round = await load_round(tx, round_id)
        if version is None:
            return await packing_file.make_file(tx, round_id=round.id, chain=chain, at=now, by=_BY)
        for each in await packing_file.files(tx, round_id=round.id, chain=chain):
            if each.version == version:
                return each
    raise _NoSuchVersion


def _of_round(round_id: str, command: Callable[[System], Awaitable[T]]) -> T:
    with installation() as here:
        try:
            return here.run(command)
        except UnknownRound:
            refuse(f"沒有輪次 {round_id}", f"There is no round {round_id}")
