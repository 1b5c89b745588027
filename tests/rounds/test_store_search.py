"""Searching stores: whatever way a name is written, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from psycopg import Rollback

from emask.database.pool import Database, Transaction
from emask.database.throwaway import ThrowawayDatabases
from emask.rounds.model import Chain, Store
from emask.rounds.stores import (
    NoSuchStore,
    counties,
    find_store,
    save_stores,
    search_stores,
    set_store_open,
    towns,
)

STORES = [
    Store(
        chain=Chain(chain),
        code=code,
        name=name,
        address=address,
        county=county,
        town=town,
        zip_code=zip_code,
    )
    for chain, code, name, address, county, town, zip_code in (
        ("HL", "2001", "北市杭州店", "台北市大安區杭州南路二段５號", "臺北市", "大安區", "106"),
        ("SE", "111371", "俊安", "新北市樹林區俊英街156號", "新北市", "樹林區", "238"),
        ("FM", "10290", "台東鎮東店", "台東縣台東市鎮東街１０１號", "臺東縣", "臺東市", "950"),
        ("OK", "0300", "高雄大同店", "高雄市前金區大同一路202號1樓", "高雄市", "前金區", "801"),
    )
]


@pytest.fixture(scope="module")
def database_url(databases: ThrowawayDatabases) -> Iterator[str]:
    """One database with the four stores for all tests here."""

    async def fill(url: str) -> None:
        async with Database(url, size=1) as database, database.transaction() as tx:
            await save_stores(tx, STORES)

    with databases.database() as url:
        asyncio.run(fill(url))
        yield url


@pytest.fixture
async def tx(db: Database) -> AsyncIterator[Transaction]:
    """A transaction whose changes nobody else sees."""
    async with db.transaction() as transaction:
        yield transaction
        raise Rollback


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
