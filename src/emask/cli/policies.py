"""``emask policies``: list what counters sell from which day on, import it from a file."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from emask.cli.installation import installation
from emask.cli.speech import chosen, refuse, say
from emask.programme.system import System
from emask.rounds.policies import DayHasBegun, import_policies
from emask.rounds.policy_file import PolicyFileError, policies_from_file
from emask.rounds.service import all_policies
from emask.rules.calendar import CounterPolicy

app = typer.Typer(no_args_is_help=True, help="What pharmacies and health centres sell, by dates.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no day such as 2020-03-05") from None


@app.command("list")
def list_policies() -> None:
    """List all policies, the earliest first."""

    async def command(system: System) -> list[str]:
        async with system.db.transaction() as tx:
            return [_line(policy) for policy in await all_policies(tx)]

    with installation() as here:
        lines = here.run(command)
    for line in lines:
        typer.echo(line)
    if not lines:
        say("還沒有藥局規則", "There is no policy yet")


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    *,
    confirm_from: Annotated[
        date | None,
        typer.Option(
            parser=_day, metavar="DAY", help="Change days that have begun too, from this one on."
        ),
    ] = None,
    by: Annotated[
        str, typer.Option(envvar=["SUDO_USER", "USER"], help="Who brings the file; it is kept.")
    ] = "emask",
) -> None:
    """Enter the policies of a TOML file: all of it or, at a fault, nothing."""
    try:
        policies = policies_from_file(file)
    except PolicyFileError as wrong:
        refuse(f"藥局規則檔有誤：{wrong}", f"The file of policies is at fault: {wrong}")

    async def command(system: System) -> list[CounterPolicy]:
        return await import_policies(
            system.db, system.clock, policies, by=by, confirmed_from=confirm_from
        )

    with installation() as here:
        try:
            changed = here.run(command)
        except DayHasBegun as begun:
            refuse(
                f"{begun.day} 已經開始，沒有匯入。確定要改時加上 --confirm-from {begun.day}",
                f"{begun.day} has begun; nothing was imported. "
                f"If it is meant, add --confirm-from {begun.day}",
            )
    for policy in changed:
        typer.echo(_line(policy))
    say(
        f"新增或變更 {len(changed)} 項，不變 {len(policies) - len(changed)} 項",
        f"{len(changed)} new or changed, {len(policies) - len(changed)} unchanged",
    )


def _line(policy: CounterPolicy) -> str:
    facts = chosen(
        f"{policy.interval_days} 天，成人 {policy.adult_pieces} 片，兒童 {policy.child_pieces} 片，"
        f"{'分' if policy.odd_even else '不分'}單雙號",
        f"{policy.interval_days} days, adults {policy.adult_pieces}, children "
        f"{policy.child_pieces}, odd and even {'apply' if policy.odd_even else 'do not apply'}",
    )
    return f"{policy.valid_from}\t{facts}"
