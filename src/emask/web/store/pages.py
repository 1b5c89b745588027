"""Pick-up number and ID number give a slip; the slip gives the bag (B4, B6, B15)."""

from uuid import UUID

import msgspec
from itsdangerous import BadData, URLSafeSerializer
from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.delivery.collection import ask_for_slip, hand_over
from emask.delivery.model import Slip
from emask.rounds.model import Chain
from emask.rounds.stores import find_store
from emask.rules.people import Document, normalise_id
from emask.rules.pickup import normalise_pickup_number
from emask.rules.refusals import WrongPickupNumber
from emask.web.shell.forms import Form
from emask.web.shell.page import Page, SentForm, ThisPage

Answer = Response[str] | Redirect


class _Bag(msgspec.Struct, frozen=True, kw_only=True):
    """What the slip shows, kept signed between the kiosk and the till."""

    person_id: UUID
    round_id: str
    bag_number: int
    masked_name: str
    documents: tuple[Document, ...]


@get("/till")
async def show_kiosk(page: ThisPage) -> Response[str]:
    """The kiosk's two questions."""
    return await _kiosk(page, page.form(), handed=bool(page.asked("handed")))


@post("/till", status_code=HTTP_200_OK)
async def print_slip(page: ThisPage, form: SentForm) -> Response[str]:
    """The slip: which bag, whose, against which document."""
    number = form.read("pickup_number", normalise_pickup_number)
    id_number = form.read("id_number", normalise_id)
    if number is None or id_number is None:
        return await _kiosk(page, form, handed=False)
    try:
        slip = await ask_for_slip(
            page.system.db,
            page.system.clock,
            page.system.vault,
            pickup_number=number,
            id_number=id_number,
            chain=_chain(page),
            store_code=_code(page),
        )
    except WrongPickupNumber as refusal:
        form.fail("pickup_number", refusal.title(page.language.code))
        return await _kiosk(page, form, handed=False)
    return await _till(page, page.form(), _bag_of(slip))


@post("/till/hand-over", status_code=HTTP_200_OK)
async def give_bag(page: ThisPage, form: SentForm) -> Answer:
    """The bag goes over the counter, once."""
    bag = _read(page, form.text("slip"))
    if bag is None:
        return page.go("/till")
    document = form.choose("document", Document, page.say("選擇看過的證件"))
    if document is None:
        return await _till(page, form, bag)
    await hand_over(
        page.system.db,
        page.system.clock,
        person_id=bag.person_id,
        round_id=bag.round_id,
        chain=_chain(page),
        store_code=_code(page),
        document=document,
        by_proxy=form.ticked("by_proxy"),
        clerk=page.staff.username,
    )
    return page.go("/till?handed=1")


async def _kiosk(page: Page, form: Form, *, handed: bool) -> Response[str]:
    return page.show(
        "store/kiosk.html",
        {"form": form, "store": await _store(page), "handed": handed},
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


async def _till(page: Page, form: Form, bag: _Bag) -> Response[str]:
    return page.show(
        "store/till.html",
        {
            "form": form,
            "store": await _store(page),
            "bag": bag,
            "slip": _sealer(page).dumps(msgspec.json.encode(bag).decode()),
        },
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


async def _store(page: Page) -> object:
    async with page.system.db.transaction() as tx:
        return await find_store(tx, chain=_chain(page), code=_code(page))


def _bag_of(slip: Slip) -> _Bag:
    return _Bag(
        person_id=slip.person_id,
        round_id=slip.round_id,
        bag_number=slip.bag_number,
        masked_name=slip.masked_name,
        documents=slip.documents,
    )


def _read(page: Page, slip: str) -> _Bag | None:
    """The bag of a slip that this clerk was shown; None for any other."""
    try:
        return msgspec.json.decode(str(_sealer(page).loads(slip)), type=_Bag)
    except (BadData, msgspec.MsgspecError):
        return None


def _sealer(page: Page) -> URLSafeSerializer:
    return URLSafeSerializer(page.system.keys.session, salt=f"slip {page.staff.username}")


def _chain(page: Page) -> Chain:
    """The clerk's own store; the role cannot be had without one."""
    return Chain(page.staff.chain or "")


def _code(page: Page) -> str:
    return page.staff.store_code or ""


STAFF = [show_kiosk, print_slip, give_bag]
