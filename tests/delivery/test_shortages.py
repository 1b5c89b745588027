"""Packs that are missing: who waits follows from the draw, before anything is sent."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from delivery.world import FIRST, OTHER, OURS, Someone, World, day
from emask.delivery import packing, packing_file
from emask.delivery.forfeits import (
    change_store,
    forfeit_uncollected,
    next_recollection_end,
)
from emask.delivery.model import NotSoMany
from emask.delivery.shortages import packs_came, report_shortage, shortages_of
from emask.rounds.model import Chain, Store
from emask.rounds.stores import save_stores

AT = day(3, 24)
SECOND_STORE = (Chain.SE, "100002")


async def _ranked(
    world: World, ranks: Sequence[int], store: tuple[Chain, str]
) -> dict[int, Someone]:
    """Paid orders of a store, each with its place in the draw."""
    people = {rank: await world.person() for rank in ranks}
    async with world.db.transaction() as tx:
        await tx.execute(
            "CREATE TABLE IF NOT EXISTS drawn PARTITION OF draw_result FOR VALUES IN ('2020-1')"
        )
        for rank, who in people.items():
            await tx.execute(
                "INSERT INTO drawn (round_id, person_id, ticket, rank, selected)"
                " VALUES (%s, %s, gen_random_uuid(), %s, true)",
                (FIRST.id, who.person_id, rank),
            )
    for who in people.values():
        await world.order(who, store=store)
    return people


async def _report(world: World, packs: int, store_code: str | None = None) -> UUID:
    async with world.db.transaction() as tx:
        return await report_shortage(
            tx, round=FIRST, chain=Chain.SE, store_code=store_code, packs=packs, at=AT, by="centre"
        )


async def _came(world: World, shortage_id: UUID, packs: int, month: int = 3, on: int = 28) -> int:
    async with world.db.transaction() as tx:
        return await packs_came(
            tx,
            round=FIRST,
            chain=Chain.SE,
            shortage_id=shortage_id,
            packs=packs,
            at=day(month, on),
            by="centre",
        )


async def _waiting(world: World, people: dict[int, Someone]) -> list[int]:
    rows = await world.rows("SELECT person_id FROM parcel WHERE hold = 'short'")
    held = {person_id for (person_id,) in rows}
    return sorted(rank for rank, who in people.items() if who.person_id in held)


async def _two_stores(world: World) -> dict[int, Someone]:
    async with world.db.transaction() as tx:
        store = Store(
            chain=Chain.SE, code="100002", name="二店", address="", county="", town="", zip_code=""
        )
        await save_stores(tx, [store])
    people = await _ranked(world, (5, 1, 30), OURS) | await _ranked(world, (40, 2), SECOND_STORE)
    await world.pack()
    return people


async def test_who_was_drawn_last_waits_among_all_of_the_chain(world: World) -> None:
    people = await _two_stores(world)
    await world.many_orders(2, store=OTHER)
    await world.pack()
    await _report(world, 2)
    assert await _waiting(world, people) == [30, 40]
    assert await world.value("SELECT count(*) FROM parcel WHERE chain = 'FM' AND hold IS NULL") == 2


async def test_or_of_the_store_for_which_they_are_missing(world: World) -> None:
    people = await _two_stores(world)
    await _report(world, 2, OURS[1])
    assert await _waiting(world, people) == [5, 30]
    await _report(world, 1)  # another one counts those only who do not wait yet
    assert await _waiting(world, people) == [5, 30, 40]


async def test_who_waits_is_not_in_the_file_and_does_not_arrive(world: World) -> None:
    people = await _two_stores(world)
    shortage_id = await _report(world, 2)
    async with world.db.transaction() as tx:
        file = await packing_file.make_file(
            tx, round_id=FIRST.id, chain=Chain.SE, at=AT, by="centre"
        )
        await packing.ship(tx, round=FIRST, at=day(3, 25, 8))
        assert await packing.arrive(tx, round=FIRST, at=day(3, 26, 0)) == 3
        lines = await packing.packing_list(tx, round_id=FIRST.id, chain=Chain.SE)
        (shortage,) = await shortages_of(tx, round_id=FIRST.id)
    assert file.packs == 3
    assert [(line.packs, line.short, line.to_come, line.exceptional) for line in lines] == [
        *[(3, 1, 1, True), (2, 1, 1, True)]
    ]
    assert (shortage.shortage_id, shortage.packs, shortage.waiting) == (shortage_id, 2, 2)
    assert await world.state(people[30]) == await world.state(people[40]) == "paid"


async def test_what_comes_before_the_others_leave_goes_with_them(world: World) -> None:
    people = await _two_stores(world)
    shortage_id = await _report(world, 3)
    assert await _waiting(world, people) == [5, 30, 40]
    assert await _came(world, shortage_id, 1, on=24) == 2
    assert await _waiting(world, people) == [30, 40]  # the best of those who waited has got it
    assert await _came(world, shortage_id, 2, on=24) == 0
    async with world.db.transaction() as tx:
        await packing.ship(tx, round=FIRST, at=day(3, 25, 8))
        assert await packing.arrive(tx, round=FIRST, at=day(3, 26, 0)) == 5
    assert await world.rows("SELECT DISTINCT hold, reopened_until FROM parcel") == [(None, None)]
    assert await world.value("SELECT ended_at IS NOT NULL FROM shortage") is True


async def test_what_comes_later_arrives_by_the_second_word_of_the_store(world: World) -> None:
    people = await _two_stores(world)
    shortage_id = await _report(world, 1)
    async with world.db.transaction() as tx:
        await packing.ship(tx, round=FIRST, at=day(3, 25, 8))
    await _came(world, shortage_id, 1, on=28)
    async with world.db.transaction() as tx:
        assert await packing.arrive(tx, round=FIRST, at=day(3, 26, 0)) == 4
        (_, line) = await packing.packing_list(tx, round_id=FIRST.id, chain=Chain.SE)
        assert (line.later, line.to_come) == (1, 1)
        assert (
            await packing.arrive_store(
                tx, round=FIRST, chain=Chain.SE, store_code="100002", at=day(3, 29)
            )
            == 1
        )
    assert await world.state(people[40]) == "arrived"
    last = await world.value("SELECT reopened_until FROM parcel WHERE hold = 'later'")
    assert last == day(4, 4).date()  # as many days as everybody had


async def test_what_was_to_go_later_goes_to_a_store_chosen_anew_like_any_other(
    world: World,
) -> None:
    people = await _two_stores(world)
    shortage_id = await _report(world, 1)
    async with world.db.transaction() as tx:
        await packing.ship(tx, round=FIRST, at=day(3, 25, 8))
    await _came(world, shortage_id, 1, on=25)
    await world.clock.set(day(3, 25))
    await change_store(
        *(world.db, world.clock),
        person_id=people[40].person_id,
        round_id=FIRST.id,
        chain=OTHER[0],
        store_code=OTHER[1],
    )
    async with world.db.transaction() as tx:
        assert (
            await packing.arrive_store(
                tx, round=FIRST, chain=OTHER[0], store_code=OTHER[1], at=day(3, 26)
            )
            == 1
        )


async def test_a_store_chosen_anew_gets_what_goes_after_its_shipment_by_its_second_word(
    world: World,
) -> None:
    """The others' arrival tells nothing about a pack that was not among them."""
    moved, other = await world.person(), await world.person()
    await world.order(moved)
    await world.order(other, store=OTHER)
    await world.pack()
    async with world.db.transaction() as tx:
        await packing.ship(tx, round=FIRST, at=day(3, 25, 8))
    await world.clock.set(day(3, 25))
    await change_store(
        *(world.db, world.clock),
        person_id=moved.person_id,
        round_id=FIRST.id,
        chain=OTHER[0],
        store_code=OTHER[1],
    )
    async with world.db.transaction() as tx:
        assert await packing.arrive(tx, round=FIRST, at=day(3, 26, 0)) == 1
    assert (await world.state(moved), await world.state(other)) == ("paid", "arrived")
    async with world.db.transaction() as tx:
        assert (
            await packing.arrive_store(
                tx, round=FIRST, chain=OTHER[0], store_code=OTHER[1], at=day(3, 27)
            )
            == 1
        )
    assert await world.state(moved) == "arrived"


async def test_a_store_of_which_every_pack_is_missing_is_not_shipped(world: World) -> None:
    people = await _two_stores(world)
    shortage_id = await _report(world, 2, "100002")
    async with world.db.transaction() as tx:
        await packing.ship(tx, round=FIRST, at=day(3, 25, 8))
    assert await world.value("SELECT state FROM shipment WHERE store_code = '100002'") == "packed"
    assert await _came(world, shortage_id, 2) == 0
    assert await _waiting(world, people) == []


async def test_more_than_there_are_cannot_be_missing_nor_come(world: World) -> None:
    await _two_stores(world)
    for packs in (0, 6):
        with pytest.raises(NotSoMany) as refused:
            await _report(world, packs)
        assert refused.value.there == 5
    shortage_id = await _report(world, 2)
    with pytest.raises(NotSoMany):
        await _came(world, shortage_id, 3)
    async with world.db.transaction() as tx:
        await packing.ship(tx, round=FIRST, at=day(3, 25, 8))
    with pytest.raises(NotSoMany):  # what has left is the stores' to report
        await _report(world, 1)


async def test_another_centre_ends_nothing(world: World) -> None:
    await _two_stores(world)
    shortage_id = await _report(world, 2)
    with pytest.raises(NotSoMany):
        async with world.db.transaction() as tx:
            await packs_came(
                tx,
                round=FIRST,
                chain=Chain.FM,
                shortage_id=shortage_id,
                packs=1,
                at=AT,
                by="another",
            )


async def test_who_waits_for_a_pack_gives_nothing_up(world: World) -> None:
    people = await _two_stores(world)
    await _report(world, 1)
    async with world.db.transaction() as tx:
        await packing.ship(tx, round=FIRST, at=day(3, 25, 8))
        await packing.arrive(tx, round=FIRST, at=day(3, 26, 0))
        assert await forfeit_uncollected(tx, round=FIRST, at=FIRST.pickup_ends_at) == 4
    assert await world.state(people[40]) == "paid"


async def test_a_recollection_whose_pack_is_missing_never_ends(world: World) -> None:
    """Else its end would fall due again and again, and nothing after it would be done."""
    people = await _two_stores(world)
    await _report(world, 1)
    async with world.db.transaction() as tx:
        await tx.execute(
            "UPDATE parcel SET reopened_until = %s WHERE person_id = %s",
            (day(4, 10).date(), people[40].person_id),
        )
        assert await next_recollection_end(tx) is None


async def _moves(world: World, who: Someone, store: tuple[Chain, str]) -> None:
    await change_store(
        *(world.db, world.clock),
        person_id=who.person_id,
        round_id=FIRST.id,
        chain=store[0],
        store_code=store[1],
    )


async def _short(world: World, chain: Chain) -> list[tuple[int, int]]:
    """The shortages of a centre: packs, and who waits for them."""
    async with world.db.transaction() as tx:
        found = await shortages_of(tx, round_id=FIRST.id, chain=chain)
    return [(each.packs, each.waiting) for each in found]


async def test_a_missing_pack_that_goes_to_another_chain_is_missing_in_its_centre(
    world: World,
) -> None:
    people = await _two_stores(world)
    await _report(world, 2)
    await _moves(world, people[40], OTHER)
    assert (await _short(world, Chain.SE), await _short(world, Chain.FM)) == ([(2, 1)], [(1, 1)])
    await _moves(world, people[30], OTHER)
    assert (await _short(world, Chain.SE), await _short(world, Chain.FM)) == ([(2, 0)], [(2, 2)])
    async with world.db.transaction() as tx:
        (shortage,) = await shortages_of(tx, round_id=FIRST.id, chain=Chain.FM)
        left = await packs_came(
            tx,
            round=FIRST,
            chain=Chain.FM,
            shortage_id=shortage.shortage_id,
            packs=1,
            at=AT,
            by="fm-centre",
        )
    assert left == 1
    assert await _waiting(world, people) == [40]


async def test_within_its_chain_it_stays_where_it_is_missing(world: World) -> None:
    people = await _two_stores(world)
    await _report(world, 1)
    await _moves(world, people[40], OURS)
    assert (await _short(world, Chain.SE), await _short(world, Chain.FM)) == ([(1, 1)], [])
