"""Stores: bring in the chains' list, and find the one to collect at."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from emask.database.pool import Database, Transaction
from emask.rounds import store_history_queries, store_queries
from emask.rounds.csv_file import half_width
from emask.rounds.list_queries import Directory, keep_list
from emask.rounds.model import (
    Chain,
    Change,
    Closings,
    Difference,
    ImportReport,
    PlaceCount,
    Store,
)
from emask.rounds.store_file import digest_of, read_stores

_MOST_WORDS = 8


class NoSuchStore(LookupError):
    """There is no store of this chain and code."""


class ImplausibleClosings(ValueError):
    """A list would close more of a chain's stores than a week does; nothing was changed.

    Attributes:
        closings: what it would close, chain by chain.
    """

    def __init__(self, closings: Sequence[Closings]) -> None:
        self.closings = tuple(closings)
        super().__init__(f"the list would close {self.total} stores")

    @property
    def total(self) -> int:
        """How many stores it would close: the number that confirms it."""
        return sum(each.closing for each in self.closings)


async def import_stores(
    db: Database, path: Path, *, by: str = "emask", confirmed: int | None = None
) -> ImportReport:
    """Bring the stores in line with a file, all of it or, if a line is at fault, nothing.

    Stores of the file's chains that it does not name are closed; other chains are left alone.
    Who was to collect at a store that closes is told to choose another, at one that moves that it
    has moved. The import is kept with its differences, even if there are none.

    Args:
        db: the database.
        path: the file.
        by: who brings it.
        confirmed: how many stores it may close, where that is more than a week does.

    Raises:
        ImplausibleClosings: it would close more than is plausible, or than was confirmed.
    """
    stores, errors = read_stores(path)
    if errors:
        return ImportReport(errors=errors)
    async with db.transaction() as tx:
        await store_history_queries.hold_imports(tx)
        report = await _compare(tx, stores)
        _check_closings(await store_history_queries.closings_of_difference(tx), confirmed)
        number = await keep_list(tx, Directory.STORES, report, actor=by, digest=digest_of(path))
        await store_history_queries.apply_difference(tx, import_id=number)
        await store_queries.tell_of_closed(tx)
        await store_queries.tell_of_moved(tx, import_id=number)
        await store_queries.refresh_statistics(tx)
    return report


async def compare_stores(
    db: Database, path: Path
) -> tuple[ImportReport, list[Difference], list[Closings]]:
    """What :func:`import_stores` would do, in all, by store and by chain; nothing is changed."""
    stores, errors = read_stores(path)
    if errors:
        return ImportReport(errors=errors), [], []
    async with db.transaction() as tx:
        report = await _compare(tx, stores)
        found = await store_history_queries.differences(tx)
        return report, found, await store_history_queries.closings_of_difference(tx)


async def _compare(tx: Transaction, stores: Sequence[Store]) -> ImportReport:
    await store_queries.bring_in(tx, stores)
    await store_history_queries.compare_incoming(tx)
    return await store_history_queries.report_of_difference(tx)


def _check_closings(closings: Sequence[Closings], confirmed: int | None) -> None:
    refused = ImplausibleClosings([each for each in closings if each.closing])
    if not all(each.plausible for each in closings) and refused.total != confirmed:
        raise refused


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
    name = half_width(county)
    return [place.town for place in await places(tx) if place.county == name]


async def places(tx: Transaction, *, chain: Chain | None = None) -> list[PlaceCount]:
    """Every town that has stores, with the number of open ones, of one chain or all."""
    return await store_queries.places(tx, chain)


async def set_store_open(
    tx: Transaction,
    *,
    chain: Chain,
    code: str,
    open: bool,  # noqa: A002 - the field's name
) -> None:
    """Open or close a store; who was to collect there is told. Raises NoSuchStore."""
    store = await find_store(tx, chain=chain, code=code)
    if store is None:
        raise NoSuchStore(f"{chain.label} {code}")
    wanted = replace(store, open=open)
    kind = Change.REOPENED if open else Change.CLOSED
    await store_history_queries.change_by_hand(tx, wanted, kind=kind, actor="emask", reason="")
    await store_queries.tell_of_closed(tx)


async def tell_of_closed_stores(tx: Transaction) -> int:
    """Tell whoever has an order at a store that closed before it was one; how many are new."""
    return await store_queries.tell_of_closed(tx)
