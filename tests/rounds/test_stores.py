"""Importing the chains' list."""

import asyncio
from pathlib import Path

import psycopg
import pytest

from emask.database.pool import Database, Transaction
from emask.rounds import store_history_queries
from emask.rounds.model import COUNTIES, Chain, Change, Closings, ImportReport, Store
from emask.rounds.store_history import recent_imports
from emask.rounds.stores import (
    ImplausibleClosings,
    compare_stores,
    counties,
    import_stores,
    search_stores,
    towns,
)

HEADING = "MARKET_CD,STORE_CD,STORE_NM,ADDR,HSN_NM,TOWN_NM,ZIP_CD,ISOPEN"
HANGZHOU = "HL,2001,北市杭州店,台北市大安區杭州南路二段５號,臺北市,大安區,106,Y"
CHUNAN = "SE,111371,俊安,新北市樹林區俊英街156號,新北市,樹林區,238,Y"
ZHENDONG = "FM,10290,台東鎮東店,台東縣台東市鎮東街１０１號,台東縣,台東市,950,Y"
DATONG = "OK,0300,高雄大同店,高雄市前金區大同一路202號1樓,高雄市,前金區,801,Y"
LINES = (HANGZHOU, CHUNAN, ZHENDONG, DATONG)


async def bring(db: Database, folder: Path, *lines: str) -> ImportReport:
    path = folder / "stores.csv"
    path.write_text("\n".join([HEADING, *lines]))
    return await import_stores(db, path)


async def all_stores(db: Database) -> list[Store]:
    async with db.transaction() as tx:
        return await search_stores(tx, limit=100)


async def test_a_first_import_adds(db: Database, tmp_path: Path) -> None:
    assert await bring(db, tmp_path, *LINES) == ImportReport(added=4)
    assert len(await all_stores(db)) == 4


async def test_an_import_tells_what_changed(db: Database, tmp_path: Path) -> None:
    await bring(db, tmp_path, *LINES)
    new = HANGZHOU.replace("2001", "2002")
    moved = CHUNAN.replace("156", "158")
    shut = ZHENDONG[:-1] + "N"
    other = DATONG.replace("0300", "0301")
    report = await bring(db, tmp_path, HANGZHOU, new, moved, shut, other)
    assert report == ImportReport(added=2, moved=1, unchanged=1, closed=2)
    stores = {(store.chain, store.code): store for store in await all_stores(db)}
    assert stores[Chain.SE, "111371"].address.endswith("158號")
    assert not stores[Chain.FM, "10290"].open
    assert not stores[Chain.OK, "0300"].open  # no longer in the list
    assert await bring(db, tmp_path, HANGZHOU, new, moved, shut, other) == ImportReport(unchanged=5)


async def test_a_store_that_comes_back_is_open_again(db: Database, tmp_path: Path) -> None:
    await bring(db, tmp_path, HANGZHOU, HANGZHOU.replace("2001", "2002"))
    await bring(db, tmp_path, HANGZHOU)
    report = await bring(db, tmp_path, HANGZHOU, HANGZHOU.replace("2001", "2002"))
    assert report == ImportReport(reopened=1, unchanged=1)
    assert all(store.open for store in await all_stores(db))


async def test_a_list_of_one_chain_leaves_the_others_alone(db: Database, tmp_path: Path) -> None:
    await bring(db, tmp_path, *LINES)
    assert await bring(db, tmp_path, HANGZHOU) == ImportReport(unchanged=1)
    assert all(store.open for store in await all_stores(db))


async def test_a_fault_leaves_everything_as_it_was(db: Database, tmp_path: Path) -> None:
    await bring(db, tmp_path, *LINES)
    before = await all_stores(db)
    report = await bring(db, tmp_path, HANGZHOU.replace("杭州店", "新店"), "HL,?,?,?,?,?,?,?")
    assert (report.added, report.changed, report.closed) == (0, 0, 0)
    assert {error.line for error in report.errors} == {3}
    assert await all_stores(db) == before


async def test_the_real_list_is_imported(db: Database, shared_data: Path) -> None:
    path = shared_data / "convenience_stores_2020.csv"
    assert await import_stores(db, path) == ImportReport(added=11_176)
    assert await import_stores(db, path) == ImportReport(unchanged=11_176)
    async with db.transaction() as tx:
        assert await counties(tx) == list(COUNTIES)
        assert (await towns(tx, "臺北市"))[:3] == ["中正區", "大同區", "中山區"]


async def test_a_torn_real_list_closes_nothing(
    db: Database, shared_data: Path, tmp_path: Path
) -> None:
    path = shared_data / "convenience_stores_2020.csv"
    await import_stores(db, path)
    torn = tmp_path / "torn.csv"
    torn.write_text("".join(path.read_text().splitlines(keepends=True)[:-3_000]))
    with pytest.raises(ImplausibleClosings) as refused:
        await import_stores(db, torn)
    assert refused.value.total == 2_332  # a chain that is left out whole keeps its stores
    async with db.transaction() as tx:
        cursor = await tx.execute("SELECT count(*) FROM store WHERE NOT open")
        assert await cursor.fetchall() == [(0,)]


async def many(db: Database, folder: Path, number: int) -> list[str]:
    lines = [CHUNAN.replace("111371", f"{code}") for code in range(100, 100 + number)]
    await bring(db, folder, *lines)
    return lines


@pytest.mark.parametrize(("number", "closing"), [(11, 10), (220, 11), (10, 9)])
async def test_a_few_may_close(db: Database, tmp_path: Path, number: int, closing: int) -> None:
    lines = await many(db, tmp_path, number)
    assert (await bring(db, tmp_path, *lines[closing:])).closed == closing


async def test_what_closes_too_many_is_refused_unless_their_number_is_confirmed(
    db: Database, tmp_path: Path
) -> None:
    lines = await many(db, tmp_path, 219)
    path = tmp_path / "stores.csv"
    path.write_text("\n".join([HEADING, HANGZHOU, *lines[11:]]))
    with pytest.raises(ImplausibleClosings) as refused:
        await import_stores(db, path)
    assert refused.value.closings == (Closings(chain=Chain.SE, closing=11, open=219),)
    with pytest.raises(ImplausibleClosings):
        await import_stores(db, path, confirmed=12)
    async with db.transaction() as tx:
        assert len(await recent_imports(tx)) == 1
    assert (await import_stores(db, path, confirmed=11)).closed == 11


async def test_comparing_shows_each_difference_and_changes_nothing(
    db: Database, tmp_path: Path
) -> None:
    await bring(db, tmp_path, *LINES, HANGZHOU.replace("2001", "2009")[:-1] + "N")
    before = await all_stores(db)
    path = tmp_path / "stores.csv"
    lines = (
        HANGZHOU.replace("５號", "5號"),  # spelt otherwise
        HANGZHOU.replace("2001", "2009"),
        CHUNAN.replace("樹林區", "板橋區"),
        ZHENDONG[:-1] + "N",
        DATONG,
        DATONG.replace("0300", "0301"),
    )
    path.write_text("\n".join([HEADING, *lines]))
    report, differences, closings = await compare_stores(db, path)
    assert report == ImportReport(added=1, changed=1, moved=1, closed=1, reopened=1, unchanged=1)
    assert [(each.kind, each.became.code) for each in differences] == [
        (Change.CLOSED, "10290"),
        (Change.MOVED, "111371"),
        (Change.REOPENED, "2009"),
        (Change.CHANGED, "2001"),
        (Change.ADDED, "0301"),
    ]
    moved = differences[1]
    assert moved.was is not None
    assert (moved.was.town, moved.became.town) == ("樹林區", "板橋區")
    assert [each.closing for each in closings] == [1, 0, 0, 0]
    assert await all_stores(db) == before
    assert await import_stores(db, path) == report


async def test_comparing_a_faulty_file_tells_its_faults(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "stores.csv"
    path.write_text(f"{HEADING}\n?")
    report, differences, closings = await compare_stores(db, path)
    assert report.errors
    assert (differences, closings) == ([], [])


async def test_two_imports_at_once_are_kept_one_after_the_other(
    db: Database, tmp_path: Path
) -> None:
    path = tmp_path / "stores.csv"
    path.write_text("\n".join([HEADING, *LINES]))
    reports = await asyncio.gather(import_stores(db, path), import_stores(db, path))
    assert sorted(report.added for report in reports) == [0, 4]


async def test_two_imports_that_do_not_wait_for_each_other_collide(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: nobody holds the table, and both compare before either writes."""
    both_compared, closings = asyncio.Barrier(2), store_history_queries.closings_of_difference

    async def not_held(_: Transaction) -> None:
        pass

    async def compared(tx: Transaction) -> list[Closings]:
        found = await closings(tx)
        await both_compared.wait()
        return found

    monkeypatch.setattr(store_history_queries, "hold_imports", not_held)
    monkeypatch.setattr(store_history_queries, "closings_of_difference", compared)
    path = tmp_path / "stores.csv"
    path.write_text("\n".join([HEADING, *LINES]))
    async with asyncio.timeout(20):
        reports = await asyncio.gather(
            import_stores(db, path), import_stores(db, path), return_exceptions=True
        )
    fell_over = [each for each in reports if isinstance(each, BaseException)]
    assert [type(each) for each in fell_over] == [psycopg.errors.UniqueViolation]
