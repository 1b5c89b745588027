"""Freezing a list under a running intake: what was acknowledged is on it, nothing joins later."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import UUID

from emask.database.clock import SetClock
from emask.database.vault import Vault
from emask.draw import queries as draw_queries
from emask.draw.model import DrawRecord
from emask.draw.service import freeze
from emask.preorder.intake import Intake
from emask.preorder.model import Receipt
from emask.preorder.service import cancel_preorder
from emask.rules.draw import merkle_root
from emask.rules.refusals import Closed
from emask.sandbox.beacon import SandboxBeacon
from preorder.world import FIRST, StillClock, World, entry, until

_PAUSE = 20200312  # the advisory lock at which a writer is made to stand still


async def freeze_first(world: World) -> DrawRecord:
    """Freeze by the real way; the intake's own clock has not reached closing."""
    beacon = SandboxBeacon(SetClock(world.db), secret=bytes(32))
    return await freeze(world.db, round=FIRST, at=FIRST.closes_at, beacon=beacon)


async def freeze_without_waiting(world: World) -> set[UUID]:
    """What freezing would be without the wait: set it, read the list."""
    async with world.db.transaction() as tx:
        await draw_queries.set_frozen(tx, FIRST.id, FIRST.closes_at)
    return await world.tickets()


async def frozen(world: World) -> bool:
    async with world.db.connection() as connection:
        cursor = await connection.execute("SELECT FROM round WHERE frozen_at IS NOT NULL")
        return cursor.rowcount == 1


@asynccontextmanager
async def standing_still(world: World) -> AsyncIterator[None]:
    """Statements have read the round as open and stop before they write their first row.

    They hold no transaction id there yet, so whoever waited for ids alone would miss them.
    """
    await world.run(
        "CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" PERFORM pg_advisory_xact_lock_shared({_PAUSE}); RETURN new; END $$"
    )
    await world.run(
        "CREATE TRIGGER pause BEFORE INSERT ON preorder FOR EACH ROW EXECUTE FUNCTION pause()"
    )
    async with world.db.connection() as connection:
        await connection.execute("SELECT pg_advisory_lock(%s)", (_PAUSE,))
        try:
            yield
        finally:
            await connection.execute("SELECT pg_advisory_unlock(%s)", (_PAUSE,))


async def stands_still(world: World) -> bool:
    async with world.db.connection() as connection:
        cursor = await connection.execute(
            "SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event = 'advisory'"
        )
        return cursor.rowcount == 1


async def test_a_statement_under_way_is_waited_for(world: World, intake: Intake) -> None:
    async with standing_still(world):
        sent = asyncio.create_task(intake.submit(entry(await world.person())))
        await until(lambda: stands_still(world))
        freezing = asyncio.create_task(freeze_first(world))
        await until(lambda: frozen(world))
        await asyncio.sleep(0.2)
        assert not freezing.done()
    receipt = await sent
    assert (await freezing).root == merkle_root([receipt.ticket.bytes])


async def test_without_the_wait_an_acknowledged_preorder_is_lost(
    world: World, intake: Intake
) -> None:
    """The negative control."""
    async with standing_still(world):
        sent = asyncio.create_task(intake.submit(entry(await world.person())))
        await until(lambda: stands_still(world))
        on_the_list = await freeze_without_waiting(world)
    receipt = await sent
    assert receipt.ticket not in on_the_list


async def test_under_load_the_list_holds_every_acknowledged_preorder(
    world: World, still: StillClock, vault: Vault
) -> None:
    people = iter(await world.people(20_000))
    acknowledged: set[UUID] = set()

    async def keep_submitting(intake: Intake) -> None:
        for person in people:
            try:
                receipt = await intake.submit(entry(person))
            except Closed:
                return
            acknowledged.add(receipt.ticket)

    async with Intake(world.db, still, vault) as one, Intake(world.db, still, vault) as other:
        clients = [asyncio.create_task(keep_submitting(each)) for each in (one, other) * 20]
        await until(lambda: asyncio.sleep(0, len(acknowledged) > 500))
        record = await freeze_first(world)
        await asyncio.gather(*clients)
    assert next(people, None) is not None  # the freeze ended it, not the end of people
    tickets = await world.tickets()
    assert acknowledged == tickets
    assert record.entries == len(tickets)
    assert record.root == merkle_root(sorted(ticket.bytes for ticket in tickets))


async def test_nothing_is_cancelled_out_of_a_frozen_list(
    world: World, intake: Intake, still: StillClock
) -> None:
    people = await world.people(40)
    sent: list[Receipt] = await asyncio.gather(*(intake.submit(entry(each)) for each in people))

    async def cancel(person: UUID) -> None:
        with suppress(Closed):  # which ends it: cancelled before the freeze it registers again
            while True:
                await cancel_preorder(world.db, still, person_id=person, round_id=FIRST.id)
                await intake.submit(entry(person))

    cancelling = [asyncio.create_task(cancel(person)) for person in people[:20]]
    await asyncio.sleep(0.1)
    record = await freeze_first(world)
    await asyncio.gather(*cancelling)
    assert record.entries == len(await world.tickets())
    assert record.entries >= len(sent) - 20
