"""Parcels as the chains know them: figures, what somebody has to look at, and acts on it."""

from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.delivery.consignment_figures import (
    parcels_by_state,
    troubled,
)
from emask.delivery.consignment_refusals import NothingRefused, try_again
from emask.rounds.model import Chain
from emask.web.operator.consignment_words import DECISIONS, REFUSALS, STATES, TROUBLES
from emask.web.operator.pages import round_shown
from emask.web.shell.forms import Form
from emask.web.shell.page import Page, SentForm, ThisPage

PATH: Final = "/operator/parcels"
_AGAIN: Final = f"{PATH}/try-again"


@get(PATH)
async def show_parcels(page: ThisPage) -> Response[str]:
    """One round's parcels; nobody is named."""
    return await _show(page, page.form())


@post(_AGAIN, status_code=HTTP_200_OK)
async def ask_again(page: ThisPage, form: SentForm) -> Response[str] | Redirect:
    """The chain is asked once more for what it refused; pressed twice, asked once."""
    try:
        await try_again(
            page.system.db,
            page.system.clock,
            trade_no=form.text("refused"),
            operator=page.staff.username,
        )
    except NothingRefused:
        form.fail("refused", page.say("這個包裹已經再送過，或沒有被拒收"))
        return await _show(page, form)
    return page.go(f"{PATH}?round={form.text('round')}&again=1")


async def _show(page: Page, form: Form) -> Response[str]:
    async with page.system.db.transaction() as tx:
        shown = await round_shown(tx, page)
        states = await parcels_by_state(tx, shown.id)
        exceptions = await troubled(tx, page.system.vault, shown.id)
    return page.show(
        "operator/parcels.html",
        {
            "form": form,
            "shown": shown,
            "chains": list(Chain),
            "states": states,
            "exceptions": exceptions,
            "wire": page.system.partners.carrier is not None,
            "again": bool(page.asked("again")) and form.ok,
            "words": {
                "states": STATES,
                "troubles": TROUBLES,
                "decisions": DECISIONS,
                "refusals": REFUSALS,
            },
        },
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


STAFF = [show_parcels, ask_again]
