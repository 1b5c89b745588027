"""Stores: closed ones with open orders, what lists changed, and changing one by hand."""

from typing import Final

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_404_NOT_FOUND, HTTP_422_UNPROCESSABLE_ENTITY

from emask.rounds.model import COUNTIES, Chain, Change, Store
from emask.rounds.store_history import (
    ByHand,
    Place,
    changes_of_import,
    changes_of_store,
    close_store,
    closed_with_orders,
    move_store,
    not_reached,
    recent_imports,
    reopen_store,
)
from emask.rounds.stores import NoSuchStore, find_store, search_stores
from emask.web.operator import words
from emask.web.shell.forms import Form
from emask.web.shell.page import Page, SentForm, ThisPage

Answer = Response[str] | Redirect

_PATH: Final = "/operator/stores"
_ACTS: Final = (Change.CLOSED, Change.REOPENED, Change.MOVED)


@get(_PATH)
async def show_stores(page: ThisPage) -> Response[str]:
    """The work-list, the stores searched for, the last lists and what one of them changed."""
    async with page.system.db.transaction() as tx:
        lists = await recent_imports(tx)
        number = next((each.id for each in lists if str(each.id) == page.asked("list")), None)
        facts = {
            "waiting": await closed_with_orders(tx),
            "found": await search_stores(tx, text=page.asked("q")) if page.asked("q") else [],
            "imports": lists,
            "listed": number,
            "events": await changes_of_import(tx, number) if number is not None else [],
            "q": page.asked("q"),
            "words": words,
        }
    return page.show("operator/stores.html", facts)


@get(_PATH + "/{chain:str}/{code:str}")
async def show_store(page: ThisPage, chain: FromPath[str], code: FromPath[str]) -> Response[str]:
    """One store: who could not be told of its closing, what became of it, and what can be done."""
    return await _show(page, page.form(), chain, code)


@post(_PATH + "/{chain:str}/{code:str}", status_code=HTTP_200_OK)
async def change_store(
    page: ThisPage, form: SentForm, chain: FromPath[str], code: FromPath[str]
) -> Answer:
    """Close, reopen or move the store for a reason; it is noted in the audit log."""
    reason = form.require("reason", page.say("寫下原因"))
    if form.text("act") not in _ACTS:
        form.fail("act", page.say("選擇要做什麼"))
    if chain not in list(Chain) or not form.ok:
        return await _show(page, form, chain, code)
    by = ByHand(operator=page.staff.username, reason=reason)
    try:
        changed = await _change(page, form, Chain(chain), code, by)
    except NoSuchStore:
        return await _show(page, form, chain, code)
    except ValueError:
        form.fail("address", page.say("填入縣市、鄉鎮市區、地址與 3、5 或 6 碼郵遞區號"))
        return await _show(page, form, chain, code)
    return page.go(f"{_PATH}/{chain}/{code}?{'done' if changed else 'same'}=1")


async def _change(page: Page, form: Form, chain: Chain, code: str, by: ByHand) -> bool:
    db, clock = page.system.db, page.system.clock
    match form.text("act"):
        case Change.CLOSED:
            return await close_store(db, clock, chain=chain, code=code, by=by)
        case Change.REOPENED:
            return await reopen_store(db, clock, chain=chain, code=code, by=by)
        case _:
            to = Place(
                county=form.text("county"),
                town=form.text("town"),
                address=form.text("address"),
                zip_code=form.text("zip_code"),
            )
            return await move_store(db, clock, chain=chain, code=code, to=to, by=by)


async def _show(page: Page, form: Form, chain: str, code: str) -> Response[str]:
    async with page.system.db.transaction() as tx:
        store: Store | None = None
        if chain in list(Chain):
            store = await find_store(tx, chain=Chain(chain), code=code)
        if store is None:
            return page.show("shell/not_found.html", {}, status=HTTP_404_NOT_FOUND)
        untold = await not_reached(tx, chain=store.chain, code=code)
        events = await changes_of_store(tx, chain=store.chain, code=code)
    return page.show(
        "operator/one_store.html",
        {
            "form": form,
            "store": store,
            "untold": untold,
            "events": events,
            "counties": COUNTIES,
            "done": bool(page.asked("done")) and form.ok,
            "same": bool(page.asked("same")) and form.ok,
            "words": words,
        },
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


STAFF = [show_stores, show_store, change_store]
