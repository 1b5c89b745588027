"""Stores: import the chains' list, and find the one to collect at."""

from collections.abc import Sequence
from pathlib import Path

from emask.database.pool import Database, Transaction
from emask.rounds import store_queries
from emask.rounds.csv_file import half_width
from emask.rounds.model import Chain, ImportReport, Store
from emask.rounds.store_file import read_stores

_MOST_WORDS = 8


class NoSuchStore(LookupError):
    """There is no store of this chain and code."""


async def import_stores(db: Database, path: Path) -> ImportReport:
    """Bring the stores in line with a file, all of it or, if a line is at fault, nothing.

    Stores of the file's chains that it does not name are closed; other chains are left alone.
    Who was to collect at a store that closes is told to choose another.
    """
    stores, errors = read_stores(path)
    if errors:
        return ImportReport(errors=errors)
    async with db.transaction() as tx:
        await store_queries.bring_in(tx, stores)
        figures = await store_queries.merge_incoming(tx)
        await store_queries.tell_of_closed(tx)
        await store_queries.refresh_statistics(tx)
    return ImportReport(
        added=figures.added,
        changed=figures.changed,
        unchanged=figures.unchanged,
        closed=figures.closed,
    )


async def save_stores(tx: Transaction, stores: Sequence[Store]) -> None:
    """Add stores; those already there stay as they are."""
    await store_queries.bring_in(tx, stores)
    await store_queries.insert_incoming(tx)
    await store_queries.refresh_statistics(tx)


async def find_store(tx: Transaction, *, chain: Chain, code: str) -> Store | None:
    """The store of a chain and code, or None."""
    return await store_queries.by_code(tx, chain, code)


async def search_stores(
    tx: Transaction,
    *,
    text: str = "",
    chain: Chain | None = None,
    county: str | None = None,
    town: str | None = None,
    limit: int = 20,
) -> list[Store]:
    """Stores to choose from: open ones first, then by place; closed ones are told as such.

    Args:
        tx: the transaction.
        text: words that all stand in the store's number, name, place, address or chain; full or
            half width, 台 or 臺, 2段 or 二段 alike.
        chain: only this chain's.
        county: only those of this city or county.
        town: only those of this town.
        limit: how many at most.
    """
    return await store_queries.matching(
        tx,
        text.split()[:_MOST_WORDS],
        chain=chain,
        county=half_width(county) if county else None,
        town=half_width(town) if town else None,
        limit=limit,
    )


async def counties(tx: Transaction) -> list[str]:
    """Cities and counties that have stores, in the usual order of lists."""
    return await store_queries.counties(tx)


async def towns(tx: Transaction, county: str) -> list[str]:
    """The towns of a city or county that have stores."""
    return await store_queries.towns(tx, half_width(county))


async def set_store_open(
    tx: Transaction,
    *,
    chain: Chain,
    code: str,
    open: bool,  # noqa: A002 - the field's name
) -> None:
    """Open or close a store; who was to collect there is told. Raises NoSuchStore."""
    if not await store_queries.update_open(tx, chain, code, is_open=open):
        raise NoSuchStore(f"{chain.label} {code}")
    await store_queries.tell_of_closed(tx)


async def tell_of_closed_stores(tx: Transaction) -> int:
    """Tell whoever has an order at a store that closed before it was one; how many are new."""
    return await store_queries.tell_of_closed(tx)
