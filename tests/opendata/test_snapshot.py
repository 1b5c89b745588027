"""The published files follow the database, and outlive it."""

import asyncio
import csv
from datetime import UTC, datetime
from io import StringIO

import pytest
from prometheus_client import REGISTRY

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.opendata.catalogue import INDEX, MASKDATA, POINTS, STORES_CSV
from emask.opendata.snapshot import OpenData, _Part, kept_fresh

NOON = datetime(2020, 3, 12, 4, 0, 0, tzinfo=UTC)
AFTER = datetime(2020, 3, 12, 4, 30, 0, tzinfo=UTC)
_SITE = """INSERT INTO counter_site (site_code, kind, name, address, phone, longitude, latitude,
    active, changed_at) VALUES (%s, 'pharmacy', '安心藥局', '臺北市', '02', 121.5, 25.0, %s, %s)"""
_STOCK = (
    "INSERT INTO counter_stock (site_code, product, pieces, changed_at) VALUES (%s, %s, %s, %s)"
)


@pytest.fixture
async def stocked(db: Database) -> Database:
    """Two active sites, one of which never had stock, and one that takes part no more."""
    async with db.transaction() as tx:
        for code, active in (("5901010003", True), ("5901010002", True), ("5901010001", False)):
            await tx.execute(_SITE, (code, active, NOON))
        await tx.execute(_STOCK, ("5901010003", "adult_mask", 970, NOON))
        await tx.execute(_STOCK, ("5901010003", "child_mask", 20, AFTER))
    return db


def rows_of(open_data: OpenData) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(open_data.snapshot.files[MASKDATA].body.decode())))


def _failures(part: str) -> float:
    name = "emask_open_data_refreshes_failed_total"
    return REGISTRY.get_sample_value(name, {"part": part}) or 0.0


async def _until(fresh: OpenData, pieces: str) -> None:
    async with asyncio.timeout(5):
        while rows_of(fresh)[1]["成人口罩剩餘數"] != pieces:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)


async def test_active_sites_are_told_with_what_they_have(stocked: Database) -> None:
    open_data = OpenData()
    await open_data.refresh_stock(stocked)
    never, stocked_up = rows_of(open_data)
    assert never["醫事機構代碼"] == "5901010002"
    assert (never["成人口罩剩餘數"], never["兒童口罩剩餘數"]) == ("0", "0")
    assert never["來源資料時間"] == "2020/03/12 12:00:00"  # the site's own
    assert (stocked_up["成人口罩剩餘數"], stocked_up["兒童口罩剩餘數"]) == ("970", "20")
    assert stocked_up["來源資料時間"] == "2020/03/12 12:30:00"  # the later product's
    assert [site.site_code for site in open_data.snapshot.sites] == ["5901010002", "5901010003"]


async def test_what_did_not_change_stays_the_same_file(stocked: Database) -> None:
    open_data, elsewhere = OpenData(), OpenData()
    await open_data.refresh_stock(stocked)
    before = open_data.snapshot
    await open_data.refresh_stock(stocked)
    await elsewhere.refresh_stock(stocked)
    assert open_data.snapshot.read_at != before.read_at
    assert open_data.snapshot.files[POINTS] is before.files[POINTS]
    for path, file in before.files.items():
        other = elsewhere.snapshot.files[path]
        assert (other.etag, other.gzipped_etag) == (file.etag, file.gzipped_etag)


async def test_a_change_shows_and_has_its_time(stocked: Database) -> None:
    open_data = OpenData()
    await open_data.refresh_stock(stocked)
    before = open_data.snapshot.files
    async with stocked.connection() as tx:
        await tx.execute("UPDATE counter_stock SET pieces = 5 WHERE product = 'adult_mask'")
    await open_data.refresh_stock(stocked)
    after = open_data.snapshot.files
    assert rows_of(open_data)[1]["成人口罩剩餘數"] == "5"
    for path in (MASKDATA, POINTS, INDEX):
        assert after[path].etag != before[path].etag
        assert after[path].gzipped_etag != before[path].gzipped_etag
        assert after[path].changed_at > before[path].changed_at


async def test_it_is_kept_fresh(stocked: Database, clock: SetClock) -> None:
    open_data = OpenData()
    async with kept_fresh(open_data, stocked, clock, every=0.01):
        assert STORES_CSV in open_data.snapshot.files
        async with stocked.connection() as tx:
            await tx.execute("UPDATE counter_stock SET pieces = 5 WHERE product = 'adult_mask'")
        await _until(open_data, "5")
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("open data")]


async def test_a_reading_that_fails_keeps_what_was_read_and_is_counted(
    stocked: Database, clock: SetClock
) -> None:
    open_data, failures = OpenData(), _failures("stock")
    async with kept_fresh(open_data, stocked, clock, every=0.01):
        async with stocked.connection() as tx:
            await tx.execute("ALTER TABLE counter_stock RENAME TO lost")
        async with asyncio.timeout(5):
            while _failures("stock") == failures:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)
        assert rows_of(open_data)[1]["成人口罩剩餘數"] == "970"
        async with stocked.connection() as tx:
            await tx.execute("ALTER TABLE lost RENAME TO counter_stock")
            await tx.execute("UPDATE counter_stock SET pieces = 6 WHERE product = 'adult_mask'")
        await _until(open_data, "6")


async def test_nothing_to_read_at_the_start_stops_nobody(
    stocked: Database, clock: SetClock
) -> None:
    async with stocked.connection() as tx:
        await tx.execute("ALTER TABLE counter_stock RENAME TO lost")
    open_data, failures = OpenData(), _failures("stock")
    async with kept_fresh(open_data, stocked, clock):
        assert _failures("stock") == failures + 1
        assert MASKDATA not in open_data.snapshot.files
        assert STORES_CSV in open_data.snapshot.files


async def test_what_takes_long_to_read_is_read_less_often() -> None:
    async def take_long() -> None:
        await asyncio.sleep(0.1)

    async def take_no_time() -> None:
        await asyncio.sleep(0)

    assert 9 < await _Part("figures", take_long, at_most=0.01).read(5) < 60
    assert 4 < await _Part("figures", take_long, at_most=1).read(5) < 5
    assert 4 < await _Part("figures", take_no_time, at_most=0.01).read(5) <= 5
    assert await _Part("figures", take_long, at_most=1e-6).read(5) == 600
