"""``emask counter-clients``: pharmacies' own software, each for one site, known by its keys."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from emask.cli.installation import installation
from emask.cli.speech import chosen, refuse, say
from emask.cli.staff import By
from emask.counter.clients import (
    BadClientId,
    ClientExists,
    KeysRejected,
    NewClient,
    UnknownClient,
    add_client,
    all_clients,
    end_client,
    read_public_keys,
    rotate_keys,
)
from emask.counter.clients_queries import Client
from emask.counter.model import UnknownSite
from emask.programme.system import System

app = typer.Typer(
    no_args_is_help=True,
    help="Pharmacies' own software: who may call the partner API. No secret of ours is made.",
)

ClientId = Annotated[str, typer.Argument(metavar="CLIENT")]
Keys = Annotated[
    Path,
    typer.Option(
        help="A file with a JWK Set of public keys, P-256 or Ed25519, each with its kid.",
        exists=True,
        dir_okay=False,
    ),
]
_BY: Final = "emask"


@app.command("list")
def list_clients(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False
) -> None:
    """All clients with their sites and the ids of their keys."""

    async def command(system: System) -> list[Client]:
        async with system.db.transaction() as tx:
            return await all_clients(tx)

    with installation() as here:
        found = [_told(each) for each in here.run(command)]
    if as_json:
        typer.echo(json.dumps(found))
        return
    table = Table(*(chosen(*head) for head in _HEADS))
    for each in found:
        state = chosen("已停用", "ended") if each["ended_at"] else ""
        table.add_row(
            each["client_id"], each["site_code"], each["name"], " ".join(each["kids"]), state
        )
    Console().print(table)


@app.command("add")
def add(
    client: ClientId,
    *,
    site: Annotated[str, typer.Option(help="The code of the pharmacy that it acts for.")],
    name: Annotated[str, typer.Option(help="What the software is called.")],
    keys: Keys,
    by: By = _BY,
) -> None:
    """Let a client act for a site."""
    new = NewClient(client_id=client, site_code=site, name=name, jwks=_keys(keys))

    async def command(system: System) -> None:
        await add_client(system.db, system.clock, new, by=by)

    with installation() as here:
        try:
            here.run(command)
        except BadClientId:
            refuse(
                "代號要是 3 到 63 個小寫英文字母、數字或連字號，第一個字不是連字號",
                "An id is 3 to 63 small letters, digits and hyphens, and begins with no hyphen",
            )
        except ClientExists:
            refuse(f"代號 {client} 已經用過", f"The id {client} has been used")
        except UnknownSite:
            refuse(f"沒有機構 {site}", f"There is no site {site}")
    say(f"{client} 可以代表 {site} 呼叫", f"{client} may call for {site}")


@app.command("rotate")
def rotate(client: ClientId, *, keys: Keys, by: By = _BY) -> None:
    """Put other keys in the place of a client's.

    To change without a break, give the old and the new key first, then the new one alone.
    """
    jwks = _keys(keys)

    async def command(system: System) -> None:
        await rotate_keys(system.db, system.clock, client_id=client, jwks=jwks, by=by)

    _run_on(client, command)
    say(f"{client} 已換上新的公鑰", f"{client} is known by the new keys")


@app.command("end")
def end(client: ClientId, *, by: By = _BY) -> None:
    """End a client; its id stays with what it did."""

    async def command(system: System) -> None:
        await end_client(system.db, system.clock, client_id=client, by=by)

    _run_on(client, command)
    say(f"{client} 已停用", f"{client} has ended")


def _run_on(client: str, command: Callable[[System], Awaitable[None]]) -> None:
    with installation() as here:
        try:
            here.run(command)
        except UnknownClient:
            refuse(f"沒有程式 {client}", f"There is no client {client}")


def _keys(path: Path) -> dict[str, Any]:
    try:
        return read_public_keys(path.read_text())
    except (KeysRejected, UnicodeDecodeError) as error:
        refuse(f"公鑰檔不能用：{error}", f"These keys cannot be used: {error}")


def _told(client: Client) -> dict[str, Any]:
    return {
        "client_id": client.client_id,
        "site_code": client.site_code,
        "name": client.name,
        "kids": [key["kid"] for key in client.jwks["keys"]],
        "ended_at": client.ended_at.isoformat() if client.ended_at else None,
    }


_HEADS: Final = (
    ("程式", "Client"),
    ("機構", "Site"),
    ("名稱", "Name"),
    ("公鑰", "Keys"),
    ("狀態", "State"),
)
