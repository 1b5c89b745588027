"""Bags that nobody collected come back to their centre, and into later rounds."""

import asyncio

import pytest

from delivery.test_collection import collect, ready
from delivery.test_forfeits import arrive_at, forfeit, open_again
from delivery.world import FIRST, OTHER, OURS, SECOND, Someone, World, day, until_waiting
from emask.delivery import returns_queries
from emask.delivery.confirmation import Outcome, Scan
from emask.delivery.model import NotSoMany
from emask.delivery.returns import (
    Gap,
    Supply,
    bags_back,
    correct_count,
    gaps,
    returned_packs,
    scan_back,
    supplies,
    supply_of,
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
    async with world.db.transaction() as tx:  # as its centre is told
        assert [await supply_of(tx, round_id=SECOND.id, chain=OURS[0])] == expected
    assert await world.rows("SELECT chain, round_id, packs FROM stock_use WHERE packs > 0") == [
        (OURS[0], SECOND.id, 2)
    ]


async def test_the_word_of_a_chain_brings_a_bag_back_too(world: World) -> None:
    who = await given_up(world)
    await consigned_back(world, who)
    async with world.db.transaction() as tx:
        assert await take_back_told(tx, at=day(4, 3)) == 1
        assert await take_back_told(tx, at=day(4, 3)) == 0
    assert await stock(world) == 1
    await world.clock.set(day(4, 10))
    await open_again(world, who)
    await forfeit(world, 4, 21)
    async with world.db.transaction() as tx:  # that was of its first way
        assert await take_back_told(tx, at=day(4, 22)) == 0


async def consigned_back(world: World, who: Someone) -> None:
    """The chain of somebody's pack says that it has turned back."""
    async with world.db.transaction() as tx:
        await tx.execute(
            "INSERT INTO consignment (person_id, round_id, nth, chain, store_code, made_at,"
            " code, state, since, settled, returned_at) VALUES"
            " (%s, %s, 1, %s, %s, %s, '2074', 'going_back', %s, 'going_back', %s)",
            (who.person_id, FIRST.id, *OURS, day(3, 25), day(4, 2), day(4, 2)),
        )


async def three_given_up(world: World) -> list[str]:
    """The labels of three bags of our store."""
    people = [await ready(world) for _ in range(3)]
    await forfeit(world)
    return [await label_of(world, who) for who in people]


async def test_bags_that_were_counted_do_not_count_again_when_they_are_scanned(
    world: World,
) -> None:
    labels = await three_given_up(world)
    await back(world, 2)
    outcomes = [(await scan(world, label)).outcome for label in reversed(labels)]
    assert outcomes == [Outcome.COUNTED, Outcome.COUNTED, Outcome.NOTED]  # whichever two came
    assert (await scan(world, labels[0])).outcome is Outcome.ALREADY
    assert (await stock(world), await missing(world)) == (3, [])


async def test_nor_when_their_chain_tells_of_them(world: World) -> None:
    who = await given_up(world)
    await back(world, 2)
    await consigned_back(world, who)
    for _ in range(2):
        async with world.db.transaction() as tx:
            assert await take_back_told(tx, at=day(4, 3)) == 0
    assert await stock(world) == 2
    assert (await scan(world, await label_of(world, who))).outcome is Outcome.ALREADY


async def two_scanners(world: World) -> list[Outcome]:
    """One bag was counted; two are scanned at the same moment."""
    labels = await three_given_up(world)
    await back(world, 1)
    async with world.db.transaction() as holder:
        await holder.execute("SELECT FROM parcel WHERE counted FOR UPDATE")
        scans = asyncio.gather(scan(world, labels[1]), scan(world, labels[2]))
        await until_waiting(world.db, 2)
    return sorted(each.outcome for each in await scans)


async def test_two_scanners_take_the_place_of_one_counted_bag_once(world: World) -> None:
    assert await two_scanners(world) == [Outcome.COUNTED, Outcome.NOTED]
    assert await stock(world) == 2
    assert await world.value("SELECT count(*) FROM parcel WHERE returned_at IS NOT NULL") == 2


async def test_without_holding_the_store_a_bag_is_lost_from_stock(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hurry(*_: object) -> None:
        return None

    monkeypatch.setattr(returns_queries, "hold_store", hurry)
    assert await two_scanners(world) == [Outcome.COUNTED, Outcome.COUNTED]
    assert await stock(world) == 1
    assert await world.value("SELECT count(*) FROM parcel WHERE returned_at IS NOT NULL") == 2


async def correct(world: World, packs: int, reason: str = "read 3 for 1") -> None:
    async with world.db.transaction() as tx:
        await correct_count(
            tx,
            round_id=FIRST.id,
            chain=OURS[0],
            store_code=OURS[1],
            packs=packs,
            reason=reason,
            at=day(4, 4),
            by="se-centre",
        )


async def test_a_wrong_number_is_corrected_with_a_reason(world: World) -> None:
    labels = await three_given_up(world)
    await back(world, 3)
    assert (await scan(world, labels[2])).outcome is Outcome.COUNTED
    with pytest.raises(ValueError, match="reason"):
        await correct(world, 1, " ")
    for packs in (0, 3):  # what was scanned is there
        with pytest.raises(NotSoMany) as refused:
            await correct(world, packs)
        assert refused.value.there == 2
    await correct(world, 2)
    assert await stock(world) == 1
    assert [(gap.returned, gap.missing) for gap in await missing(world)] == [(1, 2)]
    detail = await world.value("SELECT detail FROM audit_log WHERE act = 'correct_bags_back'")
    assert detail == {
        "round_id": FIRST.id,
        "store_code": OURS[1],
        "packs": 2,
        "reason": "read 3 for 1",
    }
