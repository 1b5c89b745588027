"""Choosing a store: a search that any browser can do, and a list to choose from."""

from dataclasses import dataclass
from typing import Self

from litestar import Response
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.rounds.model import Chain, Store
from emask.rounds.stores import counties, find_store, search_stores, towns
from emask.web.citizen.draft import StoreKey
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

    @property
    def begun(self) -> bool:
        """Was anything asked for?"""
        return bool(self.q.strip() or self.chain or self.county)


async def show_stores(
    page: Page, form: Form, *, chosen: StoreKey | None, onward: str | None = None
) -> Response[str]:
    """The search form, what it found, and the store chosen before, to go `onward` with."""
    search = Search.of(page)
    async with page.system.db.transaction() as tx:
        places = await counties(tx)
        districts = await towns(tx, search.county) if search.county in places else []
        found = await search_stores(
            tx,
            text=search.q,
            chain=Chain(search.chain) if search.chain in list(Chain) else None,
            county=search.county if search.county in places else None,
            town=search.town if search.town in districts else None,
        )
        before = await find_store(tx, chain=chosen.chain, code=chosen.code) if chosen else None
    return page.show(
        "citizen/store.html",
        {
            "form": form,
            "search": search,
            "chains": list(Chain),
            "counties": places,
            "towns": districts,
            "stores": found if search.begun else [],
            "chosen": before,
            "onward": onward if before and before.open else None,
        },
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


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
