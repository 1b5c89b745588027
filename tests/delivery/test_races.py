"""What two can do at once, and that without its guard each of these goes wrong."""

import asyncio
from uuid import UUID

import pytest

from delivery.test_collection import another, collect, number_of, ready, slip
from delivery.world import FIRST, OTHER, Someone, World, until_waiting
from emask.database.pool import Transaction
from emask.delivery import collection_queries, forfeits_queries, packing
from emask.delivery.forfeits import change_store
from emask.rules.refusals import AlreadyCollected, LockedOut, WrongPickupNumber


async def two_tills(world: World, who: Someone) -> list[BaseException | None]:
    """Both have read that the pack is there before either hands it over."""
    async with world.db.transaction() as holder:
        await holder.execute("SELECT FROM orders FOR UPDATE")
        tills = asyncio.gather(collect(world, who), collect(world, who), return_exceptions=True)
        await until_waiting(world.db, 2)
    return list(await tills)


async def test_two_tills_hand_one_pack_over_once(world: World) -> None:
    outcomes = await two_tills(world, await ready(world))
    assert outcomes.count(None) == 1
    assert [type(outcome) for outcome in outcomes if outcome] == [AlreadyCollected]
    assert await world.value("SELECT count(*) FROM collection") == 1


async def test_without_guard_and_key_two_tills_hand_out_two(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = await ready(world)
    unguarded = collection_queries.COLLECT.replace(" AND state = 'arrived'", "")
    assert unguarded != collection_queries.COLLECT
    monkeypatch.setattr(collection_queries, "COLLECT", unguarded)
    async with world.db.transaction() as tx:
        await tx.execute("ALTER TABLE collection DROP CONSTRAINT collection_pkey CASCADE")
    assert await two_tills(world, who) == [None, None]
    assert await world.value("SELECT count(*) FROM collection") == 2


async def burst(world: World, guesses: int) -> list[type[BaseException]]:
    who = await ready(world)
    wrong = another(await number_of(world, who))
    outcomes = await asyncio.gather(
        *(slip(world, who, wrong) for _ in range(guesses)), return_exceptions=True
    )
    return [type(outcome) for outcome in outcomes if isinstance(outcome, BaseException)]


async def test_a_burst_of_guesses_gets_no_more_than_five(world: World) -> None:
    outcomes = await burst(world, 12)
    assert outcomes.count(WrongPickupNumber) == 5
    assert outcomes.count(LockedOut) == 7


async def test_uncounted_a_burst_may_guess_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def uncounted(*_: object, **__: object) -> bool:
        return True

    monkeypatch.setattr(collection_queries, "count_attempt", uncounted)
    assert (await burst(world, 12)).count(WrongPickupNumber) == 12


async def change_while_packing(world: World) -> bool:
    """Choose another store while the round is being packed; whether the figures agree after it."""
    who = await world.person()
    await world.order(who)
    async with world.db.transaction() as tx:
        await packing.pack(tx, round=FIRST, at=FIRST.release_at)
        change = asyncio.create_task(move(world, who.person_id))
        await until_waiting(world.db, 1)
    await change
    return bool(
        await world.value(
            "SELECT NOT EXISTS (SELECT FROM shipment s WHERE packs <> ("
            " SELECT count(*) FROM parcel p"
            " JOIN orders o USING (person_id, round_id, chain, store_code)"
            " WHERE p.chain = s.chain AND p.store_code = s.store_code))"
        )
    )


async def move(world: World, person_id: UUID) -> None:
    await change_store(
        world.db,
        world.clock,
        person_id=person_id,
        round_id=FIRST.id,
        chain=OTHER[0],
        store_code=OTHER[1],
    )


async def test_a_store_changed_while_packing_takes_the_parcel_along(world: World) -> None:
    assert await change_while_packing(world)
    shipments = await world.rows("SELECT chain, packs FROM shipment ORDER BY chain")
    assert shipments == [("FM", 1), ("SE", 0)]


async def test_without_waiting_for_packing_the_shipments_are_wrong(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hurry(_: Transaction) -> None:
        return None

    monkeypatch.setattr(forfeits_queries, "hold_packing", hurry)
    assert not await change_while_packing(world)


async def test_many_move_to_one_store_at_once(world: World) -> None:
    people = [await world.person() for _ in range(12)]
    for who in people:
        await world.order(who)
    await world.pack()
    await asyncio.gather(*(move(world, who.person_id) for who in people))
    bags = await world.rows("SELECT chain, bag_number FROM parcel ORDER BY bag_number")
    assert bags == [("FM", bag) for bag in range(1, 13)]
    shipments = await world.rows("SELECT chain, packs FROM shipment ORDER BY chain")
    assert shipments == [("FM", 12), ("SE", 0)]
