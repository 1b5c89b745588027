"""A worker that is killed in the middle sends nothing twice: real processes, real wires."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from granian.constants import Interfaces
from granian.server.embed import Server

from draw.town import Town
from emask.database.vault import Keys
from emask.sandbox import schema
from emask.sandbox.mischief import Mischief
from emask.sandbox.sms import SandboxSms
from emask.sandbox.sms_centre import PARTNER, SMPP, TABLES, SandboxMitake, SandboxSmpp
from emask.sandbox.sms_centre.gate import free_port
from emask.sandbox.wire import Wire
from notices import sending_worker
from notices.sending_worker import NAME, PASSWORD
from notices.waiting import later, states, wait_for_sending

PEOPLE = 120
PATIENCE = 40


@dataclass
class Scene:
    """Notices, each to a number of its own, and a provider that counts what arrives there."""

    town: Town
    url: str
    keys: Path
    provider: str
    port: int
    mischief: Mischief

    async def arrived(self) -> Counter[str]:
        rows = await self.town.rows("SELECT number FROM sandbox.sms")
        return Counter(str(row[0]) for row in rows)

    async def run(self, until: Callable[[], Awaitable[bool]] | None = None) -> None:
        """One worker, to its end or until it is killed."""
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, sending_worker.__file__, self.url, str(self.keys)),
            *(self.provider, str(self.port)),
            env=os.environ,
        )
        try:
            async with asyncio.timeout(PATIENCE):
                while until is not None and not await until():
                    assert worker.returncode is None, "it ended before it could be killed"
                    await asyncio.sleep(0.02)
                if until is None:
                    assert await worker.wait() == 0
        finally:
            if worker.returncode is None:
                worker.send_signal(signal.SIGKILL)
                await worker.wait()

    def at_least(self, number: int) -> Callable[[], Awaitable[bool]]:
        async def reached() -> bool:
            return (await self.arrived()).total() >= number

        return reached

    async def until_nothing_waits(self) -> None:
        while (await states(self.town))["waiting"]:
            await later(self.town, 60)
            await self.run()


@pytest.fixture
async def mischief(town: Town) -> Mischief:
    await schema.install(town.db)
    async with town.db.transaction() as tx:
        await tx.execute(TABLES)
    return Mischief(town.db)


@pytest.fixture
def kept(keys: Keys, tmp_path: Path) -> Path:
    """The keys of the test's vault, for another process."""
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({name: value.hex() for name, value in asdict(keys).items()}))
    return path


@pytest.fixture
async def scene(
    town: Town, database_url: str, kept: Path, mischief: Mischief, request: pytest.FixtureRequest
) -> AsyncIterator[Scene]:
    await wait_for_sending(town, PEOPLE)
    for number, (person_id,) in enumerate(await town.rows("SELECT person_id FROM preorder")):
        mobile = town.vault.seal(f"09{number:08}", person_id=person_id, field="mobile")
        await town.rows(
            "UPDATE preorder SET mobile = %s WHERE person_id = %s RETURNING 1", mobile, person_id
        )
    centre = {"mitake": _mitake, "smpp": _smpp}[request.param]
    async with centre(town, mischief) as port:
        yield Scene(town, database_url, kept, request.param, port, mischief)


@asynccontextmanager
async def _mitake(town: Town, mischief: Mischief) -> AsyncIterator[int]:
    centre = SandboxMitake(
        town.db,
        town.clock,
        mischief,
        username=NAME,
        password=PASSWORD,
        phones=SandboxSms(town.db),
        pushes=httpx2.AsyncClient(),
    )
    server = Server(
        Wire({f"/{PARTNER}": centre}),
        address="127.0.0.1",
        port=(port := free_port()),
        interface=Interfaces.ASGI,
    )
    serving = asyncio.create_task(server.serve())
    try:
        await asyncio.sleep(0.3)
        yield port
    finally:
        stop: Any = server.stop  # has no annotations
        stop()
        await serving


@asynccontextmanager
async def _smpp(town: Town, mischief: Mischief) -> AsyncIterator[int]:
    centre = SandboxSmpp(
        town.clock, mischief, system_id=NAME, password=PASSWORD, phones=SandboxSms(town.db)
    )
    try:
        yield await centre.start()
    finally:
        await centre.stop()


def over(provider: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("scene", [provider], indirect=True)


@over("mitake")
async def test_mitake_is_told_the_same_names_again(scene: Scene) -> None:
    await scene.mischief.begin(PARTNER, "slow", {"seconds": 0.5})  # it has them, and answers late
    for number in (1, 41, 61):
        await scene.run(until=scene.at_least(number))
        await later(scene.town, 60)
    assert (await states(scene.town))["waiting"], "it was over before the last was killed"
    await scene.mischief.end(PARTNER)
    await scene.until_nothing_waits()
    assert await states(scene.town) == {"sent": PEOPLE}
    arrived = await scene.arrived()
    assert len(arrived) == PEOPLE
    assert set(arrived.values()) == {1}


@over("mitake")
async def test_under_other_names_they_would_arrive_twice(scene: Scene) -> None:
    await scene.mischief.begin(PARTNER, "slow", {"seconds": 5})
    await scene.run(until=scene.at_least(20))
    await scene.mischief.end(PARTNER)
    await scene.town.rows(
        "UPDATE outbox SET created_at = created_at + interval '1 second' RETURNING 1"
    )
    await scene.until_nothing_waits()
    assert set((await scene.arrived()).values()) == {1, 2}


@over("smpp")
async def test_what_an_smpp_centre_has_not_answered_is_unclear(scene: Scene) -> None:
    await scene.mischief.begin(SMPP, "silent")
    await scene.run(until=scene.at_least(10))
    await scene.mischief.end(SMPP)
    await scene.until_nothing_waits()
    counted = await states(scene.town)
    assert counted.pop("unclear") == 10
    assert counted["sent"] + counted["delivered"] == PEOPLE - 10
    arrived = await scene.arrived()
    assert len(arrived) == PEOPLE
    assert set(arrived.values()) == {1}


@over("smpp")
async def test_without_the_note_an_smpp_centre_would_send_twice(scene: Scene) -> None:
    await scene.mischief.begin(SMPP, "silent")
    await scene.run(until=scene.at_least(10))
    await scene.mischief.end(SMPP)
    await scene.town.rows("UPDATE outbox SET provider = NULL, handed_at = NULL RETURNING 1")
    await scene.until_nothing_waits()
    assert Counter((await scene.arrived()).values()) == {2: 10, 1: PEOPLE - 10}


@over("smpp")
async def test_killed_at_any_moment_an_smpp_centre_sends_nothing_twice(scene: Scene) -> None:
    await scene.mischief.begin(SMPP, "slow", {"seconds": 0.05})
    for number in (7, 33, 58):
        await scene.run(until=scene.at_least(number))
        await later(scene.town, 60)
    await scene.mischief.end(SMPP)
    await scene.until_nothing_waits()
    assert set((await scene.arrived()).values()) == {1}
    counted = await states(scene.town)
    assert counted.total() == PEOPLE
    assert counted["unclear"] <= 30
    assert counted["sent"] + counted["delivered"] == PEOPLE - counted["unclear"]
