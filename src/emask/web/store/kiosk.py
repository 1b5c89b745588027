"""The kiosk: pick-up number and ID number give a slip, or tell what to do instead (B4, B6, B15)."""

from litestar import Response, get, post
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.delivery.collection import ask_for_slip
from emask.delivery.model import Slip
from emask.rules.people import normalise_id
from emask.rules.pickup import normalise_kiosk_number
from emask.rules.refusals import Refusal, WrongPickupNumber
from emask.web.shell.forms import Form
from emask.web.shell.page import Page, SentForm, ThisPage
from emask.web.store.barcode import code_128
from emask.web.store.place import store_of, till_of


@get("/kiosk")
async def show_kiosk(page: ThisPage) -> Response[str]:
    """Ready for the next person."""
    return await _questions(page, page.form())


@post("/kiosk", status_code=HTTP_200_OK)
async def print_slip(page: ThisPage, form: SentForm) -> Response[str]:
    """The slip, or why there is none; neither repeats what was typed."""
    number = form.read("pickup_number", normalise_kiosk_number)
    id_number = form.read("id_number", normalise_id)
    if number is None or id_number is None:
        return await _questions(page, form)
    till = till_of(page)
    try:
        slip = await ask_for_slip(
            page.system.db,
            page.system.clock,
            page.system.vault,
            pickup_number=number,
            id_number=id_number,
            chain=till.chain,
            store_code=till.store_code,
        )
    except WrongPickupNumber as refusal:
        form.fail("pickup_number", refusal.title(page.language.code))
        return await _questions(page, form)
    except Refusal as refusal:
        return await _answer(page, refusal)
    return await _paper(page, slip)


async def _questions(page: Page, form: Form) -> Response[str]:
    return page.show(
        "store/kiosk.html",
        {"form": form, "store": await store_of(page)},
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


async def _answer(page: Page, refusal: Refusal) -> Response[str]:
    return page.show(
        "store/kiosk_answer.html",
        {"refusal": refusal, "store": await store_of(page)},
        status=refusal.status,
    )


async def _paper(page: Page, slip: Slip) -> Response[str]:
    return page.show(
        "store/slip.html",
        {"slip": slip, "bars": code_128(slip.number), "store": await store_of(page)},
    )


KIOSK = [show_kiosk, print_slip]
