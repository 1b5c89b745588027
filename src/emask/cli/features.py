"""``emask features [PATH]``: run rules that are written in Gherkin."""

from pathlib import Path
from typing import Annotated

import typer

from emask.cli.speech import NOT_SOUND, WRONG_INPUT, say
from emask.features.runner import Result, Verdict, own_features, play_all, read
from emask.features.stage import stage
from emask.features.vocabulary import VOCABULARY

_MARKS = {Verdict.PASSED: "✓", Verdict.FAILED: "✗", Verdict.WRONG: "!"}


def features(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH]...", help="Feature files or folders; else the Q&A's own."),
    ] = None,
    *,
    steps: Annotated[
        bool, typer.Option("--steps", help="List the steps that can be used.")
    ] = False,
) -> None:
    """Play features in Traditional Chinese, each scenario in a database of its own.

    Exit status 1 if a scenario fails, 2 if a file is at fault.
    """
    if steps:
        typer.echo("\n".join(sorted(VOCABULARY.vocabulary())))
        return
    found = read(paths or [own_features()])
    for error in found.errors:
        typer.echo(str(error), err=True)
    counts = dict.fromkeys(Verdict, 0)
    if found.scenarios:
        with stage() as databases:
            for result in play_all(found.scenarios, databases):
                counts[result.verdict] += 1
                _tell(result)
    say(
        f"{counts[Verdict.PASSED]} 個場景通過，{counts[Verdict.FAILED]} 個不符，"
        f"{counts[Verdict.WRONG]} 個無法執行；檔案錯誤 {len(found.errors)} 處",
        f"{counts[Verdict.PASSED]} scenarios passed, {counts[Verdict.FAILED]} failed, "
        f"{counts[Verdict.WRONG]} could not be played; {len(found.errors)} errors in the files",
    )
    if found.errors or counts[Verdict.WRONG]:
        raise typer.Exit(WRONG_INPUT)
    if counts[Verdict.FAILED]:
        raise typer.Exit(NOT_SOUND)


def _tell(result: Result) -> None:
    scenario = result.scenario
    typer.echo(f"{_MARKS[result.verdict]} {scenario.feature} ─ {scenario.name}")
    if result.verdict is not Verdict.PASSED:
        at_fault = result.verdict is Verdict.WRONG
        typer.echo(f"    {result.step}", err=at_fault)
        typer.echo(str(result), err=at_fault)
