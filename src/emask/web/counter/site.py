"""The pharmacist's page of the site itself: its hours, closed days, note, and what came (B9)."""

from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.counter.opening import HALF_DAYS, holidays_of, opening_of, set_opening
from emask.counter.opening_queries import Opening
from emask.counter.sites import site_of
from emask.counter.supply import deliver, deliveries_of, supply_on
from emask.language import source
from emask.rules.calendar import Product, day_in_taipei
from emask.web.counter.holidays import close_as_sent, open_as_sent
from emask.web.shell.forms import Form
from emask.web.shell.page import Page, SentForm, ThisPage

Answer = Response[str] | Redirect

_PATH: Final = "/counter/site"
_MOST_PIECES: Final = 99_999
_HALVES: Final = (source("上午"), source("下午"), source("晚上"))
_DAYS: Final = (
    *(source("星期一"), source("星期二"), source("星期三"), source("星期四"), source("星期五")),
    *(source("星期六"), source("星期日")),
)
PRODUCTS: Final = {"adult_mask": source("成人口罩"), "child_mask": source("兒童口罩")}


@get(_PATH)
async def show_site(page: ThisPage) -> Response[str]:
    """What the site says of itself, and what came to it."""
    return await _show(page, page.form())


@post(_PATH + "/opening", status_code=HTTP_200_OK)
async def say_when_open(page: ThisPage, form: SentForm) -> Answer:
    """The hours, one box for each part of the week, and the note; the public feed shows both."""
    note = form.note("custom_note", page.say("用 200 個字以內說明"))
    if not form.ok:
        return await _show(page, form)
    letters = "".join("N" if form.ticked(f"open_{number}") else "Y" for number in range(21))
    async with page.system.db.transaction() as tx:
        await set_opening(
            tx,
            site_code=_site(page),
            opening=Opening(letters, note),
            by=page.staff.username,
            now=page.now,
        )
    return page.go(f"{_PATH}?saved=1")


@post(_PATH + "/holidays", status_code=HTTP_200_OK)
async def close_for_a_day(page: ThisPage, form: SentForm) -> Answer:
    """A day on which the site stays closed."""
    if not await close_as_sent(page, form, _site(page)):
        return await _show(page, form)
    return page.go(f"{_PATH}?saved=1")


@post(_PATH + "/holidays/remove", status_code=HTTP_200_OK)
async def open_on_that_day(page: ThisPage, form: SentForm) -> Answer:
    """Open on it after all."""
    if not await open_as_sent(page, form, _site(page)):
        return await _show(page, form)
    return page.go(f"{_PATH}?saved=1")


@post(_PATH + "/deliveries", status_code=HTTP_200_OK)
async def note_delivery(page: ThisPage, form: SentForm) -> Answer:
    """What came today; it becomes stock when the site begins to sell from it."""
    product = form.choose("product", Product, page.say("選擇成人口罩或兒童口罩"))
    pieces = form.number("pieces", _MOST_PIECES, page.say("輸入 1 到 99,999 的片數，例如 200"))
    if product is None or not form.ok:
        return await _show(page, form)
    async with page.system.db.transaction() as tx:
        await deliver(
            tx,
            site_code=_site(page),
            product=product,
            pieces=pieces,
            day=day_in_taipei(page.now),
            by=page.staff.username,
            at=page.now,
        )
    return page.go(f"{_PATH}?saved=1")


async def _show(page: Page, form: Form) -> Response[str]:
    today = day_in_taipei(page.now)
    async with page.system.db.transaction() as tx:
        facts = {
            "site": await site_of(tx, _site(page)),
            "opening": await opening_of(tx, _site(page)),
            "holidays": await holidays_of(tx, _site(page), since=today),
            "supply": await supply_on(tx, _site(page), today),
            "deliveries": await deliveries_of(tx, _site(page)),
        }
    return page.show(
        "counter/site.html",
        {
            **facts,
            "form": form,
            "halves": _HALVES,
            "hours": HALF_DAYS,
            "days": _DAYS,
            "products": PRODUCTS,
            "saved": bool(page.asked("saved")) and form.ok,
        },
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


def _site(page: Page) -> str:
    """The pharmacist's own site; the role cannot be had without one."""
    return page.staff.site_code or ""


STAFF = [show_site, say_when_open, close_for_a_day, open_on_that_day, note_delivery]
