"""Packs that a centre does not have, and those that come in later."""

from typing import Final
from uuid import UUID

from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.delivery.model import NotSoMany, Shortage
from emask.delivery.shortages import packs_came, report_shortage, shortages_of
from emask.web.shell.forms import Form, number_of_ours
from emask.web.shell.page import Page, SentForm, ThisPage
from emask.web.store.centre_round import chain_of, round_asked

_HERE: Final = "/centre/shortages"
_MOST: Final = 9_999_999


@get(_HERE)
async def show_shortages(page: ThisPage) -> Response[str]:
    """What is missing, and how many people wait for it."""
    return await _show(page, page.form())


@post(_HERE, status_code=HTTP_200_OK)
async def take_shortage(page: ThisPage, form: SentForm) -> Response[str] | Redirect:
    """So many packs are missing, for one store or the whole chain."""
    packs = form.number("packs", _MOST, page.say("輸入短缺的份數"))
    round = (await round_asked(page, form)).round
    if round is None or not form.ok:
        return await _show(page, form)
    try:
        async with page.system.db.transaction() as tx:
            await report_shortage(
                tx,
                round=round,
                chain=chain_of(page),
                store_code=form.text("store_code") or None,
                packs=packs,
                at=page.now,
                by=page.staff.username,
            )
    except NotSoMany as more:
        form.fail("packs", page.say("還沒出貨的只有 {there} 份").format(there=f"{more.there:,}"))
        return await _show(page, form)
    return page.go(f"{_HERE}?round={round.id}&noted=1")


@post(f"{_HERE}/came", status_code=HTTP_200_OK)
async def take_packs(page: ThisPage, form: SentForm) -> Response[str] | Redirect:
    """Missing packs are there now."""
    shortage_id = number_of_ours(form.text("shortage_id")) or UUID(int=0)
    field = f"came-{shortage_id}"
    packs = form.number(field, _MOST, page.say("輸入補到的份數"))
    round = (await round_asked(page, form)).round
    if round is None or not form.ok:
        return await _show(page, form)
    try:
        async with page.system.db.transaction() as tx:
            await packs_came(
                tx,
                round=round,
                chain=chain_of(page),
                shortage_id=shortage_id,
                packs=packs,
                at=page.now,
                by=page.staff.username,
            )
    except NotSoMany as more:
        form.fail(field, page.say("還在等的只有 {there} 份").format(there=f"{more.there:,}"))
        return await _show(page, form)
    return page.go(f"{_HERE}?round={round.id}&noted=1")


async def _show(page: Page, form: Form) -> Response[str]:
    asked = await round_asked(page, form)
    shortages: list[Shortage] = []
    if asked.round:
        async with page.system.db.transaction() as tx:
            shortages = await shortages_of(tx, round_id=asked.round.id, chain=asked.chain)
    return page.show(
        "store/centre_shortages.html",
        {
            "asked": asked,
            "form": form,
            "shortages": shortages,
            "noted": bool(page.asked("noted")) and form.ok,
        },
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


CENTRE = [show_shortages, take_shortage, take_packs]
