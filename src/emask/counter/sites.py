"""Pharmacies and health centres: import the published list, and look one up."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from emask.counter import site_history_queries, site_queries
from emask.counter.model import Location, Site
from emask.counter.site_file import SiteFile, read_sites
from emask.counter.site_history_queries import SiteDifference
from emask.counter.site_queries import Found
from emask.database.pool import Database, Transaction
from emask.rounds.list_queries import Directory, ListImport, keep_list, lists_kept
from emask.rounds.model import ImportReport, plausible_to_close
from emask.rounds.store_file import digest_of

_NOWHERE: Final[Mapping[str, Location]] = MappingProxyType({})
_IMPORTS: Final = 10
_CHANGES: Final = 500
_FOUND: Final = 50


class ImplausiblyManyVanish(ValueError):
    """A list lacks more of the sites that take part than leave in a week; nothing was changed.

    Attributes:
        vanishing: how many it lacks: the number that confirms it.
        active: how many take part.
    """

    def __init__(self, vanishing: int, active: int) -> None:
        self.vanishing = vanishing
        self.active = active
        super().__init__(f"{vanishing} of {active} sites would vanish")


async def import_sites(
    db: Database,
    path: Path,
    *,
    locations: Mapping[str, Location] = _NOWHERE,
    by: str = "emask",
    confirmed: int | None = None,
) -> ImportReport:
    """Bring sites and their stock in line with a file, all of it or, at a fault, nothing.

    Sites that the file does not name take part no longer, until one names them again. A site
    counts as changed when its entry, its location or its stock is another. Stock counts only if
    the file tells its time and the site's did not change later. What a site enters itself, its
    hours and its note, stays. The import is kept with its differences, even if there are none.

    Args:
        db: the database.
        path: the file.
        locations: where sites are, by code; who has none here keeps the one that is known.
        by: who brings it.
        confirmed: how many sites may vanish, where that is more than a week has.

    Raises:
        ImplausiblyManyVanish: more would than is plausible, or than was confirmed.
    """
    file = read_sites(path)
    if file.errors:
        return ImportReport(errors=file.errors)
    async with db.transaction() as tx:
        await site_history_queries.hold_imports(tx)
        report = await _compare(tx, file, locations)
        vanishing, active = await site_history_queries.vanishing(tx)
        if not plausible_to_close(vanishing, of=active) and vanishing != confirmed:
            raise ImplausiblyManyVanish(vanishing, active)
        number = await keep_list(
            tx, Directory.COUNTER_SITES, report, actor=by, digest=digest_of(path)
        )
        await site_history_queries.apply_difference(tx, import_id=number)
    return report


async def compare_sites(
    db: Database, path: Path, *, locations: Mapping[str, Location] = _NOWHERE
) -> tuple[ImportReport, list[SiteDifference]]:
    """What :func:`import_sites` would do, in all and site by site; nothing is changed."""
    file = read_sites(path)
    if file.errors:
        return ImportReport(errors=file.errors), []
    async with db.transaction() as tx:
        report = await _compare(tx, file, locations)
        return report, await site_history_queries.differences(tx)


async def _compare(
    tx: Transaction, file: SiteFile, locations: Mapping[str, Location]
) -> ImportReport:
    await site_history_queries.bring_in(tx, file.entries, locations)
    await site_history_queries.compare_incoming(tx)
    report = await site_history_queries.report_of_difference(tx)
    return replace(report, warnings=file.warnings)


async def recent_imports(tx: Transaction) -> list[ListImport]:
    """The last lists that came in, the latest first."""
    return await lists_kept(tx, Directory.COUNTER_SITES, limit=_IMPORTS)


async def changes_of_import(tx: Transaction, import_id: int) -> list[SiteDifference]:
    """What a list changed, sites that vanished first; not more than a page shows."""
    return await site_history_queries.changes_of_import(tx, import_id, limit=_CHANGES)


async def save_sites(tx: Transaction, sites: Sequence[Site]) -> None:
    """Add sites, or bring them up to date."""
    await site_queries.write_sites(tx, sites)


async def site_of(tx: Transaction, site_code: str) -> Site | None:
    """The site of a code, whether or not it still takes part; or None."""
    found = await site_queries.site(tx, site_code)
    return found.site if found else None


async def found_site(tx: Transaction, site_code: str) -> Found | None:
    """The same, with whether it takes part."""
    return await site_queries.site(tx, site_code)


async def find_sites(tx: Transaction, text: str) -> list[Found]:
    """Sites in whose code, name, address or phone number a text stands, in any width."""
    return await site_queries.matching(tx, text.strip(), limit=_FOUND)
