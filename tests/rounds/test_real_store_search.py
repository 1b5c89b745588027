"""Searching the real list: how long the things take that people type."""

import asyncio
import re
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from emask.database.pool import Database, Transaction
from emask.database.throwaway import ThrowawayDatabases
from emask.rounds.model import Chain, Store
from emask.rounds.store_file import read_stores
from emask.rounds.stores import import_stores, places, search_stores

_LIST = "convenience_stores_2020.csv"
_EACH = 223  # of 11,176: 51 stores from all chains
_MOST = 0.05  # seconds, for 19 searches of 20
_ROAD = re.compile(r"[^市縣區鄉鎮村里\d０-９]{1,4}[路街](?:[一二三四五六七八九]段)?")


class Query(NamedTuple):
    """What somebody types, and the chain that they pick beside it."""

    text: str
    chain: Chain | None = None


@pytest.fixture(scope="module")
def database_url(databases: ThrowawayDatabases, shared_data: Path) -> Iterator[str]:
    """One database with the real list for all tests here."""

    async def fill(url: str) -> None:
        async with Database(url, size=1) as database:
            await import_stores(database, shared_data / _LIST)

    with databases.database() as url:
        asyncio.run(fill(url))
        yield url


@pytest.fixture
async def tx(db: Database) -> AsyncIterator[Transaction]:
    async with db.transaction() as transaction:
        yield transaction


def queries_about(store: Store) -> Iterator[Query]:
    """Ways of looking for one store: number, name, road, district, and some of them together."""
    yield Query(store.code)
    yield Query(store.name)
    yield Query(store.name[:2], store.chain)
    yield Query(store.town)
    yield Query(store.town, store.chain)
    yield Query(f"{store.county} {store.town}")
    yield Query(f"{store.chain.label} {store.town[:2]}")
    yield Query(store.address)
    if road := _ROAD.search(store.address):
        yield Query(road[0])
        yield Query(f"{store.town} {road[0]}")


async def test_nineteen_searches_of_twenty_end_within_50_ms(
    tx: Transaction, shared_data: Path
) -> None:
    stores, _ = read_stores(shared_data / _LIST)
    queries = [query for store in stores[::_EACH] for query in queries_about(store)]
    assert len(queries) > 400
    durations = []
    for query in queries:
        shortest = min([await _seconds(tx, query) for _ in range(2)])  # other work only adds
        durations.append(shortest)
    p95 = statistics.quantiles(durations, n=20)[-1]
    slowest = queries[durations.index(max(durations))]
    assert p95 < _MOST, f"p95 {p95:.3f} s, slowest {slowest}: {max(durations):.3f} s"


async def test_one_finds_what_one_looks_for(tx: Transaction, shared_data: Path) -> None:
    stores, _ = read_stores(shared_data / _LIST)
    for store in stores[::_EACH]:
        for text in (f"{store.code} {store.town}", f"{store.name} {store.code}", store.address):
            found = await search_stores(tx, text=text, chain=store.chain)
            assert store in found, text


async def test_searches_use_the_index(tx: Transaction) -> None:
    plan = await tx.execute(
        "EXPLAIN SELECT * FROM store WHERE letter_pairs(search) @> letter_pairs('板橋')"
    )
    assert "store_search" in str(await plan.fetchall())


async def test_the_open_stores_of_all_places_are_counted_in_no_time(tx: Transaction) -> None:
    begun = time.perf_counter()
    counted = await places(tx)
    assert time.perf_counter() - begun < _MOST
    assert sum(place.open for place in counted) == 11_176
    assert len({place.county for place in counted}) == 22
    of_one = await places(tx, chain=Chain.OK)
    assert 0 < sum(place.open for place in of_one) < 11_176


async def _seconds(tx: Transaction, query: Query) -> float:
    begun = time.perf_counter()
    await search_stores(tx, text=query.text, chain=query.chain)
    return time.perf_counter() - begun
