"""The till: a scanned slip gives the bag, a document seen hands it over (B4, B6, B15)."""

from typing import Final
from uuid import UUID

import msgspec
from itsdangerous import BadData, URLSafeSerializer
from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.delivery.model import Bag, HandOver
from emask.delivery.slips import hand_over_slip, read_slip
from emask.delivery.undoing import undo_hand_over, undoable_hand_overs
from emask.rules.entries import compact
from emask.rules.people import Document
from emask.rules.pickup import normalise_slip_number
from emask.rules.refusals import Refusal
from emask.web.shell.forms import Form
from emask.web.shell.page import Page, SentForm, ThisPage
from emask.web.store.place import store_of, till_of

Answer = Response[str] | Redirect

_MOST_TYPED: Final = 2
"""Longer than the digit of a document, or a slip of the finger: that came from the scanner."""


class _Done(msgspec.Struct, frozen=True, array_like=True):
    """Which hand-over a form of this screen means; signed on its way to the browser and back."""

    person_id: UUID
    round_id: str
    nth: int


@get("/till")
async def show_till(page: ThisPage) -> Response[str]:
    """Ready for the next slip."""
    return await _ready(page, page.form())


@post("/till", status_code=HTTP_200_OK)
async def scan_slip(page: ThisPage, form: SentForm) -> Response[str]:
    """The bag of a slip, and which documents will do."""
    return await _scan(page, form)


@post("/till/hand-over", status_code=HTTP_200_OK)
async def give_bag(page: ThisPage, form: SentForm) -> Answer:
    """The bag goes over the counter, once; a slip that is scanned instead is the next one."""
    if len(form.text("entry")) > _MOST_TYPED:
        return await _scan(page, form)
    slip = form.read("slip", normalise_slip_number)
    if slip is None:
        return page.go("/till")
    try:
        bag = await _bag(page, slip)
        document = _document(form, bag.documents)
        if document is None:
            form.fail("entry", page.say("核對證件後，輸入證件前的數字"))
            return await _counter(page, form, slip, bag)
        await hand_over_slip(
            page.system.db,
            page.system.clock,
            page.system.vault,
            number=slip,
            till=till_of(page),
            document=document,
            by_proxy=form.ticked("by_proxy"),
        )
    except Refusal as refusal:
        return await _ready(page, page.form(), refusal)
    return page.go("/till?handed=1")


@post("/till/undo", status_code=HTTP_200_OK)
async def take_bag_back(page: ThisPage, form: SentForm) -> Answer:
    """The bag is back behind the counter; its slip is good once more."""
    done = _read(page, form.text("undo"))
    if done is None:
        return page.go("/till")
    form.require("reason", page.say("寫下撤銷的原因"))
    reason = form.note("reason", page.say("用 200 個字以內寫下原因"))
    if not form.ok:
        return await _ready(page, form)
    try:
        await undo_hand_over(
            page.system.db,
            page.system.clock,
            person_id=done.person_id,
            round_id=done.round_id,
            nth=done.nth,
            till=till_of(page),
            reason=reason,
        )
    except Refusal as refusal:
        return await _ready(page, page.form(), refusal)
    return page.go("/till?undone=1")


async def _scan(page: Page, form: Form) -> Response[str]:
    number = form.read("entry", normalise_slip_number)
    if number is None:
        return await _ready(page, form)
    try:
        bag = await _bag(page, number)
    except Refusal as refusal:
        return await _ready(page, page.form(), refusal)
    return await _counter(page, page.form(), number, bag)


async def _bag(page: Page, number: str) -> Bag:
    return await read_slip(
        page.system.db,
        page.system.clock,
        page.system.vault,
        number=number,
        till=till_of(page),
    )


def _document(form: Form, accepted: tuple[Document, ...]) -> Document | None:
    """The document of the button that was pressed, or of the digit that was typed."""
    choices = {document.value: document for document in accepted}
    choices |= {str(digit): document for digit, document in enumerate(accepted, start=1)}
    return choices.get(form.text("document") or compact(form.text("entry")))


async def _ready(page: Page, form: Form, refusal: Refusal | None = None) -> Response[str]:
    """The next slip is awaited; what became of the last one is told above."""
    async with page.system.db.transaction() as tx:
        undoable = await undoable_hand_overs(tx, till_of(page), now=page.now)
    own = next((each for each in undoable if each.clerk == page.staff.username), None)
    quiet = form.ok and refusal is None
    status = HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY
    return page.show(
        "store/till.html",
        {
            "form": form,
            "store": await store_of(page),
            "refusal": refusal,
            "handed": own if quiet and page.asked("handed") else None,
            "undone": quiet and page.asked("undone"),
            "undoable": [(_sealed(page, each), each) for each in undoable],
        },
        status=refusal.status if refusal else status,
    )


async def _counter(page: Page, form: Form, slip: str, bag: Bag) -> Response[str]:
    """Bag and documents; the slip's number stays in the form, the person nowhere."""
    return page.show(
        "store/till_bag.html",
        {"form": form, "store": await store_of(page), "slip": slip, "bag": bag},
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


def _sealed(page: Page, done: HandOver) -> str:
    means = _Done(done.person_id, done.round_id, done.nth)
    return str(_sealer(page).dumps(msgspec.json.encode(means).decode()))


def _read(page: Page, sealed: str) -> _Done | None:
    """What a form of ours means; None for any other."""
    try:
        return msgspec.json.decode(str(_sealer(page).loads(sealed)), type=_Done)
    except (BadData, msgspec.MsgspecError):
        return None


def _sealer(page: Page) -> URLSafeSerializer:
    return URLSafeSerializer(page.system.keys.session, salt="hand-over")


TILL = [show_till, scan_slip, give_bag, take_bag_back]
