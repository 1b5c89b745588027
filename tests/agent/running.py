"""The real card agent as a process of its own, for tests that speak to it as pages do."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from agent.pcsc import PcscService
from agent.soft_token import SoftToken
from emask_card_agent.settings import MODULES

AGENT = Path(sys.executable).with_name("emask-card-agent")
OPENSC = next((path for path in MODULES if path.is_file()), MODULES[0])
START = 20.0  # seconds


@dataclass(frozen=True)
class AgentAddress:
    """Where a running agent is.

    Args:
        url: for `emask.identity.site.Site(agent=...)`, such as "http://127.0.0.1:40123".
        process: the agent's own.
    """

    url: str
    process: asyncio.subprocess.Process


@asynccontextmanager
async def running_agent(
    *,
    site_origin: str,
    reader: PcscService | None = None,
    soft_token: SoftToken | None = None,
    pinentry: Path | None = None,
) -> AsyncIterator[AgentAddress]:
    """Start the agent on a free port; end it by SIGTERM, which it must survive in good order.

    For example, a card in the reader and a site that a page comes from::

        with pcsc_service() as pcsc, pcsc.card(VirtualNhiCard(card_record(person))):
            async with running_agent(site_origin="http://localhost:8000", reader=pcsc) as agent:
                ...  # pages post to f"{agent.url}/card"

    and a certificate card whose PIN a made-up person types::

        pinentry = fake_pinentry(tmp_path, ["246810"])
        with pcsc_service() as pcsc, pcsc.card(VirtualPivCard(key, certificate, pin="246810")):
            async with running_agent(site_origin=..., reader=pcsc, pinentry=pinentry) as agent:
                ...  # pages post to f"{agent.url}/signature"

    Args:
        site_origin: the one site it serves. It asks that site for
            /.well-known/emask-card-agent, so the site must be up by the first request.
        reader: the PC/SC service it uses; without one it finds no reader.
        soft_token: sign with this token of SoftHSM; otherwise with the card in the reader, which
            OpenSC's module reads.
        pinentry: the program that asks for the PIN; `agent.fake_pinentry` makes one.
    """
    module = soft_token.module if soft_token else OPENSC
    nobody = {"PCSCLITE_CSOCK_NAME": "/nonexistent"}
    process = await asyncio.create_subprocess_exec(
        AGENT,
        *("--site", site_origin, "--port", "0", "--pkcs11-module", str(module)),
        *("--pinentry", str(pinentry or "/nonexistent")),
        stdout=asyncio.subprocess.PIPE,
        env={
            **os.environ,
            "EMASK_LANG": "en",
            **(reader.environment if reader else nobody),
            **(soft_token.environment if soft_token else {}),
        },
    )
    try:
        async with asyncio.timeout(START):
            url = await _address(process)
        yield AgentAddress(url, process)
    finally:
        if process.returncode is None:
            process.terminate()
        assert await process.wait() == 0


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async for line in process.stdout:
        if line.startswith(b"Listening on "):
            return line.removeprefix(b"Listening on ").decode().strip()
    raise AssertionError("the agent did not start")
