"""Yes or no, sell, next: one screen without a menu (B7, B9, B17, B18).

Every step is a form that works by itself; a script sends the same forms and is answered with the
screen as data (:mod:`emask.web.counter.screen`).
"""

from typing import Final
from uuid import uuid4

from litestar import get, post
from litestar.status_codes import HTTP_200_OK

from emask.counter.clients_undo import undo_at_site
from emask.counter.model import Paper, TooLateToUndo, UnknownSale
from emask.counter.offers import offers_to
from emask.counter.service import receive_stock, sell
from emask.counter.supply import count_stock
from emask.identity.cards import card_of_reading, read_card
from emask.language import source
from emask.rules.calendar import Product
from emask.rules.entries import compact
from emask.rules.people import normalise_id
from emask.rules.refusals import Refusal
from emask.web.counter.screen import (
    Shown,
    finish,
    offered,
    refused,
    show,
    site_code,
)
from emask.web.shell.forms import Form, number_of_ours
from emask.web.shell.page import Page, SentForm, ThisPage

_MOST_PIECES: Final = 99_999
_COUNT: Final = source("輸入 0 到 99,999 的片數，例如 12")


@get("/counter")
async def show_counter(page: ThisPage) -> Shown:
    """Ready for the next card."""
    return await show(page, page.form(), done=page.asked("done"))


@post("/counter", status_code=HTTP_200_OK)
async def check_card(page: ThisPage, form: SentForm) -> Shown:
    """May this card buy? The answer stays on the screen until the next card."""
    paper = _paper(page, form)
    try:
        id_number = await _number(page, form)
        if id_number is None or paper is None:
            return await show(page, form)
        offers = await offers_to(
            page.system.db,
            page.system.clock,
            page.system.vault,
            site_code=site_code(page),
            id_number=id_number,
            paper=paper,
        )
    except Refusal as refusal:  # of the card itself
        return await show(page, form, told=refused(page, refusal))
    return await show(page, form, told=offered(page, offers))


@post("/counter/sales", status_code=HTTP_200_OK)
async def sell_to_card(page: ThisPage, form: SentForm) -> Shown:
    """Sell, once however often the button is pressed; ready for the next card."""
    id_number = form.read("id_number", normalise_id)
    product = form.choose("product", Product, page.say("選擇成人口罩或兒童口罩"))
    paper = _paper(page, form)
    sale_id = number_of_ours(form.text("sale_id"))
    if id_number is None or product is None or paper is None or sale_id is None:
        return await show(page, form)
    try:
        await sell(
            page.system.db,
            page.system.clock,
            page.system.vault,
            site_code=site_code(page),
            id_number=id_number,
            product=product,
            sold_by=page.staff.username,
            by_proxy=form.ticked("by_proxy"),
            visit_id=number_of_ours(form.text("visit")),
            paper=paper,
            sale_id=sale_id,
        )
    except Refusal as refusal:  # another counter was quicker, or the stock ran out
        return await show(page, form, told=refused(page, refusal))
    return await finish(page, form, "sold")


@post("/counter/undo", status_code=HTTP_200_OK)
async def undo_last_sale(page: ThisPage, form: SentForm) -> Shown:
    """Undo the sale that the form showed, within five minutes and with a reason."""
    form.require("reason", page.say("寫下撤銷的原因"))
    reason = form.note("reason", page.say("用 200 個字以內寫下原因"))
    if not form.ok:
        return await show(page, form)
    try:
        await undo_at_site(
            page.system.db,
            page.system.clock,
            site_code=site_code(page),
            sale_id=number_of_ours(form.text("undo")) or uuid4(),
            reason=reason,
            by=page.staff.username,
        )
    except (TooLateToUndo, UnknownSale):
        form.fail("reason", page.say("已超過五分鐘，不能撤銷"))
        return await show(page, form)
    return await finish(page, form, "undone")


@post("/counter/stock", status_code=HTTP_200_OK)
async def enter_stock(page: ThisPage, form: SentForm) -> Shown:
    """Stock from which selling begins now."""
    product = form.choose("stock_product", Product, page.say("選擇成人口罩或兒童口罩"))
    pieces = form.number("pieces", _MOST_PIECES, page.say("輸入 1 到 99,999 的片數，例如 200"))
    if product is None or not form.ok:
        return await show(page, form)
    async with page.system.db.transaction() as tx:
        await receive_stock(tx, site_code=site_code(page), product=product, pieces=pieces)
    return await finish(page, form, "stocked")


@post("/counter/count", status_code=HTTP_200_OK)
async def enter_count(page: ThisPage, form: SentForm) -> Shown:
    """What is on the shelf at the end of the day, by product; what is left empty is not counted."""
    counted = {
        product: _pieces(page, form, f"count_{product}")
        for product in Product
        if form.text(f"count_{product}")
    }
    if not counted:
        form.fail(f"count_{Product.ADULT_MASK}", page.say(_COUNT))
    if not form.ok:
        return await show(page, form)
    async with page.system.db.transaction() as tx:
        for product, pieces in counted.items():
            await count_stock(
                tx,
                site_code=site_code(page),
                product=product,
                counted=pieces,
                by=page.staff.username,
                at=page.now,
            )
    return await finish(page, form, "counted")


async def _number(page: Page, form: Form) -> str | None:
    """Whose card it is: of the reading that an agent made, or keyed in.

    Raises:
        Refusal: what was read is no good, or not the card that the registry has.
    """
    evidence = form.text("evidence")
    if not evidence:
        return form.read("id_number", normalise_id)
    reading = read_card(page.system.identity, evidence, at=page.now)
    async with page.system.db.connection() as tx:
        await card_of_reading(tx, page.system.vault, reading)
    return reading.data.id_number


def _paper(page: Page, form: Form) -> Paper | None:
    """What was shown; the card, where nothing else is said."""
    if not form.text("paper"):
        return Paper.NHI_CARD
    return form.choose("paper", Paper, page.say("選擇出示的證件"))


def _pieces(page: Page, form: Form, field: str) -> int:
    """A count, which may be none; 0 and a correction for anything else."""
    if compact(form.text(field)) == "0":
        return 0
    return form.number(field, _MOST_PIECES, page.say(_COUNT))


STAFF = [show_counter, check_card, sell_to_card, undo_last_sale, enter_stock, enter_count]
