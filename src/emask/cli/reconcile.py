"""``emask reconcile``: a day's account of a gateway against the ledger."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from emask.cli.installation import installation
from emask.cli.speech import NOT_SOUND, chosen, language, refuse, say
from emask.language import translator
from emask.payment.ports import Gateway, Gateways, NoAnswer, Paused, UnreadableFile
from emask.payment.reconciliation import DayNotOver, reconcile, reconcile_file
from emask.payment.reconciliation_asking import Asking, TooManyTrades
from emask.payment.reconciliation_model import Reconciliation
from emask.programme.system import System
from emask.rules.calendar import day_in_taipei
from emask.web.operator.words import DIFFERENCES

_ASKING: Final = Asking(most=100_000)


class _UnknownGateway(Exception):
    """No gateway of this name is on; says which are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What came of a day at a gateway; `trouble` says why there is nothing."""

    gateway: str
    day: date
    found: Reconciliation | None = None
    trouble: str | None = None

    @property
    def sound(self) -> bool:
        return self.found is not None and self.found.sound


def reconcile_command(
    *,
    day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day in Taipei; else yesterday."),
    ] = None,
    gateway: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of this gateway alone.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, readable=True, help="Its file, fetched by hand."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Hold a day's money as gateways account for it against the ledger.

    Money that the ledger lacks is asked about and taken in first. Exit status 1 if a difference is
    not explained, or a gateway does not answer.
    """
    chosen_day = day.date() if day else None

    async def command(system: System) -> list[_Outcome]:
        which = _gateways(system.partners.gateways, gateway, file)
        the_day = chosen_day or day_in_taipei(await system.clock.now()) - timedelta(days=1)
        if file is not None:
            return [await _by_file(system, which[0], the_day, file.read_bytes())]
        return [await _fetched(system, each, the_day) for each in which]

    with installation() as here:
        try:
            outcomes = here.run(command)
        except _UnknownGateway as wrong:
            refuse(f"用 --gateway 選一個：{wrong}", f"Choose one with --gateway: {wrong}")
        except DayNotOver as early:
            refuse(f"{early} 還沒有過完", f"{early} is not over")
        except UnreadableFile as wrong:
            refuse(f"{file} 無法讀取：{wrong}", f"{file} cannot be read: {wrong}")
    if as_json:
        typer.echo(json.dumps([_as_json(each) for each in outcomes], ensure_ascii=False))
    else:
        _show(outcomes)
    if not all(outcome.sound for outcome in outcomes):
        raise typer.Exit(NOT_SOUND)


def _gateways(gateways: Gateways, name: str | None, file: Path | None) -> list[Gateway]:
    """The one that is named, or all; a file is one gateway's. Raises _UnknownGateway."""
    which = [each for each in gateways if name is None or each.name == name]
    if not which or (file is not None and len(which) > 1):
        raise _UnknownGateway(", ".join(each.name for each in gateways))
    return which


async def _by_file(system: System, gateway: Gateway, day: date, content: bytes) -> _Outcome:
    """Raises UnreadableFile and DayNotOver."""
    found = await reconcile_file(
        system.db,
        system.clock,
        gateway,
        day=day,
        rows=gateway.read_settled(content),
        asking=_ASKING,
    )
    return _Outcome(gateway=gateway.name, day=day, found=found)


async def _fetched(system: System, gateway: Gateway, day: date) -> _Outcome:
    """Raises DayNotOver."""
    try:
        found = await reconcile(system.db, system.clock, gateway, day=day, asking=_ASKING)
    except (NoAnswer, Paused, UnreadableFile, TooManyTrades) as trouble:
        return _Outcome(gateway=gateway.name, day=day, trouble=_TROUBLES[type(trouble)])
    return _Outcome(gateway=gateway.name, day=day, found=found)


def _as_json(outcome: _Outcome) -> dict[str, object]:
    told: dict[str, object] = {"gateway": outcome.gateway, "day": outcome.day.isoformat()}
    found = outcome.found
    if found is None:
        return {**told, "trouble": outcome.trouble}
    return {
        **told,
        "file_rows": found.day.file_rows,
        "file_total": found.day.file_total,
        "ledger_total": found.day.ledger_total,
        "unexplained": found.day.unexplained,
        "unanswered": found.unanswered,
        "differences": [
            {
                "trade_no": each.trade_no,
                "reason": each.reason,
                "file_amount": each.file_amount,
                "ledger_amount": each.ledger_amount,
                "explanation": each.explanation,
            }
            for each in found.differences
        ],
    }


def _show(outcomes: Sequence[_Outcome]) -> None:
    for outcome in outcomes:
        where = f"{outcome.day} {outcome.gateway}"
        if outcome.found is None:
            zh, en = _WORDS[outcome.trouble or "no_answer"]
            say(f"✗ {where}：{zh}", f"✗ {where}: {en}")
            continue
        _show_sums(where, outcome.found)
        if outcome.found.differences:
            _show_differences(outcome.found)


def _show_sums(where: str, found: Reconciliation) -> None:
    sums, mark = found.day, "✓" if found.sound else "✗"
    say(
        f"{mark} {where}：{sums.file_rows:,} 筆，業者 {sums.file_total:,} 元，"
        f"帳上 {sums.ledger_total:,} 元，{sums.unexplained:,} 筆待說明",
        f"{mark} {where}: {sums.file_rows:,} rows, gateway NT${sums.file_total:,},"
        f" ledger NT${sums.ledger_total:,}, {sums.unexplained:,} to explain",
    )
    if found.unanswered:
        say(
            f"  {found.unanswered:,} 筆業者沒有回答，稍後再執行一次",
            f"  {found.unanswered:,} trades without an answer: run it again later",
        )


def _show_differences(found: Reconciliation) -> None:
    in_words = translator(language())
    table = Table(
        chosen("交易編號", "Trade"),
        chosen("原因", "Reason"),
        chosen("業者", "Gateway"),
        chosen("帳上", "Ledger"),
        chosen("說明", "Explanation"),
    )
    for each in found.differences:
        table.add_row(
            each.trade_no,
            in_words(DIFFERENCES[each.reason]),
            f"{each.file_amount:,}",
            f"{each.ledger_amount:,}",
            each.explanation or "✗",
        )
    Console().print(table)


_TROUBLES: Final[dict[type[Exception], str]] = {
    NoAnswer: "no_answer",
    Paused: "paused",
    UnreadableFile: "unreadable",
    TooManyTrades: "too_many_trades",
}
_WORDS: Final = {
    "no_answer": ("沒有回應，稍後再試", "no answer; try again later"),
    "paused": ("詢問太頻繁，暫停中，稍後再試", "asked too often and paused; try again later"),
    "unreadable": ("回應不是對帳檔，一分鐘後再試", "what came is no file; try again in a minute"),
    "too_many_trades": ("要逐筆詢問的交易太多", "too many trades to ask about one by one"),
}
