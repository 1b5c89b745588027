"""The stage on which scenarios play: a template database with shops, counters and policies."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from emask.counter.model import SiteKind
from emask.counter.service import receive_stock
from emask.counter.sites import save_sites
from emask.database.pool import Database
from emask.database.throwaway import ThrowawayDatabases
from emask.rounds.catalogue import built_in_policies
from emask.rounds.model import Chain, Store
from emask.rounds.service import save_policies
from emask.rounds.stores import save_stores
from emask.rules.calendar import Product
from emask.sandbox.network import made_up_sites, made_up_stores
from emask.sandbox.schema import install

_POLICY = replace(
    next(each for each in built_in_policies() if each.valid_from == date(2020, 3, 5)),
    valid_from=date.min,
)
"""What the Q&A says of counters (B9, B17), at all times until a scenario changes it."""
_STORES = made_up_stores(16)
_SITES = made_up_sites(10)
_STOCK = 100_000  # pieces of each product at each stocked site: more than any scenario buys


def _sites(which: int) -> Mapping[SiteKind, str]:
    of_kind = {kind: [site for site in _SITES if site.kind is kind] for kind in SiteKind}
    return MappingProxyType({kind: sites[which].site_code for kind, sites in of_kind.items()})


STOCKED_SITES = _sites(0)
"""The counters at which people of a scenario buy, by kind."""
EMPTY_SITES = _sites(1)
"""Counters that have nothing, by kind."""


def store_of(chain: Chain) -> Store:
    """The store at which the people of a scenario collect from a chain."""
    return next(store for store in _STORES if store.chain is chain)


def other_store_of(chain: Chain) -> Store:
    """A store of another chain."""
    return next(store for store in _STORES if store.chain is not chain)


@contextmanager
def stage() -> Iterator[ThrowawayDatabases]:
    """Throwaway databases, each a fresh copy of the prepared one."""
    with ThrowawayDatabases() as databases:
        asyncio.run(_prepare(databases.server.url()))
        yield databases


async def _prepare(url: str) -> None:
    async with Database(url, size=2) as db:
        await install(db)
        async with db.transaction() as tx:
            await save_policies(tx, [_POLICY])
            await save_stores(tx, _STORES)
            await save_sites(tx, _SITES)
            for site_code in STOCKED_SITES.values():
                for product in Product:
                    await receive_stock(tx, site_code=site_code, product=product, pieces=_STOCK)
