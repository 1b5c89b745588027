"""Bags that nobody collected come back to their centre, and into later rounds."""

import pytest

from delivery.test_collection import collect, ready
from delivery.test_forfeits import arrive_at, forfeit, open_again
from delivery.world import FIRST, OTHER, OURS, SECOND, Someone, World, day
from emask.delivery.confirmation import Outcome, Scan
from emask.delivery.model import NotSoMany
from emask.delivery.returns import (
    Gap,
    Supply,
    bags_back,
    gaps,
    returned_packs,
    scan_back,
    supplies,
    take_back_told,
)
from emask.rounds.model import Chain
from emask.rules.labels import Label, label_number


async def back(world: World, packs: int, store: tuple[Chain, str] = OURS) -> None:
    async with world.db.transaction() as tx:
        await bags_back(
            tx,
            round_id=FIRST.id,
            chain=store[0],
            store_code=store[1],
            packs=packs,
            at=day(4, 3),
            by="se-centre",
        )


async def scan(world: World, text: str, chain: Chain = OURS[0]) -> Scan:
    async with world.db.transaction() as tx:
        return await scan_back(tx, text=text, chain=chain, at=day(4, 3))


async def stock(world: World, chain: Chain = OURS[0]) -> int:
    async with world.db.transaction() as tx:
        return await returned_packs(tx, round_id=FIRST.id, chain=chain)


async def missing(world: World) -> list[Gap]:
    async with world.db.transaction() as tx:
        return await gaps(tx, round_id=FIRST.id)


async def supply(world: World, round_id: str = SECOND.id) -> list[Supply]:
    async with world.db.transaction() as tx:
        return await supplies(tx, round_id=round_id)


async def given_up(world: World) -> Someone:
    """Three at our store, one at the other."""
    await world.many_orders(2)
    await world.many_orders(1, store=OTHER)
    who = await ready(world)
    await forfeit(world)
    return who


async def label_of(world: World, who: Someone) -> str:
    ((number, bag),) = await world.rows(
        "SELECT number, bag_number FROM parcel JOIN shipment USING (round_id, chain, store_code)"
        " WHERE person_id = %s",
        who.person_id,
    )
    assert isinstance(number, str)
    assert isinstance(bag, int)
    return label_number(Label(number, bag))


async def test_a_figure_brings_back_what_was_given_up_and_no_more(world: World) -> None:
    await given_up(world)
    assert [(gap.store_code, gap.forfeited, gap.missing) for gap in await missing(world)] == [
        (OURS[1], 3, 3),
        (OTHER[1], 1, 1),
    ]
    await back(world, 2)
    assert await stock(world) == 2
    for packs in (0, 2):
        with pytest.raises(NotSoMany):
            await back(world, packs)
    await back(world, 1)
    await back(world, 1, OTHER)
    assert await missing(world) == []
    assert (await stock(world), await stock(world, OTHER[0])) == (3, 1)
    acts = await world.rows("SELECT detail -> 'packs' FROM audit_log WHERE act = 'bags_back'")
    assert acts == [(2,), (1,), (1,)]


async def test_a_bag_is_scanned_once(world: World) -> None:
    who = await given_up(world)
    label = await label_of(world, who)
    assert (await scan(world, label, OTHER[0])).outcome is Outcome.WRONG_CHAIN
    assert (await scan(world, "1" + label[1:])).outcome is Outcome.NO_LABEL
    assert (await scan(world, label)).outcome is Outcome.NOTED
    assert (await scan(world, label)).outcome is Outcome.ALREADY
    assert await stock(world) == 1
    await back(world, 2)  # the others
    with pytest.raises(NotSoMany):
        await back(world, 1)


async def test_what_was_collected_does_not_come_back(world: World) -> None:
    who = await ready(world)
    await collect(world, who)
    await forfeit(world)
    assert (await scan(world, await label_of(world, who))).outcome is Outcome.BAG_MOVED
    with pytest.raises(NotSoMany):
        await back(world, 1)


async def test_a_reopened_bag_leaves_the_stock_only_if_it_was_there(world: World) -> None:
    who, other = await ready(world), await world.person()
    await world.order(other, store=OTHER)
    await world.deliver()
    await forfeit(world)
    await back(world, 1)
    await world.clock.set(day(4, 10))
    await open_again(world, who)
    await open_again(world, other)  # still on its way back
    assert (await stock(world), await stock(world, OTHER[0])) == (0, 0)
    async with world.db.transaction() as tx:
        await arrive_at(tx, OURS, 12)
    await forfeit(world, 4, 21)
    assert await stock(world) == 0
    await back(world, 1)
    assert await stock(world) == 1


async def test_the_next_round_needs_so_much_less(world: World) -> None:
    await given_up(world)
    await back(world, 2)
    for _ in range(3):
        await world.order(await world.person(), SECOND)
    await world.order(await world.person(), SECOND, state="lapsed")
    expected = [Supply(chain=OURS[0], paid=3, from_stock=2)]
    assert await supply(world) == expected
    assert expected[0].needed == 1
    await world.pack(SECOND)
    await back(world, 1)  # too late for this one
    await world.pack(SECOND)
    assert await supply(world) == expected
    assert await world.rows("SELECT chain, round_id, packs FROM stock_use WHERE packs > 0") == [
        (OURS[0], SECOND.id, 2)
    ]


async def test_the_word_of_a_chain_brings_a_bag_back_too(world: World) -> None:
    who = await given_up(world)
    async with world.db.transaction() as tx:
        await tx.execute(
            "INSERT INTO consignment (person_id, round_id, nth, chain, store_code, made_at,"
            " code, state, since, settled, returned_at) VALUES"
            " (%s, %s, 1, %s, %s, %s, '2074', 'going_back', %s, 'going_back', %s)",
            (who.person_id, FIRST.id, *OURS, day(3, 25), day(4, 2), day(4, 2)),
        )
        assert await take_back_told(tx, at=day(4, 3)) == 1
        assert await take_back_told(tx, at=day(4, 3)) == 0
    assert await stock(world) == 1
    await world.clock.set(day(4, 10))
    await open_again(world, who)
    await forfeit(world, 4, 21)
    async with world.db.transaction() as tx:  # that was of its first way
        assert await take_back_told(tx, at=day(4, 22)) == 0
