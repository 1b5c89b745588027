"""Yes or no, sell, next: one screen without a menu (B7, B9, B17, B18)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.counter.model import Answer, Sale, TooLateToUndo, UnknownSale
from emask.counter.service import (
    UNDO_WITHIN,
    check,
    receive_stock,
    sales_today,
    sell,
    stock_of,
    undo_sale,
)
from emask.counter.sites import site_of
from emask.rounds.service import policy_on
from emask.rules.calendar import Product, day_in_taipei
from emask.rules.people import normalise_id
from emask.rules.refusals import Refusal
from emask.web.shell.forms import Form
from emask.web.shell.page import Page, SentForm, ThisPage

_MOST_PIECES: Final = 99_999


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    """A card on the counter: what was asked, and the answer."""

    id_number: str
    product: Product
    sale_id: UUID
    answer: Answer


@get("/counter")
async def show_counter(page: ThisPage) -> Response[str]:
    """Ready for the next card."""
    return await _screen(page, page.form())


@post("/counter", status_code=HTTP_200_OK)
async def check_card(page: ThisPage, form: SentForm) -> Response[str]:
    """May this card buy? The answer stays on the screen until the next card."""
    id_number = form.read("id_number", normalise_id)
    product = form.choose("product", Product, page.say("選擇成人口罩或兒童口罩"))
    if id_number is None or product is None:
        return await _screen(page, form)
    answer = await check(
        page.system.db,
        page.system.clock,
        page.system.vault,
        site_code=_site(page),
        id_number=id_number,
        product=product,
    )
    visit = _Visit(id_number=id_number, product=product, sale_id=uuid4(), answer=answer)
    return await _screen(page, form, visit=visit)


@post("/counter/sales", status_code=HTTP_200_OK)
async def sell_to_card(page: ThisPage, form: SentForm) -> Response[str] | Redirect:
    """Sell, once however often the button is pressed; ready for the next card."""
    id_number = form.read("id_number", normalise_id)
    product = form.choose("product", Product, page.say("選擇成人口罩或兒童口罩"))
    sale_id = _uuid(form.text("sale_id"))
    if id_number is None or product is None or sale_id is None:
        return await _screen(page, form)
    try:
        await sell(
            page.system.db,
            page.system.clock,
            page.system.vault,
            site_code=_site(page),
            id_number=id_number,
            product=product,
            sold_by=page.staff.username,
            by_proxy=form.ticked("by_proxy"),
            visit_id=_uuid(form.text("visit")),
            sale_id=sale_id,
        )
    except Refusal as refusal:  # another counter was quicker, or the stock ran out
        answer = Answer(pieces=0, refusal=refusal, masked_name=None, birth_year=None)
        visit = _Visit(id_number=id_number, product=product, sale_id=uuid4(), answer=answer)
        return await _screen(page, form, visit=visit)
    return page.go(f"/counter?sold=1&visit={_uuid(form.text('visit')) or ''}")


@post("/counter/undo", status_code=HTTP_200_OK)
async def undo_last_sale(page: ThisPage, form: SentForm) -> Response[str] | Redirect:
    """Undo the sale that the form showed, within five minutes and with a reason."""
    form.require("reason", page.say("寫下撤銷的原因"))
    reason = form.note("reason", page.say("用 200 個字以內寫下原因"))
    sale = await _sale(page, form.text("undo"))
    if not form.ok:
        return await _screen(page, form)
    if sale is None:
        return page.go("/counter")
    try:
        await undo_sale(
            page.system.db,
            page.system.clock,
            person_id=sale.person_id,
            sale_id=sale.sale_id,
            reason=reason,
            by=page.staff.username,
        )
    except (TooLateToUndo, UnknownSale):
        form.fail("reason", page.say("已超過五分鐘，不能撤銷"))
        return await _screen(page, form)
    return page.go("/counter?undone=1")


@post("/counter/stock", status_code=HTTP_200_OK)
async def enter_stock(page: ThisPage, form: SentForm) -> Response[str] | Redirect:
    """Stock from which selling begins now."""
    product = form.choose("stock_product", Product, page.say("選擇成人口罩或兒童口罩"))
    pieces = form.number("pieces", _MOST_PIECES, page.say("輸入 1 到 99,999 的片數，例如 200"))
    if product is None or not form.ok:
        return await _screen(page, form)
    async with page.system.db.transaction() as tx:
        await receive_stock(tx, site_code=_site(page), product=product, pieces=pieces)
    return page.go("/counter")


async def _screen(page: Page, form: Form, *, visit: _Visit | None = None) -> Response[str]:
    async with page.system.db.transaction() as tx:
        site = await site_of(tx, _site(page))
        stock = await stock_of(tx, _site(page))
        policy = await policy_on(tx, day_in_taipei(page.now))
    query = page.connection.query_params
    sold = query.get("sold") == "1" and form.ok and visit is None
    # the next card is another visitor's, unless somebody says that it is the same one's
    going_on = None if sold else _uuid(form.text("visit") or page.asked("visit"))
    return page.show(
        "counter/counter.html",
        {
            "form": form,
            "site": site,
            "stock": stock,
            "visit": visit,
            "last_sale": await _last_sale(page),
            "policy": policy,
            "visit_id": going_on or uuid4(),
            "visit_before": _uuid(page.asked("visit")) if sold else None,
            "sold": sold,
            "undone": query.get("undone") == "1" and form.ok and visit is None,
        },
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


async def _last_sale(page: Page) -> Sale | None:
    """The site's last sale, while it can be undone."""
    sales = await _sales_today(page)
    return next((sale for sale in sales if _can_be_undone(sale, page.now)), None)


async def _sale(page: Page, number: str) -> Sale | None:
    """The sale of today that a form of this site showed; another counter may have sold since."""
    return next((sale for sale in await _sales_today(page) if str(sale.sale_id) == number), None)


async def _sales_today(page: Page) -> list[Sale]:
    today = day_in_taipei(page.now)
    async with page.system.db.transaction() as tx:
        return await sales_today(tx, site_code=_site(page), today=today)


def _can_be_undone(sale: Sale, now: datetime) -> bool:
    return sale.undone_at is None and now - sale.sold_at <= UNDO_WITHIN


def _uuid(text: str) -> UUID | None:
    """A number of a sale or a visit that a page of ours holds; None if it is none of ours."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _site(page: Page) -> str:
    """The pharmacist's own site; the role cannot be had without one."""
    return page.staff.site_code or ""


STAFF = [show_counter, check_card, sell_to_card, undo_last_sale, enter_stock]
