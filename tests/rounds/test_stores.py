"""Importing the chains' list and searching it."""

import time
from pathlib import Path

from emask.database.pool import Database, Transaction
from emask.rounds.model import COUNTIES, Chain, ImportReport, Store
from emask.rounds.stores import (
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
