"""The database goes away and comes back: nothing acknowledged is lost, the intake goes on."""

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from psycopg import AsyncConnection

from emask.database.migrations import migrate
from emask.database.pool import Database
from emask.database.server import DEFAULT_DATABASE, EmbeddedServer
from emask.database.throwaway import create_database
from emask.database.vault import Vault
from emask.preorder.intake import Intake, IntakeFull, IntakeInterrupted, _Submission
from emask.preorder.model import Placement, Receipt
from preorder.world import StillClock, World, entry, statement_waits, until


class HastyIntake(Intake):
    """Acknowledges before the commit: what the real one must not do."""

    async def _place(self, batch: Sequence[_Submission]) -> None:
        for submission in batch:
            submission.give(Receipt(Placement.PLACED, submission.row.ticket, 1))
        await super()._place(batch)


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    """A durable server: what it has committed outlives its crash."""
    with tempfile.TemporaryDirectory(prefix="emask-") as folder:
        Path(folder).chmod(0o711)
        durable = EmbeddedServer(Path(folder))
        durable.start()
        create_database(durable, DEFAULT_DATABASE)
        migrate(durable.url())
        yield durable
        durable.delete()


@asynccontextmanager
async def connected(server: EmbeddedServer) -> AsyncIterator[World]:
    """The world through connections of its own, which do not outlive a crash."""
    async with Database(server.url()) as db:
        yield World(db)


@pytest.fixture
async def durable(server: EmbeddedServer) -> AsyncIterator[World]:
    async with connected(server) as world:
        await world.build()
        yield world


async def crash(server: EmbeddedServer) -> None:
    """Stop the server as a power cut would, without a checkpoint."""
    pid_file = server.data / "postgresql" / "postmaster.pid"
    os.kill(server.process, signal.SIGQUIT)
    await until(lambda: asyncio.sleep(0, not pid_file.exists()))


async def restart(server: EmbeddedServer) -> None:
    await crash(server)
    await asyncio.to_thread(server.start)


async def submit_and_crash(server: EmbeddedServer, world: World, intake: Intake) -> set[UUID]:
    """The server crashes while a statement waits for another transaction; what was acknowledged."""
    person = await world.person()
    holding = await AsyncConnection.connect(server.url())
    await holding.execute(
        "INSERT INTO preorder (person_id, round_id, ticket, chain, store_code, channel, mobile,"
        " language, submission_id, placed_at, changed_at)"
        " VALUES (%s, '2020-1', %s, 'SE', '100001', 'computer', '', 'zh', %s, now(), now())",
        (person, uuid4(), uuid4()),
    )
    sent = asyncio.create_task(intake.submit(entry(person)))
    await until(lambda: statement_waits(world))
    await restart(server)
    await holding.close()
    try:
        return {(await sent).ticket}
    except IntakeInterrupted:
        return set()


async def test_what_was_not_committed_was_not_acknowledged(
    server: EmbeddedServer, durable: World, still: StillClock, vault: Vault
) -> None:
    async with Intake(durable.db, still, vault) as intake:
        acknowledged = await submit_and_crash(server, durable, intake)
        assert not acknowledged
        async with connected(server) as after:
            assert await intake.submit(entry(await after.person()))  # it goes on by itself


async def test_acknowledging_before_the_commit_would_lose(
    server: EmbeddedServer, durable: World, still: StillClock, vault: Vault
) -> None:
    """The negative control."""
    async with HastyIntake(durable.db, still, vault) as intake:
        acknowledged = await submit_and_crash(server, durable, intake)
    async with connected(server) as after:
        assert len(acknowledged - await after.tickets()) == 1


async def test_under_load_nothing_acknowledged_is_lost(
    server: EmbeddedServer, durable: World, still: StillClock, vault: Vault
) -> None:
    people = iter(await durable.people(100_000))
    acknowledged: dict[UUID, UUID] = {}
    turned_away = 0
    stop = asyncio.Event()

    async def keep_submitting(intake: Intake) -> None:
        nonlocal turned_away
        while not stop.is_set():
            sent = entry(next(people))
            try:
                receipt = await intake.submit(sent)
            except IntakeFull:
                turned_away += 1
                await asyncio.sleep(0.02)
            else:
                acknowledged[sent.person_id] = receipt.ticket

    async with Intake(durable.db, still, vault) as intake:
        clients = [asyncio.create_task(keep_submitting(intake)) for _ in range(20)]
        await until(lambda: asyncio.sleep(0, len(acknowledged) > 300))
        await restart(server)
        before = len(acknowledged)
        await until(lambda: asyncio.sleep(0, len(acknowledged) > before + 300))
        stop.set()
        await asyncio.gather(*clients)
    assert turned_away > 0
    async with connected(server) as after, after.db.transaction() as tx:
        cursor = await tx.execute("SELECT person_id, ticket FROM preorder")
        kept = dict(await cursor.fetchall())
    assert acknowledged.items() <= kept.items()
