"""The made-up network: the same every time, spread over chains and country."""

from collections import Counter

from emask.database.pool import Database
from emask.rounds.model import COUNTIES, Chain
from emask.rounds.stores import save_stores, search_stores
from emask.sandbox.network import made_up_sites, made_up_stores


def test_the_same_stores_every_time() -> None:
    assert made_up_stores(40) == made_up_stores(80)[:40]


def test_four_stores_have_all_chains() -> None:
    assert {store.chain for store in made_up_stores(4)} == set(Chain)


def test_stores_are_many_and_spread_as_the_real_ones() -> None:
    stores = made_up_stores(11_000)
    assert len({(store.chain, store.code) for store in stores}) == 11_000
    assert len({store.address for store in stores}) == 11_000
    assert {store.county for store in stores} == set(COUNTIES)
    chains = Counter(store.chain for store in stores)
    assert [chain for chain, _ in chains.most_common()] == [Chain.SE, Chain.FM, Chain.HL, Chain.OK]


def test_counters_are_pharmacies_and_health_centres() -> None:
    sites = made_up_sites(100)
    assert len({site.site_code for site in sites}) == 100
    assert Counter(site.kind for site in sites) == {"pharmacy": 80, "health_centre": 20}
    assert all(("衛生所" in site.name) == (site.kind == "health_centre") for site in sites)


async def test_the_stores_can_be_searched(db: Database) -> None:
    async with db.transaction() as tx:
        await save_stores(tx, made_up_stores(100))
        assert await search_stores(tx, text="板橋", chain=Chain.FM)
