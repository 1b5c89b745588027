"""``emask conform``: what partners try their own implementations with."""

import asyncio
import json
import os
from pathlib import Path
from typing import Annotated, Final

import httpx2
import typer
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from emask.cli.speech import NOT_SOUND, refuse
from emask.partners.logistics.conformance.__main__ import main
from emask.partners.logistics.conformance.bench import Outcome
from emask.partners.pharmacies.conformance import Finding, Subject, check_counter
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


@app.command("counter")
def conform_counter(
    origin: Annotated[str, typer.Argument(metavar="URL", help="Scheme, host and port.")],
    *,
    client_id: Annotated[str, typer.Option(help="A client that it knows.")],
    key: Annotated[
        Path, typer.Option(help="The client's private key: a JWK.", exists=True, dir_okay=False)
    ],
    buyer: Annotated[
        str | None,
        typer.Option(
            envvar="EMASK_CONFORM_BUYER",
            help="ID number of a made-up person who may buy adult masks now; otherwise none is"
            " sold.",
        ),
    ] = None,
) -> None:
    """Try a counter API, or a double of it; exit status 1 if a check fails.

    What it sells it undoes, and the stock is counted as it was; a deployment for trials is the
    place for it.
    """

    async def run() -> list[Finding]:
        async with httpx2.AsyncClient(base_url=origin, trust_env=False, timeout=30) as http:
            subject = Subject(http=http, client_id=client_id, key=_key(key), buyer=buyer)
            return await check_counter(subject)

    findings = asyncio.run(run())
    for each in findings:
        reason = f": {each.reason}" if each.reason else ""
        typer.echo(f"{each.outcome:9}  {each.check}{reason}")
    if any(each.outcome is Outcome.FAILED for each in findings):
        raise typer.Exit(NOT_SOUND)


def _key(path: Path) -> ECKey | OKPKey:
    try:
        text = json.loads(path.read_text())
        key = (ECKey if text["kty"] == "EC" else OKPKey).import_key(text)
    except (JoseError, LookupError, TypeError, ValueError):
        key = None
    if key is None or not key.is_private or not key.kid:
        refuse("金鑰檔要是含 kid 的私鑰 JWK", "The key has to be a private JWK with a kid")
    return key
