"""Choosing a store: a search that any browser can do, and a list to choose from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self
from urllib.parse import urlencode

from litestar import Response
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.database.pool import Transaction
from emask.rounds.model import Chain, PlaceCount, Store
from emask.rounds.stores import find_store, places, search_stores
from emask.web.citizen.draft import StoreKey
from emask.web.citizen.store_map import counties_on_map
from emask.web.shell.forms import Form
from emask.web.shell.page import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What was searched for, as the address carries it; empty texts search for everything."""

    q: str = ""
    chain: str = ""
    county: str = ""
    town: str = ""

    @classmethod
    def of(cls, page: Page) -> Self:
        """The search that the page's address asks for."""
        return cls(
            q=page.asked("q"),
            chain=page.asked("chain"),
            county=page.asked("county"),
            town=page.asked("town"),
        )

    def at(self, county: str, town: str = "") -> str:
        """The address of the stores of a place, of the same chain."""
        asked = {"chain": self.chain, "county": county, "town": town}
        return "?" + urlencode({name: value for name, value in asked.items() if value})

    @property
    def begun(self) -> bool:
        """Was anything asked for?"""
        return bool(self.q.strip() or self.chain or self.county)


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Why an orderer has to choose another store, and what happens to the pack then.

    `until` is the last instant to choose and pay, for an order that awaits its payment; `last_day`
    the last day on which a paid one is collected. `arrived`: the pack lies at the old store.
    """

    until: datetime | None
    last_day: date
    arrived: bool


async def show_stores(
    page: Page,
    form: Form,
    *,
    chosen: StoreKey | None,
    onward: str | None = None,
    again: Again | None = None,
) -> Response[str]:
    """The search form, what it found beside the map, and the store chosen before.

    Args:
        page: the page.
        form: what was sent, with its corrections.
        chosen: the store chosen before, or last time.
        onward: where to go with it, if it is open.
        again: why another one has to be chosen, and until when.
    """
    search = Search.of(page)
    chain = Chain(search.chain) if search.chain in list(Chain) else None
    async with page.system.db.transaction() as tx:
        counted = await places(tx, chain=chain)
        before = await find_store(tx, chain=chosen.chain, code=chosen.code) if chosen else None
        found = await _found(tx, search, counted, before)
    return page.show(
        "citizen/store.html",
        {
            "form": form,
            "search": search,
            "chains": list(Chain),
            "counties": counties_on_map(counted),
            "towns": [place for place in counted if place.county == search.county],
            "stores": found,
            "chosen": before,
            "onward": onward if before and before.open else None,
            "again": again,
        },
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


async def _found(
    tx: Transaction, search: Search, counted: Sequence[PlaceCount], before: Store | None
) -> list[Store]:
    """What was searched for; before that, the open stores in the town of one that closed."""
    if search.begun:
        known = {place.county for place in counted}
        towns = {place.town for place in counted if place.county == search.county}
        return await search_stores(
            tx,
            text=search.q,
            chain=Chain(search.chain) if search.chain in list(Chain) else None,
            county=search.county if search.county in known else None,
            town=search.town if search.town in towns else None,
        )
    if before is None or before.open:
        return []
    near = await search_stores(tx, county=before.county, town=before.town)
    return [store for store in near if store.open]


async def store_of(page: Page, form: Form) -> Store | None:
    """The store chosen; None and a correction if there is none, or it is closed."""
    chain, _, code = form.text("store").partition(":")
    if chain not in list(Chain):
        form.fail("store", page.say("選擇一家門市"))
        return None
    async with page.system.db.transaction() as tx:
        store = await find_store(tx, chain=Chain(chain), code=code)
    if store is None or not store.open:
        form.fail("store", page.say("這家門市目前沒有開放取貨，選擇另一家"))
        return None
    return store
