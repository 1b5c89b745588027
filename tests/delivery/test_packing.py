"""Packing, shipping and arrival (B16), set by set."""

import asyncio
from datetime import datetime
from uuid import UUID

import pytest

from delivery.world import CLOSED, FIRST, OTHER, OURS, World, day
from emask.database.pool import Transaction
from emask.delivery import forfeits_queries, packing, packing_queries
from emask.delivery.forfeits import change_store
from emask.delivery.model import NotReleasedYet, PackingLine, ShipmentState
from emask.delivery.shortages import report_shortage
from emask.rounds.model import Chain
from emask.rules.pickup import is_pickup_number, pickup_number
from emask.rules.refusals import StoreClosed


async def test_the_check_digit_of_the_database_is_that_of_the_rules(world: World) -> None:
    numbers = [f"{number:08}" for number in range(0, 10**8, 19_997)]
    rows = await world.rows(
        "SELECT digits, digits || pickup_check_digit(digits) FROM unnest(%s::text[]) AS t (digits)",
        numbers,
    )
    assert len(rows) == len(numbers) > 5_000
    assert all(pickup_number(str(digits)) == complete for digits, complete in rows)


async def test_pickup_numbers_are_random_and_pass_the_kiosk(world: World) -> None:
    await world.many_orders(20_000)
    await world.pack()
    rows = await world.rows("SELECT pickup_number FROM parcel")
    numbers = [str(number) for (number,) in rows]
    assert all(is_pickup_number(number) for number in numbers)
    assert len(set(numbers)) > 19_980  # of 10^8: two in 20,000 hardly ever meet
    for place in range(8):  # every digit in every place about every tenth time
        counts = [sum(number[place] == digit for number in numbers) for digit in "0123456789"]
        assert min(counts) > 1_750
        assert max(counts) < 2_250


async def test_every_paid_order_gets_one_bag_in_its_store(world: World) -> None:
    await world.many_orders(40, store=OURS)
    await world.many_orders(7, store=OTHER)
    await world.many_orders(5, store=OURS, state="lapsed")
    async with world.db.transaction() as tx:
        packs = await packing.pack(tx, round=FIRST, at=FIRST.release_at)
        lines = await packing.packing_list(tx, round_id=FIRST.id, chain=Chain.SE)
        none = await packing.packing_list(tx, round_id=FIRST.id, chain=Chain.HL)
    assert packs == {Chain.SE: 40, Chain.FM: 7}  # together: the paid orders
    assert lines == [
        PackingLine(
            store_code=OURS[1],
            store_name="門市100001",
            open=True,
            packs=40,
            state=ShipmentState.PACKED,
            late=False,
            to_come=40,
            short=0,
            later=0,
            confirmed=False,
        )
    ]
    assert none == []
    for (chain, code), number in ((OURS, 40), (OTHER, 7)):
        bags = await world.rows(
            "SELECT bag_number FROM parcel WHERE chain = %s AND store_code = %s ORDER BY 1",
            chain,
            code,
        )
        assert [bag for (bag,) in bags] == list(range(1, number + 1))


async def test_packing_again_changes_nothing_and_late_payers_get_the_next_bags(
    world: World,
) -> None:
    await world.many_orders(3)
    await world.pack()
    before = await world.rows("SELECT * FROM parcel ORDER BY person_id")
    await world.pack()
    assert await world.rows("SELECT * FROM parcel ORDER BY person_id") == before
    await world.many_orders(2)
    async with world.db.transaction() as tx:
        packs = await packing.pack(tx, round=FIRST, at=FIRST.release_at)
    assert packs == {Chain.SE: 5}
    assert await world.rows("SELECT bag_number FROM parcel ORDER BY 1") == [
        (bag,) for bag in range(1, 6)
    ]


async def test_nothing_is_packed_while_money_can_still_settle(world: World) -> None:
    await world.many_orders(1)
    with pytest.raises(NotReleasedYet):
        async with world.db.transaction() as tx:
            await packing.pack(tx, round=FIRST, at=day(3, 22, 7, 59))
    assert await world.rows("SELECT * FROM parcel") == []


async def test_only_what_was_shipped_arrives(world: World) -> None:
    await world.many_orders(4, store=OURS)
    await world.pack()
    async with world.db.transaction() as tx:
        assert await packing.arrive(tx, round=FIRST, at=day(3, 26, 0)) == 0
        await packing.ship(tx, round=FIRST, at=day(3, 25, 8))
    await world.many_orders(2, store=OTHER)
    await world.pack()  # a shipment that stays in its centre
    async with world.db.transaction() as tx:
        assert await packing.arrive(tx, round=FIRST, at=day(3, 26, 0)) == 4
        assert await packing.arrive(tx, round=FIRST, at=day(3, 26, 1)) == 0
    states = await world.rows("SELECT chain, state, count(*) FROM orders GROUP BY 1, 2 ORDER BY 1")
    assert states == [("FM", "paid", 2), ("SE", "arrived", 4)]


async def test_a_chain_may_report_the_arrival_at_one_store(world: World) -> None:
    await world.many_orders(4, store=OURS)
    await world.many_orders(2, store=OTHER)
    await world.pack()
    async with world.db.transaction() as tx:
        early = await packing.arrive_store(
            tx, round=FIRST, chain=OURS[0], store_code=OURS[1], at=day(3, 25, 14)
        )
        nothing_sent = await packing.arrive_store(
            tx, round=FIRST, chain=Chain.HL, store_code="9", at=day(3, 25, 14)
        )
        await packing.ship(tx, round=FIRST, at=day(3, 25, 18))
        rest = await packing.arrive(tx, round=FIRST, at=day(3, 26, 0))
    assert (early, nothing_sent, rest) == (4, 0, 2)
    shipments = await world.rows("SELECT chain, shipped_at, arrived_at FROM shipment ORDER BY 1")
    assert shipments == [
        ("FM", day(3, 25, 18), day(3, 26, 0)),
        ("SE", day(3, 25, 14), day(3, 25, 14)),
    ]


async def test_nothing_arrives_at_a_store_that_closed_whatever_is_reported(world: World) -> None:
    await world.many_orders(4, store=OURS)
    await world.pack()
    async with world.db.transaction() as tx:
        await packing.ship(tx, round=FIRST, at=day(3, 25, 8))
        await tx.execute("UPDATE store SET open = false WHERE store_code = %s", (OURS[1],))
    with pytest.raises(StoreClosed):
        async with world.db.transaction() as tx:
            await packing.arrive_store(
                tx, round=FIRST, chain=OURS[0], store_code=OURS[1], at=day(3, 26)
            )
    async with world.db.transaction() as tx:
        assert not await packing_queries.arrive_at_stores(
            tx, round_id=FIRST.id, chain=OURS[0], stores=[OURS[1]], at=day(3, 26)
        )
        (line,) = await packing.packing_list(tx, round_id=FIRST.id, chain=OURS[0])
    assert (line.state, line.to_come, line.exceptional) == (ShipmentState.SHIPPED, 4, True)


async def test_without_asking_whether_it_is_open_packs_arrive_where_nobody_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.many_orders(2, store=CLOSED)
    await world.pack()
    monkeypatch.setattr(packing_queries, "OPEN", "")
    async with world.db.transaction() as tx:
        assert await packing_queries.arrive_at_stores(
            tx, round_id=FIRST.id, chain=CLOSED[0], stores=[CLOSED[1]], at=day(3, 26)
        ) == {CLOSED[1]: 2}


async def test_what_a_chain_reports_as_late_arrives_when_it_says_so(world: World) -> None:
    await world.many_orders(4, store=OURS)
    await world.many_orders(2, store=OTHER)
    await world.pack()
    async with world.db.transaction() as tx:
        assert await packing.report_late(tx, round=FIRST, chain=OURS[0], store_code=OURS[1])
        await packing.ship(tx, round=FIRST, at=day(3, 25, 8))
        assert await packing.arrive(tx, round=FIRST, at=day(3, 26, 0)) == 2
        assert not await packing.report_late(tx, round=FIRST, chain=OTHER[0], store_code=OTHER[1])
        assert not await packing.report_late(tx, round=FIRST, chain=Chain.HL, store_code="9")
        lines = await packing.packing_list(tx, round_id=FIRST.id, chain=OURS[0])
    assert [(line.state, line.late) for line in lines] == [("shipped", True)]
    async with world.db.transaction() as tx:
        late = await packing.arrive_store(
            tx, round=FIRST, chain=OURS[0], store_code=OURS[1], at=day(3, 28)
        )
        lines = await packing.packing_list(tx, round_id=FIRST.id, chain=OURS[0])
    assert late == 4
    assert [(line.state, line.late) for line in lines] == [("arrived", False)]


async def test_nothing_is_sent_to_a_store_that_closed(world: World) -> None:
    await world.many_orders(3, store=OURS)
    await world.many_orders(2, store=CLOSED)
    await world.deliver()
    assert await world.rows("SELECT chain, state FROM shipment ORDER BY 1") == [
        ("OK", "packed"),
        ("SE", "arrived"),
    ]
    async with world.db.transaction() as tx:
        (line,) = await packing.packing_list(tx, round_id=FIRST.id, chain=CLOSED[0])
    assert (line.open, line.to_come, line.exceptional) == (False, 2, True)


async def test_what_closes_on_the_way_does_not_arrive(world: World) -> None:
    await world.many_orders(3)
    await world.pack()
    async with world.db.transaction() as tx:
        await packing.ship(tx, round=FIRST, at=day(3, 25, 8))
        await tx.execute("UPDATE store SET open = false WHERE store_code = %s", (OURS[1],))
        assert await packing.arrive(tx, round=FIRST, at=day(3, 26, 0)) == 0


async def test_one_parcel_arrives_once_and_leaves_the_others_alone(world: World) -> None:
    first, second, unpacked = [await world.person() for _ in range(3)]
    await world.order(first)
    await world.order(second)
    await world.pack()
    await world.order(unpacked)
    async with world.db.transaction() as tx:
        arrived = [
            await packing.arrive_parcel(
                tx, person_id=who.person_id, round_id=FIRST.id, at=day(3, 25, 14)
            )
            for who in (first, first, unpacked)
        ]
    assert arrived == [True, False, False]
    assert [await world.state(who) for who in (first, second, unpacked)] == [
        *("arrived", "paid", "paid")
    ]


async def test_a_parcel_whose_pack_is_missing_does_not_arrive(world: World) -> None:
    who = await world.person()
    await world.order(who)
    await world.pack()
    async with world.db.transaction() as tx:
        await report_shortage(
            tx, round=FIRST, chain=OURS[0], store_code=None, packs=1, at=day(3, 24), by="centre"
        )
        there = await packing.arrive_parcel(
            tx, person_id=who.person_id, round_id=FIRST.id, at=day(3, 26, 0)
        )
    assert (there, await world.state(who)) == (False, "paid")


async def test_parcels_that_arrive_at_the_same_moment_count_once(world: World) -> None:
    who = await world.person()
    await world.order(who)
    await world.pack()

    async def report() -> bool:
        async with world.db.transaction() as tx:
            return await packing.arrive_parcel(
                tx, person_id=who.person_id, round_id=FIRST.id, at=day(3, 26, 0)
            )

    assert sorted(await asyncio.gather(*(report() for _ in range(8)))) == [False] * 7 + [True]


async def test_without_asking_for_the_state_they_would_count_each_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = await world.person()
    await world.order(who)
    await world.pack()

    async def unasked(tx: Transaction, person_id: UUID, round_id: str, *, at: datetime) -> bool:
        cursor = await tx.execute(
            "UPDATE orders SET state = 'arrived', changed_at = %s"
            " WHERE person_id = %s AND round_id = %s",
            (at, person_id, round_id),
        )
        return cursor.rowcount == 1

    monkeypatch.setattr(packing_queries, "arrive_one", unasked)
    async with world.db.transaction() as tx:
        arrived = [
            await packing.arrive_parcel(
                tx, person_id=who.person_id, round_id=FIRST.id, at=day(3, 26, 0)
            )
            for _ in range(2)
        ]
    assert arrived == [True, True]


async def bags_given_at_the_other_store(world: World) -> list[int]:
    """One bag is packed there; one orderer comes and goes again, another one comes."""
    guest, other = await world.person(), await world.person()
    await world.order(guest)
    await world.order(other)
    await world.many_orders(1, store=OTHER)
    await world.pack()
    given = list[int]()
    for who, store in ((guest, OTHER), (guest, OURS), (other, OTHER)):
        await change_store(
            *(world.db, world.clock),
            person_id=who.person_id,
            round_id=FIRST.id,
            chain=store[0],
            store_code=store[1],
        )
        bag = await world.value("SELECT bag_number FROM parcel WHERE person_id = %s", who.person_id)
        given += [int(str(bag))] if store == OTHER else []
    return given


async def test_the_number_of_a_bag_that_moved_away_is_not_given_again(world: World) -> None:
    """Its label is printed: two bags of one store would say the same."""
    assert await bags_given_at_the_other_store(world) == [2, 3]
    await world.many_orders(1, store=OTHER)
    await world.pack()
    bags = "SELECT bag_number FROM parcel WHERE chain = 'FM' ORDER BY 1"
    assert await world.rows(bags) == [(1,), (3,), (4,)]
    assert await world.value("SELECT last_bag FROM shipment WHERE chain = 'FM'") == 4


async def test_nor_by_packing_again_when_the_last_bag_has_gone(world: World) -> None:
    await world.many_orders(1, store=OTHER)
    await world.pack()
    who = await world.person()
    await world.order(who, store=OTHER)
    await world.pack()
    await change_store(
        *(world.db, world.clock),
        person_id=who.person_id,
        round_id=FIRST.id,
        chain=OURS[0],
        store_code=OURS[1],
    )
    await world.pack()  # the shipment has fewer packs now
    await world.many_orders(1, store=OTHER)
    await world.pack()
    bags = "SELECT bag_number FROM parcel WHERE chain = 'FM' ORDER BY 1"
    assert await world.rows(bags) == [(1,), (3,)]


async def test_counted_from_the_bags_that_are_there_a_number_is_given_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = (
        "(SELECT coalesce(max(bag_number), 0) + 1 FROM parcel q WHERE q.round_id = s.round_id"
        " AND q.chain = s.chain AND q.store_code = s.store_code)"
    )
    counted = forfeits_queries.MOVE.replace("s.last_bag", there)
    assert counted != forfeits_queries.MOVE
    monkeypatch.setattr(forfeits_queries, "MOVE", counted)
    assert await bags_given_at_the_other_store(world) == [2, 2]
