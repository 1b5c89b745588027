"""What was handed over can be shown to be so afterwards."""

import pytest
from psycopg.errors import RestrictViolation

from delivery.test_collection import collect, ready
from delivery.world import FIRST, OTHER, World, day
from emask.database.audit_log import first_broken_link
from emask.delivery.forfeits import forfeit_uncollected
from emask.delivery.seal import seal_holds


async def holds(world: World) -> bool:
    async with world.db.transaction() as tx:
        return await seal_holds(tx, round=FIRST)


async def close(world: World, month: int, of_month: int) -> None:
    async with world.db.transaction() as tx:
        await forfeit_uncollected(tx, round=FIRST, at=day(month, of_month, 0))


async def sealed_collections(world: World) -> None:
    other = await world.person()
    await world.order(other, store=OTHER)
    who = await ready(world)
    await collect(world, who)
    await collect(world, other, store=OTHER)
    await close(world, 4, 1)  # not over yet
    await close(world, 4, 2)
    await close(world, 4, 2)


async def test_hand_overs_are_sealed_once_when_they_are_over(world: World) -> None:
    await sealed_collections(world)
    entries = await world.rows("SELECT actor, act, subject, detail ->> 'packs' FROM audit_log")
    assert entries == [("system", "seal_collections", FIRST.id, "2")]
    assert await holds(world)
    async with world.db.transaction() as tx:
        assert await first_broken_link(tx) is None


async def test_a_round_without_any_is_sealed_too(world: World) -> None:
    assert await holds(world)
    await close(world, 4, 2)
    assert await world.value("SELECT detail ->> 'packs' FROM audit_log") == "0"
    assert await holds(world)


async def test_hand_overs_are_append_only(world: World) -> None:
    for change in (
        "UPDATE collection SET clerk = 'x'",
        "DELETE FROM collection",
        "TRUNCATE collection CASCADE",
    ):
        with pytest.raises(RestrictViolation):
            async with world.db.transaction() as tx:
                await tx.execute(change.encode())


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE collection SET clerk = 'x' WHERE chain = 'FM'",
        "UPDATE collection SET collected_at = collected_at + interval '1 s' WHERE chain = 'FM'",
        "UPDATE collection SET by_proxy = NOT by_proxy",
        "DELETE FROM collection WHERE chain = 'FM'",
        "UPDATE collection SET person_id = gen_random_uuid() WHERE chain = 'FM'",
    ],
)
async def test_whoever_gets_around_that_breaks_the_seal(world: World, change: str) -> None:
    await sealed_collections(world)
    async with world.db.transaction() as tx:
        await tx.execute("ALTER TABLE collection DISABLE TRIGGER collection_append_only")
        await tx.execute(
            "ALTER TABLE collection DROP CONSTRAINT collection_person_id_round_id_fkey"
        )
        await tx.execute(change.encode())
    assert not await holds(world)
