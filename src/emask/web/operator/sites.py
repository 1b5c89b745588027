"""Pharmacies and health centres: who is silent, what lists changed, supply and closed days."""

from typing import Final

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_404_NOT_FOUND, HTTP_422_UNPROCESSABLE_ENTITY

from emask.counter.opening import holidays_of, silent_sites
from emask.counter.service import stock_of
from emask.counter.sites import changes_of_import, find_sites, found_site, recent_imports
from emask.counter.supply import counts_of, deliveries_of, set_supply, supplies_of
from emask.language import source
from emask.rounds.model import Change
from emask.rules.calendar import Product, day_in_taipei
from emask.web.counter.holidays import close_as_sent, open_as_sent
from emask.web.shell.forms import Form
from emask.web.shell.page import Page, SentForm, ThisPage

Answer = Response[str] | Redirect

_PATH: Final = "/operator/sites"
_MOST_PIECES: Final = 99_999
_CHANGES: Final = {
    Change.ADDED: source("新增"),
    Change.CHANGED: source("變更"),
    Change.MOVED: source("搬遷"),
    Change.CLOSED: source("不再參與"),
    Change.REOPENED: source("恢復參與"),
}
_PRODUCTS: Final = {"adult_mask": source("成人口罩"), "child_mask": source("兒童口罩")}


@get(_PATH)
async def show_sites(page: ThisPage) -> Response[str]:
    """Silent sites, those searched for, the last lists and what one changed, closed days."""
    return await _show_all(page, page.form())


@post(_PATH + "/holidays", status_code=HTTP_200_OK)
async def close_everywhere(page: ThisPage, form: SentForm) -> Answer:
    """A day on which every site is closed."""
    if not await close_as_sent(page, form, None):
        return await _show_all(page, form)
    return page.go(f"{_PATH}?saved=1")


@post(_PATH + "/holidays/remove", status_code=HTTP_200_OK)
async def open_everywhere(page: ThisPage, form: SentForm) -> Answer:
    """Open on it after all."""
    if not await open_as_sent(page, form, None):
        return await _show_all(page, form)
    return page.go(f"{_PATH}?saved=1")


@get(_PATH + "/{code:str}")
async def show_site(page: ThisPage, code: FromPath[str]) -> Response[str]:
    """One site: stock, supply, what came, and what was counted."""
    return await _show_one(page, page.form(), code)


@post(_PATH + "/{code:str}", status_code=HTTP_200_OK)
async def supply_site(page: ThisPage, form: SentForm, code: FromPath[str]) -> Answer:
    """How many pieces the site is sent each day, from a day on."""
    product = form.choose("product", Product, page.say("選擇成人口罩或兒童口罩"))
    pieces = 0
    if form.text("pieces") not in ("0", "０"):  # sent none any more
        pieces = form.number("pieces", _MOST_PIECES, page.say("輸入 0 到 99,999 的片數，例如 200"))
    day = form.day("valid_from", page.say("輸入日期，例如 2020-03-16"))
    if product is None or day is None or not form.ok:
        return await _show_one(page, form, code)
    async with page.system.db.transaction() as tx:
        if await found_site(tx, code) is None:
            return page.show("shell/not_found.html", {}, status=HTTP_404_NOT_FOUND)
        await set_supply(
            tx,
            site_code=code,
            product=product,
            valid_from=day,
            pieces=pieces,
            by=page.staff.username,
            at=page.now,
        )
    return page.go(f"{_PATH}/{code}?saved=1")


async def _show_all(page: Page, form: Form) -> Response[str]:
    query = page.asked("q")
    async with page.system.db.transaction() as tx:
        silent, first = await silent_sites(tx, page.now)
        lists = await recent_imports(tx)
        number = next((each.id for each in lists if str(each.id) == page.asked("list")), None)
        facts = {
            "silent": silent,
            "first": first,
            "found": await find_sites(tx, query) if query else [],
            "imports": lists,
            "listed": number,
            "changes": await changes_of_import(tx, number) if number is not None else [],
            "holidays": await holidays_of(tx, None, since=day_in_taipei(page.now)),
        }
    return page.show(
        "operator/sites.html",
        {**facts, "form": form, "q": query, "kinds": _CHANGES, "saved": _saved(page, form)},
        status=_status(form),
    )


async def _show_one(page: Page, form: Form, code: str) -> Response[str]:
    async with page.system.db.transaction() as tx:
        found = await found_site(tx, code)
        if found is None:
            return page.show("shell/not_found.html", {}, status=HTTP_404_NOT_FOUND)
        facts = {
            "found": found,
            "stock": await stock_of(tx, code),
            "supplies": await supplies_of(tx, code),
            "deliveries": await deliveries_of(tx, code),
            "counts": await counts_of(tx, code),
        }
    return page.show(
        "operator/one_site.html",
        {**facts, "form": form, "products": _PRODUCTS, "saved": _saved(page, form)},
        status=_status(form),
    )


def _saved(page: Page, form: Form) -> bool:
    return bool(page.asked("saved")) and form.ok


def _status(form: Form) -> int:
    return HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY


STAFF = [show_sites, close_everywhere, open_everywhere, show_site, supply_site]
