"""Try an implementation of the wire from the command line.

The secrets of the two accounts are taken from the environment: EMASK_CHAIN_B2C_KEY and _B2C_IV,
EMASK_CHAIN_C2C_KEY and _C2C_IV.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Final

import httpx2

from emask.database.clock import SystemClock
from emask.partners.ecpay.mac import MacKeys
from emask.partners.logistics.conformance import Finding, Outcome, Subject, check_chains
from emask.partners.logistics.conformance.ear import HttpEar
from emask.partners.logistics.kinds import Account, Logistics, Sender
from emask.rounds.model import Chain

_SENDER: Final = Sender(name="測試員", mobile="0900000000")


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run all checks and write what they found; the number is 0 if none of them failed."""
    options = _parser().parse_args(arguments)
    findings = asyncio.run(_run(options, environment))
    for each in findings:
        reason = f": {each.reason}" if each.reason else ""
        sys.stdout.write(f"{each.chain}  {each.outcome:9}  {each.check}{reason}\n")
    return int(any(each.outcome is Outcome.FAILED for each in findings))


async def _run(options: argparse.Namespace, environment: Mapping[str, str]) -> list[Finding]:
    async with AsyncExitStack() as stack:
        ear = None
        if options.told:
            host, _, port = options.listen.rpartition(":")
            ear = HttpEar(url=options.told, host=host, port=int(port), wait=options.wait)
            await stack.enter_async_context(ear)
        client = await stack.enter_async_context(httpx2.AsyncClient())
        subject = Subject(
            logistics=Logistics(
                b2c=_account(options.b2c, "B2C", environment),
                c2c=_account(options.c2c, "C2C", environment),
                base=options.base.rstrip("/"),
                sender=_SENDER,
            ),
            client=client,
            clock=SystemClock(),
            stores={Chain(chain): code for chain, code in options.store},
            ear=ear,
        )
        return await check_chains(subject)


def _account(merchant_id: str, kind: str, environment: Mapping[str, str]) -> Account:
    prefix = f"EMASK_CHAIN_{kind}"
    keys = MacKeys(environment[f"{prefix}_KEY"], environment[f"{prefix}_IV"])
    return Account(merchant_id=merchant_id, keys=keys)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emask.partners.logistics.conformance", description=__doc__
    )
    parser.add_argument("--base", required=True, help="what all addresses begin with")
    parser.add_argument("--b2c", required=True, help="MerchantID of the B2C account")
    parser.add_argument("--c2c", required=True, help="MerchantID of the C2C account")
    parser.add_argument(
        "--store",
        required=True,
        action="append",
        nargs=2,
        metavar=("CHAIN", "CODE"),
        help="a chain to try (SE, FM, HL, OK) and one of its stores",
    )
    parser.add_argument("--told", help="ServerReplyURL, by which this machine is reached")
    parser.add_argument("--listen", default="127.0.0.1:8080", help="host:port behind that")
    parser.add_argument("--wait", type=float, default=60, help="seconds there are to tell")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
