"""What the counter's screen shows, as data: a page is made of it, a script shows it in place."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
from litestar import MediaType, Response
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.counter.model import Answer, Paper, Sale
from emask.counter.offers import Offer, acted_for
from emask.counter.service import UNDO_WITHIN, stock_of, undoable_sale
from emask.counter.sites import site_of
from emask.database.pool import Transaction
from emask.identity.site_tokens import Purpose
from emask.language import source
from emask.rounds.service import policy_on
from emask.rules.calendar import Product, day_in_taipei
from emask.rules.people import InvalidEntry
from emask.rules.refusals import (
    CardMalformed,
    ChildNotEligible,
    EvidenceAltered,
    EvidenceExpired,
    EvidenceForeignOrigin,
    EvidenceReplayed,
    ProductNotForAdult,
    Refusal,
    WrongDayOddEven,
)
from emask.web.shell.forms import Form, number_of_ours
from emask.web.shell.page import Page

Shown = Response[Any] | Redirect

DONE: Final = {
    "sold": source("已售出。放下一張卡。"),
    "undone": source("已撤銷，庫存與可購買日都已還原。"),
    "counted": source("已記下盤點的片數。"),
    "stocked": source("已加入庫存。"),
}
"""What a screen may say of what was just done, by what its address says."""
PRODUCTS: Final = {
    Product.ADULT_MASK: source("成人口罩"),
    Product.CHILD_MASK: source("兒童口罩"),
}
PAPERS: Final = {
    Paper.NHI_CARD: source("健保卡"),
    Paper.NATIONAL_ID: source("身分證"),
    Paper.RESIDENCE_PERMIT: source("居留證"),
    Paper.PASSPORT: source("護照"),
    Paper.ENTRY_PERMIT: source("入出境許可證"),
    Paper.HOUSEHOLD_DOCUMENT: source("戶口名簿或戶籍謄本"),
}
SIGNS: Final = {"yes": "✓", "no": "✗", "unknown": "？"}
_NOT_ABOUT_THE_PERSON: Final = (
    CardMalformed,
    EvidenceAltered,
    EvidenceExpired,
    EvidenceForeignOrigin,
    EvidenceReplayed,
)


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that may be bought: 成人口罩, 3, 成人口罩 3 片."""

    product: Product
    pieces: int
    words: str


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One of the three answers: `kind` is yes, no or unknown; the rest is text as it is shown.

    `sale_id` is the number under which a sale is made, once however often it is sent.
    """

    kind: str
    word: str
    lines: Sequence[str]
    next_step: str = ""
    person: str = ""
    choices: Sequence[Choice] = ()
    sale_id: UUID


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of a product."""

    product: Product
    name: str
    pieces: int


class Undoable(msgspec.Struct, frozen=True, kw_only=True):
    """The last sale, while it can be undone: for so many seconds more."""

    sale_id: UUID
    sold_at: datetime
    words: str
    seconds: int


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """Whose visit it is: one that goes on, or one that the next card may go on with."""

    visit_id: UUID | None
    going_on: bool
    words: str


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `read` and `watch` are tokens for the card agent on this computer."""

    told: Told | None
    notice: str
    errors: dict[str, str]
    stock: Sequence[Shelf]
    undo: Undoable | None
    visit: Visit
    read: str
    watch: str


def offered(page: Page, offers: Sequence[Offer]) -> Told:
    """✓ with all that may be bought, or ✗ with the rule, the fact and the next date."""
    answer = offers[0].answer
    if answer.refusal:
        return refused(page, answer.refusal, answer)
    choices = [_choice(page, offer) for offer in offers]
    if len(choices) == 1:
        word = page.say("可購買 {pieces} 片").format(pieces=choices[0].pieces)
        lines = [page.say(PRODUCTS[choices[0].product])]
    else:
        word = page.say("可購買，選一種")
        lines = [choice.words for choice in choices]
    return Told(
        kind="yes",
        word=word,
        lines=lines,
        person=_person(page, answer),
        choices=choices,
        sale_id=uuid4(),
    )


def refused(page: Page, refusal: Refusal, answer: Answer | None = None) -> Told:
    """✗, or ？ where what was read says nothing of the person."""
    unknown = isinstance(refusal, _NOT_ABOUT_THE_PERSON)
    return Told(
        kind="unknown" if unknown else "no",
        word=page.say("無法確認") if unknown else page.say("不可購買"),
        lines=refusal.text(page.language.code).split("\n"),
        next_step=refusal.next_step(page.language.code),
        person=_person(page, answer) if answer else "",
        sale_id=uuid4(),
    )


async def show(page: Page, form: Form, *, told: Told | None = None, done: str = "") -> Shown:
    """The screen after a step: to a script as data, else as a page.

    Args:
        page: of the request.
        form: what was sent; it is kept with what is to be corrected in it.
        told: the answer about a card.
        done: a key of `DONE`; anything else says nothing.
    """
    status = HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY
    async with page.system.db.transaction() as tx:
        screen = await _read(page, tx, form, told=told, done=done)
        site = await site_of(tx, site_code(page))
    if _for_script(page):
        return Response(screen, media_type=MediaType.JSON, status_code=status)
    facts = {"form": form, "site": site, "screen": screen, **offline_facts(page)}
    return page.show("counter/counter.html", facts, status=status)


def offline_facts(page: Page) -> dict[str, object]:
    """What the page always needs, with and without a line: words, and the key that lists bear."""
    code = page.language.code
    return {
        "papers": PAPERS,
        "signs": SIGNS,
        "list_key": json.dumps(page.system.site_keys.lists.as_dict(private=False)),
        "refusals": [
            {"code": each.code, "text": each.text(code), "next_step": each.next_step(code)}
            for each in (ChildNotEligible(), ProductNotForAdult(), WrongDayOddEven())
        ],
        "corrections": {
            field: InvalidEntry(field, "wrong_shape").text(code)
            for field in ("id_number", "birth_date")
        },
    }


def empty_screen(page: Page) -> Screen:
    """What a page shows that nobody has told anything yet."""
    return Screen(
        told=None,
        notice="",
        errors={},
        stock=[
            Shelf(product=product, name=page.say(name), pieces=0)
            for product, name in PRODUCTS.items()
        ],
        undo=None,
        visit=Visit(visit_id=None, going_on=False, words=""),
        read="",
        watch="",
    )


async def finish(page: Page, form: Form, done: str = "") -> Shown:
    """The screen after something was done; loading it again does nothing twice."""
    if _for_script(page):
        return await show(page, form, done=done)
    visit = number_of_ours(form.text("visit")) or ""
    return page.go(f"/counter?done={done}&visit={visit}" if done else "/counter")


def site_code(page: Page) -> str:
    """The pharmacist's own site; the role cannot be had without one."""
    return page.staff.site_code or ""


def _for_script(page: Page) -> bool:
    return page.connection.headers.get("accept") == MediaType.JSON


async def _read(page: Page, tx: Transaction, form: Form, *, told: Told | None, done: str) -> Screen:
    sale = await undoable_sale(tx, site_code=site_code(page), now=page.now)
    stock = await stock_of(tx, site_code(page))
    tokens = page.system.identity.tokens
    return Screen(
        told=told,
        notice=page.say(DONE.get(done, "")),
        errors=form.errors,
        stock=[
            Shelf(product=product, name=page.say(PRODUCTS[product]), pieces=pieces)
            for product, pieces in stock.items()
        ],
        undo=_undoable(page, sale) if sale else None,
        visit=await _visit(page, tx, form, answered=told is not None, done=done),
        read=tokens.issue(Purpose.READ, now=page.now),
        watch=tokens.issue(Purpose.WATCH, now=page.now),
    )


async def _visit(page: Page, tx: Transaction, form: Form, *, answered: bool, done: str) -> Visit:
    """Who acts for others is counted; the next card is another visitor's unless somebody says so.

    An answer has a visit of its own at once, so that the sale can be counted.
    """
    visit_id = number_of_ours(form.text("visit") or page.asked("visit"))
    policy = await policy_on(tx, day_in_taipei(page.now))
    counts = await acted_for(tx, visit_id) if visit_id else dict.fromkeys(Product, 0)
    words = page.say(
        "一位訪客可代 {adults} 位成人與 {children} 位兒童；這位已代 {adults_so_far} 位與"
        " {children_so_far} 位。"
    ).format(
        adults=policy.proxy_adults,
        children=policy.proxy_children,
        adults_so_far=counts[Product.ADULT_MASK],
        children_so_far=counts[Product.CHILD_MASK],
    )
    return Visit(
        visit_id=visit_id or (uuid4() if answered else None),
        going_on=visit_id is not None and not done,
        words=words,
    )


def _choice(page: Page, offer: Offer) -> Choice:
    return Choice(
        product=offer.product,
        pieces=offer.answer.pieces,
        words=_goods(page, offer.product, offer.answer.pieces),
    )


def _goods(page: Page, product: Product, pieces: int) -> str:
    return page.say("{product} {pieces} 片").format(
        product=page.say(PRODUCTS[product]), pieces=pieces
    )


def _person(page: Page, answer: Answer) -> str:
    """Masked, and no more than the year."""
    if answer.masked_name is None:
        return ""
    return page.say("{name}，{year} 年生").format(name=answer.masked_name, year=answer.birth_year)


def _undoable(page: Page, sale: Sale) -> Undoable:
    return Undoable(
        sale_id=sale.sale_id,
        sold_at=sale.sold_at,
        words=_goods(page, sale.product, sale.pieces),
        seconds=int((sale.sold_at + UNDO_WITHIN - page.now).total_seconds()),
    )
