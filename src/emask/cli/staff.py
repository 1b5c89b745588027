"""``emask staff``: accounts of staff, each limited to its chain, store or counter site."""

import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import psycopg
import typer
from rich.console import Console
from rich.table import Table

from emask.cli.installation import installation
from emask.cli.speech import chosen, refuse, say
from emask.identity.first_password import new_first_password
from emask.identity.model import StaffRole
from emask.identity.staff_accounts import (
    AccountOf,
    UnknownAccount,
    end_account,
    hand_out_password,
    open_account,
    staff_accounts,
)
from emask.identity.staff_queries import Listed
from emask.programme.system import System

app = typer.Typer(no_args_is_help=True, help="Accounts of staff: made, changed, ended.")

Account = Annotated[str, typer.Argument(metavar="ACCOUNT")]
By = Annotated[
    str, typer.Option(envvar=["SUDO_USER", "USER"], help="Who decides; the audit log keeps it.")
]
_BY: Final = "emask"


@app.command("list")
def list_accounts(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False
) -> None:
    """All accounts, with what each is limited to."""

    async def command(system: System) -> list[Listed]:
        async with system.db.transaction() as tx:
            return await staff_accounts(tx)

    with installation() as here:
        found = here.run(command)
    if as_json:
        typer.echo(json.dumps([each._asdict() for each in found]))
        return
    table = Table(*(chosen(*head) for head in _HEADS))
    for each in found:
        place = " ".join(filter(None, (each.site_code, each.chain, each.store_code)))
        table.add_row(each.username, each.role, place, _state(each))
    Console().print(table)


@app.command("add")
def add_account(
    account: Account,
    *,
    role: Annotated[StaffRole, typer.Option(help="What it is for.")],
    chain: Annotated[str | None, typer.Option(help="SE, FM, HL or OK.")] = None,
    store: Annotated[str | None, typer.Option(help="Its store code.")] = None,
    site: Annotated[str | None, typer.Option(help="The code of a pharmacy.")] = None,
    by: By = _BY,
) -> None:
    """Open an account, or give one another role or place, and print its first password.

    The password opens nothing but the choice of another one.
    """
    of = AccountOf(role=role, site_code=site, chain=chain, store_code=store)
    password = new_first_password()

    async def command(system: System) -> None:
        await open_account(system.db, system.clock, username=account, of=of, first=password, by=by)

    with installation() as here:
        try:
            here.run(command)
        except psycopg.errors.IntegrityError:
            refuse(
                "這個角色沒有這樣的地點：clerk 和 kiosk 要 --chain 和 --store，centre 要 --chain，"
                "pharmacist 要 --site，其他都不要；地點必須存在",
                "No such place for this role: clerk and kiosk need --chain and --store, centre"
                " --chain, pharmacist --site, others none; and the place must exist",
            )
    _tell_password(password)


@app.command("password")
def new_password(account: Account, *, by: By = _BY) -> None:
    """Hand out a new first password; the account's sessions end."""
    password = new_first_password()

    async def command(system: System) -> None:
        await hand_out_password(system.db, system.clock, username=account, first=password, by=by)

    _run_on(account, command)
    _tell_password(password)


@app.command("end")
def end(account: Account, *, by: By = _BY) -> None:
    """End an account and its sessions; its name stays with what it did."""

    async def command(system: System) -> None:
        await end_account(system.db, system.clock, username=account, by=by)

    _run_on(account, command)
    say(f"帳號 {account} 已停用", f"The account {account} has ended")


def _run_on(account: str, command: Callable[[System], Awaitable[None]]) -> None:
    with installation() as here:
        try:
            here.run(command)
        except UnknownAccount:
            refuse(f"沒有帳號 {account}", f"There is no account {account}")


def _tell_password(password: str) -> None:
    say(
        f"第一次登入的密碼：{password}（登入後要自己選一個）",
        f"First password: {password} (to be changed at the first sign-in)",
    )


def _state(account: Listed) -> str:
    if account.ended:
        return chosen("已停用", "ended")
    return chosen("還沒換密碼", "first password") if account.first_password else ""


_HEADS: Final = (("帳號", "Account"), ("角色", "Role"), ("地點", "Place"), ("狀態", "State"))
