"""Pharmacies and health centres: import the published list, and look one up."""

from collections.abc import Sequence
from pathlib import Path

from emask.counter import site_queries as queries
from emask.counter.model import Site
from emask.counter.site_file import read_sites
from emask.database.pool import Database, Transaction
from emask.rounds.model import ImportReport


async def import_sites(db: Database, path: Path) -> ImportReport:
    """Bring sites and their stock in line with a file, all of it or, at a fault, nothing.

    Sites that the file does not name stay as they are. A site counts as changed when its entry
    or its stock is another.
    """
    file = read_sites(path)
    if file.errors:
        return ImportReport(errors=file.errors)
    async with db.transaction() as tx:
        entries = await queries.write_sites(tx, file.sites)
        stock = await queries.write_stock(tx, file.stocks)
    changed = (entries.changed | stock.changed | stock.added) - entries.added
    return ImportReport(
        added=len(entries.added),
        changed=len(changed),
        unchanged=len(file.sites) - len(entries.added) - len(changed),
    )


async def save_sites(tx: Transaction, sites: Sequence[Site]) -> None:
    """Add sites, or bring them up to date."""
    await queries.write_sites(tx, sites)


async def site_of(tx: Transaction, site_code: str) -> Site | None:
    """The site of a code, or None."""
    return await queries.site(tx, site_code)
