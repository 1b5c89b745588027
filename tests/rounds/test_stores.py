"""Importing the chains' list and searching it."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from emask.database.pool import Database, Transaction
from emask.rounds.model import COUNTIES, Chain, ImportReport, Store
from emask.rounds.stores import (
    NoSuchStore,
    counties,
    find_store,
    import_stores,
    save_stores,
    search_stores,
    set_store_open,
    towns,
)

HEADING = "MARKET_CD,STORE_CD,STORE_NM,ADDR,HSN_NM,TOWN_NM,ZIP_CD,ISOPEN"
HANGZHOU = "HL,2001,北市杭州店,台北市大安區杭州南路二段５號,臺北市,大安區,106,Y"
CHUNAN = "SE,111371,俊安,新北市樹林區俊英街156號,新北市,樹林區,238,Y"
ZHENDONG = "FM,10290,台東鎮東店,台東縣台東市鎮東街１０１號,台東縣,台東市,950,Y"
DATONG = "OK,0300,高雄大同店,高雄市前金區大同一路202號1樓,高雄市,前金區,801,Y"
LINES = (HANGZHOU, CHUNAN, ZHENDONG, DATONG)


@pytest.fixture
async def tx(db: Database, tmp_path: Path) -> AsyncIterator[Transaction]:
    """A transaction of a database that has the four stores above."""
    await bring(db, tmp_path, *LINES)
    async with db.transaction() as transaction:
        yield transaction


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
    assert report == ImportReport(added=2, changed=1, unchanged=1, closed=2)
    stores = {(store.chain, store.code): store for store in await all_stores(db)}
    assert stores[Chain.SE, "111371"].address.endswith("158號")
    assert not stores[Chain.FM, "10290"].open
    assert not stores[Chain.OK, "0300"].open  # no longer in the list
    assert await bring(db, tmp_path, HANGZHOU, new, moved, shut, other) == ImportReport(unchanged=5)


async def test_a_store_that_comes_back_is_open_again(db: Database, tmp_path: Path) -> None:
    await bring(db, tmp_path, HANGZHOU, HANGZHOU.replace("2001", "2002"))
    await bring(db, tmp_path, HANGZHOU)
    report = await bring(db, tmp_path, HANGZHOU, HANGZHOU.replace("2001", "2002"))
    assert report == ImportReport(changed=1, unchanged=1)
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


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("杭州", "2001"),
        ("台北市", "2001"),
        ("臺北市大安", "2001"),
        ("杭州南路2段5號", "2001"),
        ("杭州南路２段", "2001"),
        ("二段", "2001"),
        ("鎮東街101號", "10290"),
        ("臺東鎮東", "10290"),
        ("全家 鎮東", "10290"),
        ("familymart", "10290"),
        ("7-11", "111371"),
        ("7－11 樹林", "111371"),
        ("俊", "111371"),
        ("0300", "0300"),
        ("ok 大同1路", "0300"),
        ("ＯＫ　前金", "0300"),
    ],
)
async def test_a_search_finds_whatever_way_it_is_written(
    tx: Transaction, text: str, code: str
) -> None:
    assert [store.code for store in await search_stores(tx, text=text)] == [code]


@pytest.mark.parametrize("text", ["%", "_", "杭%號", "\\", "杭州 俊安", "nowhere", "%%", "號_"])
async def test_a_search_finds_nothing_else(tx: Transaction, text: str) -> None:
    assert await search_stores(tx, text=text) == []


async def test_a_search_without_words_lists_by_place(tx: Transaction) -> None:
    codes = [store.code for store in await search_stores(tx)]
    assert codes == ["2001", "111371", "0300", "10290"]
    assert len(await search_stores(tx, limit=2)) == 2


async def test_a_search_keeps_to_chain_and_place(tx: Transaction) -> None:
    assert [each.code for each in await search_stores(tx, chain=Chain.FM)] == ["10290"]
    assert [each.code for each in await search_stores(tx, county="台東縣")] == ["10290"]
    assert [each.code for each in await search_stores(tx, town="大安區")] == ["2001"]
    assert await search_stores(tx, county="臺北市", town="樹林區") == []
    assert await search_stores(tx, text="杭州", chain=Chain.SE) == []


async def test_a_closed_store_is_told_last_and_as_closed(tx: Transaction) -> None:
    await set_store_open(tx, chain=Chain.HL, code="2001", open=False)
    last = (await search_stores(tx))[-1]
    assert (last.code, last.open) == ("2001", False)
    await set_store_open(tx, chain=Chain.HL, code="2001", open=True)
    found = await find_store(tx, chain=Chain.HL, code="2001")
    assert found is not None
    assert found.open


async def test_a_store_is_known_by_chain_and_code_together(tx: Transaction) -> None:
    assert await find_store(tx, chain=Chain.FM, code="2001") is None
    with pytest.raises(NoSuchStore):
        await set_store_open(tx, chain=Chain.FM, code="2001", open=False)


async def test_places_are_listed_in_the_usual_order(tx: Transaction) -> None:
    assert await counties(tx) == ["臺北市", "新北市", "高雄市", "臺東縣"]
    assert await towns(tx, "台東縣") == ["臺東市"]
    assert await towns(tx, "花蓮縣") == []


async def test_saving_stores_again_leaves_them_as_they_are(tx: Transaction) -> None:
    store = (await search_stores(tx, text="杭州"))[0]
    await save_stores(tx, [replace(store, name="別名"), replace(store, code="9")])
    await save_stores(tx, [replace(store, name="別名")])
    names = {each.code: each.name for each in await search_stores(tx, chain=Chain.HL)}
    assert names == {"2001": "北市杭州店", "9": "北市杭州店"}


async def test_the_real_list_is_imported_and_searched_by_its_index(
    db: Database, shared_data: Path
) -> None:
    path = shared_data / "convenience_stores_2020.csv"
    assert await import_stores(db, path) == ImportReport(added=11_176)
    assert await import_stores(db, path) == ImportReport(unchanged=11_176)
    async with db.transaction() as tx:
        assert await counties(tx) == list(COUNTIES)
        assert (await towns(tx, "臺北市"))[:3] == ["中正區", "大同區", "中山區"]
        for text in ("板橋", "台北市大安區杭州南路2段5號", "店", "7-11 中山", "nowhere"):
            assert await shortest_search(tx, text) < 0.05, text
        plan = await tx.execute(
            "EXPLAIN SELECT * FROM store WHERE letter_pairs(search) @> letter_pairs('板橋')"
        )
        assert "store_search" in str(await plan.fetchall())


async def shortest_search(tx: Transaction, text: str) -> float:
    """Seconds; the shortest of three, since other work on the machine only adds."""
    durations = []
    for _ in range(3):
        begun = time.perf_counter()
        await search_stores(tx, text=text)
        durations.append(time.perf_counter() - begun)
    return min(durations)
