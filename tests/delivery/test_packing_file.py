"""The file that a centre packs by: the same until something changes."""

import asyncio
import csv
from hashlib import sha256

import pytest
from psycopg.errors import UniqueViolation

from delivery.world import FIRST, OTHER, OURS, World, day
from emask.database.pool import Transaction
from emask.delivery import packing_file
from emask.delivery import packing_file_queries as queries
from emask.delivery.forfeits import change_store
from emask.delivery.model import NothingToPack, PackingFile
from emask.delivery.packing_file import Difference
from emask.rounds.model import Chain, Store
from emask.rounds.stores import save_stores

SECOND_STORE = (Chain.SE, "100002")


async def _make(world: World, chain: Chain = Chain.SE, hour: int = 8) -> PackingFile:
    async with world.db.transaction() as tx:
        return await packing_file.make_file(
            tx, round_id=FIRST.id, chain=chain, at=day(3, 22, hour), by="centre"
        )


async def _content(world: World, file: PackingFile) -> bytes:
    async with world.db.transaction() as tx:
        return b"".join([block async for block in packing_file.content(tx, file)])


async def _second_store(world: World) -> None:
    store = Store(
        chain=SECOND_STORE[0],
        code=SECOND_STORE[1],
        name='門市 "2", 號',
        address="臺北市大安區",
        county="臺北市",
        town="大安區",
        zip_code="106",
    )
    async with world.db.transaction() as tx:
        await save_stores(tx, [store])


async def test_a_file_says_which_bags_go_where_and_adds_up(world: World) -> None:
    await _second_store(world)
    await world.many_orders(4, store=OURS)
    await world.many_orders(2, store=SECOND_STORE)
    await world.many_orders(9, store=OTHER)
    await world.pack()
    file = await _make(world)
    whole = await _content(world, file)
    rows = list(csv.reader(whole.decode().splitlines()))
    assert rows[:4] == [
        ["H", "EMASK-PACKING-1", "2020-1", "SE", "1", "2020-03-22T08:00:00+08:00"],
        ["C", "store_code", "store_name", "bag_from", "bag_to", "packs"],
        ["D", "100001", "門市100001", "1", "4", "4"],
        ["D", "100002", '門市 "2", 號', "1", "2", "2"],
    ]
    assert rows[4][:4] == ["T", "2", "2", "6"]
    before_trailer = whole[: whole.rindex(b"T,")]
    assert rows[4][4] == sha256(before_trailer).hexdigest()
    assert file.sha256 == sha256(whole).hexdigest()
    assert (file.version, file.stores, file.packs) == (1, 2, 6)
    assert whole.count(b"\r\n") == whole.count(b"\n") == 5


async def test_the_same_list_is_the_same_file_to_the_byte(world: World) -> None:
    await world.many_orders(4)
    await world.pack()
    first = await _make(world)
    again = await _make(world, hour=20)
    assert again == first
    assert await _content(world, again) == await _content(world, first)
    assert await world.value("SELECT count(*) FROM packing_file") == 1


async def test_a_changed_list_is_a_version_of_its_own_and_tells_what_differs(world: World) -> None:
    await _second_store(world)
    who = await world.person()
    await world.order(who)
    await world.many_orders(3)
    await world.pack()
    first = await _make(world)
    sent = await _content(world, first)
    await world.clock.set(day(3, 22, 12))
    await change_store(
        *(world.db, world.clock),
        person_id=who.person_id,
        round_id=FIRST.id,
        chain=SECOND_STORE[0],
        store_code=SECOND_STORE[1],
    )
    second = await _make(world, hour=13)
    assert (second.version, second.packs) == (2, 4)
    bag = await world.value("SELECT 10 - sum(bag_number) FROM parcel WHERE store_code = '100001'")
    left = ", ".join({1: ["2–4"], 2: ["1", "3–4"], 3: ["1–2", "4"], 4: ["1–3"]}[int(str(bag))])
    async with world.db.transaction() as tx:
        assert await packing_file.differences(tx, second) == [
            Difference(store_code="100001", store_name="門市100001", before="1–4", after=left),
            Difference(store_code="100002", store_name='門市 "2", 號', before="", after="1"),
        ]
        versions = await packing_file.files(tx, round_id=FIRST.id, chain=Chain.SE)
    assert versions == [second, first]
    assert await _content(world, first) == sent  # the old one can be sent again as it was


async def test_a_store_that_closed_is_not_packed_for(world: World) -> None:
    await world.many_orders(2, store=OURS)
    await world.pack()
    await _make(world)
    async with world.db.transaction() as tx:
        await tx.execute("UPDATE store SET open = false WHERE store_code = %s", (OURS[1],))
    empty = await _make(world)
    assert (empty.version, empty.stores, empty.packs) == (2, 0, 0)


async def test_before_packing_there_is_no_file(world: World) -> None:
    await world.many_orders(1)
    with pytest.raises(NothingToPack):
        await _make(world)


async def test_who_ask_at_the_same_moment_get_the_same_version(world: World) -> None:
    await world.many_orders(5)
    await world.pack()
    made = await asyncio.gather(*(_make(world) for _ in range(6)))
    assert {file.version for file in made} == {1}


async def test_without_waiting_for_one_another_they_would_number_it_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.many_orders(5)
    await world.pack()
    both_have_read = asyncio.Barrier(2)
    files = queries.files

    async def hold_nothing(_tx: Transaction, _chain: Chain) -> None:
        return

    async def read_together(tx: Transaction, round_id: str, chain: Chain) -> list[PackingFile]:
        earlier = await files(tx, round_id, chain)
        await both_have_read.wait()
        return earlier

    monkeypatch.setattr(queries, "hold_files", hold_nothing)
    monkeypatch.setattr(queries, "files", read_together)
    made = await asyncio.gather(_make(world), _make(world), return_exceptions=True)
    assert [type(each) for each in made if isinstance(each, Exception)] == [UniqueViolation]


async def test_a_long_file_comes_in_blocks(world: World) -> None:
    async with world.db.transaction() as tx:
        await tx.execute(
            "INSERT INTO store (chain, store_code, name, address, county, town, zip_code)"
            " SELECT 'SE', 'L' || n, '門市', '', '', '', '' FROM generate_series(1, 2500) n"
        )
        await tx.execute(
            "INSERT INTO orders (person_id, round_id, chain, store_code, channel, amount, state,"
            " paid_at, changed_at) SELECT gen_random_uuid(), %(round)s, 'SE', 'L' || n,"
            " 'computer', 22, 'paid', %(at)s, %(at)s FROM generate_series(1, 2500) n",
            {"round": FIRST.id, "at": FIRST.pay_from},
        )
    await world.pack()
    file = await _make(world)
    async with world.db.transaction() as tx:
        blocks = [len(block) async for block in packing_file.content(tx, file)]
    assert len(blocks) == 5
    assert max(blocks) < 50_000
