"""What came of a round, in numbers that give nobody away."""

import csv
import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest

from emask.database.pool import Database
from emask.opendata.catalogue import STATISTICS, STORES_CSV, STORES_JSON
from emask.opendata.snapshot import OpenData
from emask.rounds.catalogue import built_in_round
from emask.rounds.model import Chain, Store
from emask.rounds.service import save_round
from emask.rounds.stores import save_stores
from preorder.world import StillClock

ROUND = built_in_round("2020-1")
PATH = STATISTICS.of_round(ROUND.id)
_STORES = (
    *((Chain.SE, "100001", "臺北市"), (Chain.SE, "100002", "臺北市"), (Chain.FM, "1", "臺北市")),
    *((Chain.SE, "100003", "花蓮縣"), (Chain.FM, "2", "花蓮縣"), (Chain.SE, "100004", "連江縣")),
)
_PREORDERS = """
    INSERT INTO preorder (person_id, round_id, ticket, chain, store_code, channel, mobile, language,
        state, submission_id, placed_at, changed_at)
    SELECT gen_random_uuid(), %(round)s, gen_random_uuid(), %(chain)s, %(store)s, 'computer', '',
        'zh', %(state)s, gen_random_uuid(), now(), now()
    FROM generate_series(1, %(number)s)"""
_ORDERS = """
    INSERT INTO orders (person_id, round_id, chain, store_code, channel, amount, state, paid_at,
        changed_at)
    SELECT gen_random_uuid(), %(round)s, %(chain)s, %(store)s, 'computer', 22, %(state)s,
        CASE WHEN %(state)s <> 'lapsed' THEN now() END, now()
    FROM generate_series(1, %(number)s)"""
_DRAW = """
    INSERT INTO draw (round_id, algorithm, entries, quota, root, beacon, beacon_key, beacon_round,
        committed_at, seed, drawn_at, published_at)
    VALUES (%(round)s, '1', 0, 1, %(hash)s, '', '', 1, now() - interval '1 hour', %(hash)s, now(),
        now())"""


class Counted:
    """A round of six stores in three counties, and the statistics of it."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.clock = StillClock(ROUND.opens_at)
        self.open_data = OpenData()

    async def build(self) -> None:
        stores = [
            Store(
                chain=chain,
                code=code,
                name=f"門市{code}",
                address=f"{county}中正路１號",
                county=county,
                town="中正區",
                zip_code="100",
            )
            for chain, code, county in _STORES
        ]
        async with self.db.transaction() as tx:
            await save_round(tx, ROUND)
            await save_stores(tx, stores)

    async def add(self, statement: str, state: str, *numbers: int) -> None:
        """So many rows of each store."""
        async with self.db.transaction() as tx:
            for (chain, code, _), number in zip(_STORES, numbers, strict=True):
                facts = {"chain": chain, "store": code, "state": state, "number": number}
                await tx.execute(statement, {"round": ROUND.id, **facts})

    async def publish(self) -> None:
        async with self.db.connection() as tx:
            await tx.execute(_DRAW, {"round": ROUND.id, "hash": b"0" * 32})

    async def move_one(self, was: str, state: str) -> None:
        """One person pays, or collects."""
        async with self.db.connection() as tx:
            await tx.execute(
                "UPDATE orders SET state = %s, paid_at = coalesce(paid_at, now())"
                " WHERE person_id = (SELECT min(person_id::text)::uuid FROM orders"
                "  WHERE state = %s)",
                (state, was),
            )

    async def read(self, path: str = PATH, *, at: datetime) -> bytes | None:
        self.clock.instant = at
        await self.open_data.refresh_figures(self.db, self.clock)
        file = self.open_data.snapshot.files.get(path)
        return file.body if file else None

    async def statistics(self, *, at: datetime) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(await self.read(at=at) or b"null")
        return found


@pytest.fixture
async def counted(db: Database) -> Counted:
    made = Counted(db)
    await made.build()
    await made.add(_PREORDERS, "registered", 100, 50, 80, 70, 60, 20)
    await made.add(_PREORDERS, "cancelled", 9, 9, 9, 9, 9, 9)
    await made.add(_ORDERS, "lapsed", 10, 0, 10, 0, 0, 0)
    await made.add(_ORDERS, "collected", 40, 3, 30, 20, 6, 2)
    await made.add(_ORDERS, "forfeited", 5, 1, 2, 10, 5, 3)
    return made


async def test_a_round_has_no_figures_before_it_has_closed(counted: Counted) -> None:
    just_before = ROUND.closes_at - timedelta(seconds=1)
    assert await counted.read(at=just_before) is None
    assert await counted.read(STORES_JSON, at=just_before) == b"[]"


async def test_nothing_of_a_draw_is_told_before_it_is_published(counted: Counted) -> None:
    told = await counted.statistics(at=ROUND.pickup_ends_at)
    assert told["counted"] == ["registered"]
    none = {"drawn": None, "paid": None, "collected": None}
    assert told["total"] == {"registered": 380, **none}
    await counted.publish()
    assert (await counted.statistics(at=ROUND.closes_at))["counted"] == ["registered", "drawn"]
    for at, measures in (
        (ROUND.pay_until - timedelta(seconds=1), ["registered", "drawn"]),
        (ROUND.pay_until, ["registered", "drawn", "paid"]),
        (ROUND.pickup_ends_at - timedelta(seconds=1), ["registered", "drawn", "paid"]),
        (ROUND.pickup_ends_at, ["registered", "drawn", "paid", "collected"]),
    ):
        assert (await counted.statistics(at=at))["counted"] == measures


async def test_one_more_at_a_store_is_told_by_no_two_readings(counted: Counted) -> None:
    await counted.publish()
    for end, was, state in (
        (ROUND.pay_until, "lapsed", "paid"),
        (ROUND.pickup_ends_at, "forfeited", "collected"),
    ):
        running = end - timedelta(minutes=1)
        before = [await counted.read(path, at=running) for path in (PATH, STORES_CSV)]
        await counted.move_one(was, state)
        after = [await counted.read(path, at=running) for path in (PATH, STORES_CSV)]
        assert after == before
        assert await counted.read(at=end) != before[0]  # it counts all the same


async def test_each_count_by_chain_and_county(counted: Counted) -> None:
    await counted.publish()
    told = await counted.statistics(at=ROUND.pickup_ends_at)
    assert told["round_id"] == ROUND.id
    assert told["suppressed_below"] == 5
    assert told["total"] == {"registered": 380, "drawn": 147, "paid": 127, "collected": 101}
    assert told["chains"] == [
        {"chain": "SE", "registered": 240, "drawn": 94, "paid": 84, "collected": 65},
        {"chain": "FM", "registered": 140, "drawn": 53, "paid": 43, "collected": 36},
    ]
    taipei, hualien, lienchiang = told["counties"]
    assert taipei["county"] == "臺北市"
    assert [each["registered"] for each in (taipei, hualien, lienchiang)] == [230, 130, 20]
    assert [each["chain"] for each in taipei["chains"]] == ["SE", "FM"]
    assert taipei["chains"][1]["collected"] == 30


async def test_small_counts_and_what_would_give_them_away_are_left_out(counted: Counted) -> None:
    await counted.publish()
    told = await counted.statistics(at=ROUND.pickup_ends_at)
    taipei, hualien, lienchiang = told["counties"]
    assert lienchiang["paid"] == 5
    assert lienchiang["collected"] is None  # two people
    assert hualien["collected"] is None  # would give the two away by subtraction
    assert taipei["collected"] == 73
    rows = {
        row["store_code"]: row
        for row in csv.DictReader(
            StringIO((await counted.read(STORES_CSV, at=ROUND.pickup_ends_at) or b"").decode())
        )
    }
    assert rows["100002"]["collected"] == ""  # three people
    assert rows["100001"]["collected"] == ""  # with the sum of 7-11 in Taipei, likewise
    assert rows["1"] == {
        "round_id": ROUND.id,
        "chain": "FM",
        "store_code": "1",
        "name": "門市1",
        "address": "臺北市中正路１號",
        "county": "臺北市",
        "town": "中正區",
        "paid": "32",
        "collected": "30",
    }


async def test_stores_are_told_alike_in_both_forms(counted: Counted) -> None:
    await counted.publish()
    at = ROUND.pickup_ends_at
    table = await counted.read(STORES_CSV, at=at) or b""
    rows = list(csv.DictReader(StringIO(table.decode())))
    stores = json.loads(await counted.read(STORES_JSON, at=at) or b"")
    assert len(rows) == len(stores) == 6
    told = [{n: "" if v is None else str(v) for n, v in store.items()} for store in stores]
    assert told == rows
