"""Results as tables: funnel, money, audit."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from emask.cli.speech import chosen
from emask.programme.audit import Finding
from emask.rehearsal.result import Result

_FUNNEL = {
    "registered": ("登記", "registered"),
    "selected": ("中籤", "selected"),
    "not_selected": ("未中籤", "not selected"),
    "paid": ("繳費", "paid"),
    "lapsed": ("逾期未繳", "lapsed"),
    "packed": ("包裝", "packed"),
    "arrived": ("到店", "arrived"),
    "collected": ("領取", "collected"),
    "forfeited": ("放棄", "forfeited"),
    "cancelled": ("取消", "cancelled"),
}
_MONEY = {
    "received": ("實收", "received"),
    "orders_paid": ("訂單付款", "orders paid"),
    "refunds_due": ("待退", "refunds due"),
    "refunds_done": ("已退", "refunds done"),
}


def show_result(result: Result) -> None:
    """A rehearsal's rounds and its audit."""
    console = Console()
    for each in result.rounds:
        console.print(_figures(each.round_id, _FUNNEL, each.funnel))
        console.print(_figures(chosen("金額（元）", "Money (NT$)"), _MONEY, asdict(each.money)))
    show_findings(result.findings)
    people, seconds = f"{result.people:,}", f"{result.seconds:.0f}"
    console.print(chosen(f"{people} 人，{seconds} 秒", f"{people} people, {seconds} s"))


def show_findings(findings: Sequence[Finding]) -> None:
    """Every invariant and whether it holds."""
    table = Table(chosen("不變條件", "Invariant"), "", chosen("說明", "Detail"))
    for finding in findings:
        table.add_row(finding.invariant, "✓" if finding.ok else "✗", finding.detail)
    Console().print(table)


def _figures(title: str, words: Mapping[str, tuple[str, str]], figures: Mapping[str, int]) -> Table:
    table = Table(title=title, show_header=False)
    for key, word in words.items():
        table.add_row(chosen(*word), f"{figures[key]:,}")
    return table
