"""Packs that never come, as an operator decides: another one, or the money back."""

from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.delivery.consignment_figures import Decision, NothingToDecide, send_again
from emask.delivery.missing import (
    give_back_lost,
    give_back_short,
    lost_parcels,
    shortages_waiting,
)
from emask.delivery.model import NotSoMany
from emask.web.operator.pages import round_shown
from emask.web.shell.forms import Form, number_of_ours
from emask.web.shell.page import Page, SentForm, ThisPage

Answer = Response[str] | Redirect

PATH: Final = "/operator/missing"
_MOST: Final = 9_999_999
"""No shortage is of so many packs."""


@get(PATH)
async def show_missing(page: ThisPage) -> Response[str]:
    """One round's lost parcels and missing packs; nobody is named."""
    return await _show(page, page.form())


@post(f"{PATH}/lost", status_code=HTTP_200_OK)
async def decide_lost(page: ThisPage, form: SentForm) -> Answer:
    """Another pack for a parcel that is lost, or the money back; pressed twice, decided once."""
    trade_no = form.require("parcel", page.say("選擇一個包裹"))
    decision = form.choose("decision", Decision, page.say("選擇怎麼處理"))
    reason = _reason(page, form, "lost_reason")
    if decision is None or not form.ok:
        return await _show(page, form)
    act = send_again if decision is Decision.SEND_AGAIN else give_back_lost
    try:
        await act(
            page.system.db,
            page.system.clock,
            trade_no=trade_no,
            reason=reason,
            operator=page.staff.username,
        )
    except NothingToDecide:
        form.fail("parcel", page.say("這個包裹已經處理過，或不再是遺失"))
        return await _show(page, form)
    return page.go(f"{PATH}?round={form.text('round')}&done={decision}")


@post(f"{PATH}/short", status_code=HTTP_200_OK)
async def give_up_short(page: ThisPage, form: SentForm) -> Answer:
    """The money back for packs that a centre will never have."""
    shortage_id = number_of_ours(form.require("shortage", page.say("選擇一筆短缺")))
    packs = form.number("packs", _MOST, page.say("輸入份數"))
    reason = _reason(page, form, "short_reason")
    if shortage_id is None or not form.ok:
        return await _show(page, form)
    try:
        await give_back_short(
            page.system.db,
            page.system.clock,
            round_id=form.text("round"),
            shortage_id=shortage_id,
            packs=packs,
            reason=reason,
            operator=page.staff.username,
        )
    except NotSoMany as fewer:
        form.fail("packs", page.say("只有 {there} 份還在等").format(there=fewer.there))
        return await _show(page, form)
    return page.go(f"{PATH}?round={form.text('round')}&done={Decision.REFUND}")


async def _show(page: Page, form: Form) -> Response[str]:
    async with page.system.db.transaction() as tx:
        shown = await round_shown(tx, page)
        lost = await lost_parcels(tx, shown.id)
        shortages = await shortages_waiting(tx, shown.id)
    return page.show(
        "operator/missing.html",
        {
            "form": form,
            "shown": shown,
            "lost": lost,
            "shortages": shortages,
            "done": page.asked("done") if form.ok else "",
        },
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


def _reason(page: Page, form: Form, name: str) -> str:
    """Why; a note of any length that fits the audit log."""
    form.require(name, page.say("寫下原因"))
    return form.note(name, page.say("用 200 個字以內寫下原因"))


STAFF = [show_missing, decide_lost, give_up_short]
