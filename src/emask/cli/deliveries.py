"""``emask deliveries``: what became of a round's packs."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated, NamedTuple

import typer
from rich.console import Console
from rich.table import Table

from emask.cli.installation import installation
from emask.cli.speech import chosen, refuse, say
from emask.delivery.figures import Figures, RoundFigures, figures_of
from emask.delivery.returns import Gap, Supply, gaps, supplies
from emask.programme.system import System
from emask.rounds.service import UnknownRound, load_round


class _Told(NamedTuple):
    figures: RoundFigures
    supplies: list[Supply]
    gaps: list[Gap]


def deliveries_command(
    round_id: Annotated[str, typer.Argument(metavar="ROUND")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Paid, arrived, collected, forfeited and returned packs, by chain and county."""

    async def command(system: System) -> _Told:
        async with system.db.transaction() as tx:
            await load_round(tx, round_id)
            return _Told(
                await figures_of(tx, round_id=round_id),
                await supplies(tx, round_id=round_id),
                await gaps(tx, round_id=round_id),
            )

    with installation() as here:
        try:
            told = here.run(command)
        except UnknownRound:
            refuse(f"沒有輪次 {round_id}", f"There is no round {round_id}")
    if as_json:
        typer.echo(json.dumps(_as_facts(told), ensure_ascii=False))
    else:
        _show(told)


def _as_facts(told: _Told) -> dict[str, object]:
    figures = told.figures
    return {
        "total": _facts(figures.total),
        "chains": {chain: _facts(each) for chain, each in figures.chains.items()},
        "counties": {county: _facts(each) for county, each in figures.counties.items()},
        "supplies": [asdict(each) | {"needed": each.needed} for each in told.supplies],
        "missing": [asdict(each) | {"missing": each.missing} for each in told.gaps],
    }


def _facts(figures: Figures) -> dict[str, object]:
    return asdict(figures) | {"share": round(figures.share, 4)}


def _show(told: _Told) -> None:
    figures = told.figures
    by_chain = [
        (chosen(chain.label, chain.label_en), each) for chain, each in figures.chains.items()
    ]
    total = (chosen("合計", "Total"), figures.total)
    _show_table(chosen("超商", "Chain"), [*by_chain, total])
    _show_table(chosen("縣市", "County"), figures.counties.items())
    for each in told.supplies:
        say(
            f"{each.chain.label}：需要 {each.paid:,} 份，用退回的 {each.from_stock:,}，"
            f"還要送進 {each.needed:,}",
            f"{each.chain.label_en}: {each.paid:,} packs, {each.from_stock:,} from returned stock,"
            f" {each.needed:,} to be brought in",
        )
    missing = sum(gap.missing for gap in told.gaps)
    say(
        f"{len(told.gaps):,} 家門市還有 {missing:,} 份沒有退回",
        f"{missing:,} packs from {len(told.gaps):,} stores have not come back",
    )


def _show_table(first: str, rows: Iterable[tuple[str, Figures]]) -> None:
    table = Table(first)
    for word in (
        ("已繳費", "Paid"),
        ("到過店", "Arrived"),
        ("本人領取", "By owner"),
        ("代領", "By proxy"),
        ("已放棄", "Forfeited"),
        ("已退回", "Returned"),
        ("領取率", "Share"),
    ):
        table.add_column(chosen(*word), justify="right")
    for name, each in rows:
        numbers = [f"{number:,}" for number in asdict(each).values()]
        table.add_row(name, *numbers, f"{each.share:.1%}")
    Console().print(table)
