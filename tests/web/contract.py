"""The partner API tried by its own description: schemathesis, against the real server."""

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx2

from emask.counter.clients_tokens import Caller, ClientTokens
from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.throwaway import ThrowawayDatabases
from emask.database.vault import Keys
from emask.programme.system import System, open_system
from emask.sandbox.system import Sandbox
from emask.web.api.counter_caller import PartnerDoor
from emask.web.api.quota import Buckets, Quota
from emask.web.app import create_app
from emask.web.demo.stage import PHARMACY, set_stage
from web.browser import listening
from web.pharmacy import CLIENT, Software, hire, somebody
from web.places import PARTNERS, SITE, free_port

_A_DAY: Final = timedelta(days=1)
_TESTS: Final = Path(__file__).parents[1]
_ROOMY: Final = Quota(name="client", calls=10**9, seconds=60)
_CHECKS: Final = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance,negative_data_rejection,"
    "positive_data_acceptance,missing_required_header,unsupported_method,ignored_auth"
)
# A good request may meet a rule, a key that was used, or a proof that is none.
_CONFIGURATION: Final = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "304", "401", "403", "404", "409", "422"]
"""


@dataclass(slots=True)
class Trial:
    """What came of it: all answers by route and status, and what schemathesis says."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    sound: bool = False
    said: str = ""

    @property
    def cases(self) -> int:
        """How many requests were answered."""
        return self.answers.total()

    def statuses(self) -> Counter[int]:
        """The answers by status alone."""
        counted: Counter[int] = Counter()
        for (_, status), number in self.answers.items():
            counted[status] += number
        return counted


async def try_contract(
    system: System, folder: Path, *, examples: int, people: int, arguments: tuple[str, ...] = ()
) -> Trial:
    """Let schemathesis call the counter of a demo's pharmacy.

    Args:
        system: a demo.
        folder: for what schemathesis writes.
        examples: cases of each operation and phase, at most.
        people: how many may come to the counter.
        arguments: more for schemathesis.
    """
    software = Software(system.site.origin)
    await hire(system, software)
    tokens, trial = ClientTokens(system.keys), Trial()
    # longer than the longest run: that tokens end is shown elsewhere
    token = tokens.issue(Caller(CLIENT, PHARMACY.site_code), now=datetime.now(UTC) + _A_DAY)
    environment = {
        "PYTHONPATH": str(_TESTS),
        "SCHEMATHESIS_HOOKS": "web.contract_hooks",
        "EMASK_CONTRACT_KEY": json.dumps(software.key.as_dict(private=True)),
        "EMASK_CONTRACT_ORIGIN": system.site.origin,
        "EMASK_CONTRACT_PEOPLE": " ".join([await somebody(system) for _ in range(people)]),
    }
    configuration = folder / "schemathesis.toml"
    configuration.write_text(_CONFIGURATION)
    async with _served(system, tokens, trial) as address:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(configuration)),
            *("run", f"{address}/api/openapi.json", "--include-path-regex", "/(counter|token)"),
            *("--header", f"Authorization: Bearer {token}", "--checks", _CHECKS),
            *("--max-examples", str(examples), "--continue-on-failure", "--no-color"),
            *arguments,
            cwd=folder,
            env=os.environ | environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
    trial.said, trial.sound = said.decode(), process.returncode == 0
    return trial


@asynccontextmanager
async def _served(system: System, tokens: ClientTokens, trial: Trial) -> AsyncIterator[str]:
    door = PartnerDoor(
        system=system,
        tokens=tokens,
        calls=Buckets(_ROOMY),
        asked=Buckets(_ROOMY),
    )
    address = f"http://127.0.0.1:{free_port()}"
    async with listening(_counted(create_app(system, partner_door=door), trial), address):
        yield address


def _counted(app: Any, trial: Trial) -> Any:
    async def counting(scope: Any, receive: Any, send: Any) -> None:
        async def noting(message: Any) -> None:
            if message["type"] == "http.response.start":
                route = scope.get("path_template", "")
                trial.answers[f"{scope['method']} {route}", message["status"]] += 1
            await send(message)

        await app(scope, receive, noting)

    return counting


@asynccontextmanager
async def opened_demo() -> AsyncIterator[System]:
    """A demo over a database of its own, for who has no fixtures."""
    keys = Keys.generate()
    with ThrowawayDatabases() as databases, databases.database() as url:
        async with Database(url) as db, httpx2.AsyncClient() as nobody:
            clock = SetClock(db)
            sandbox = Sandbox.over(db, clock, keys, site=SITE, base=PARTNERS, pushing=nobody)
            async with open_system(
                db, clock=clock, keys=keys, partners=sandbox.partners, site=SITE
            ) as system:
                await set_stage(system)
                yield system
