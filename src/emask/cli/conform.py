"""``emask conform``: what partners try their own implementations with."""

import os
from typing import Annotated, Final

import typer

from emask.cli.speech import refuse
from emask.partners.logistics.conformance.__main__ import main
from emask.rounds.model import Chain

app = typer.Typer(
    no_args_is_help=True, help="Conformance kits that partners run against what they have built."
)

_SECRETS: Final = [
    f"EMASK_CHAIN_{account}_{secret}" for account in ("B2C", "C2C") for secret in ("KEY", "IV")
]


@app.callback()
def conform() -> None:
    """One kit for each wire."""


@app.command("chains")
def conform_chains(
    *,
    base: Annotated[str, typer.Option(help="What all addresses begin with.")],
    b2c: Annotated[str, typer.Option(help="MerchantID of the B2C account.")],
    c2c: Annotated[str, typer.Option(help="MerchantID of the C2C account.")],
    store: Annotated[
        list[str], typer.Option(help="CHAIN:CODE of a store to try, SE:131386; once per chain.")
    ],
    told: Annotated[
        str | None, typer.Option(help="ServerReplyURL, by which this machine is reached.")
    ] = None,
    listen: Annotated[str, typer.Option(help="HOST:PORT behind that.")] = "127.0.0.1:8080",
    wait: Annotated[float, typer.Option(min=1, help="Seconds there are to tell.")] = 60,
) -> None:
    """Try an implementation of the chains' wire; exit status 1 if a check fails.

    A few parcels of a made-up person are left behind: a staging host is the place for it. The
    secrets of the two accounts come by EMASK_CHAIN_B2C_KEY, EMASK_CHAIN_B2C_IV,
    EMASK_CHAIN_C2C_KEY and EMASK_CHAIN_C2C_IV.
    """
    if missing := [name for name in _SECRETS if not os.environ.get(name)]:
        refuse(f"缺少環境變數：{'、'.join(missing)}", f"not set: {', '.join(missing)}")
    arguments = ["--base", base, "--b2c", b2c, "--c2c", c2c, "--listen", listen]
    arguments += ["--wait", str(wait), *(("--told", told) if told else ())]
    for each in store:
        chain, _, code = each.partition(":")
        if chain not in set(Chain) or not code:
            refuse(f"門市寫法不對：{each}", f"not CHAIN:CODE: {each}")
        arguments += ["--store", chain, code]
    raise typer.Exit(main(arguments, os.environ))
