"""The logistics centre: how many packs go to which store, and what it reports of them (B16)."""

from enum import StrEnum
from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.delivery.model import PackingLine
from emask.delivery.packing import arrive_store, packing_list, report_late, totals_of
from emask.delivery.returns import Supply, supply_of
from emask.notices.service import notify_arrival_at
from emask.rules.calendar import Round
from emask.rules.refusals import StoreClosed
from emask.web.shell.forms import Form
from emask.web.shell.page import Page, SentForm, ThisPage
from emask.web.store import centre_files, centre_scan, centre_shortages
from emask.web.store.centre_round import chain_of, round_asked

_AT_ONCE: Final = 100
"""Stores on one page."""


class Report(StrEnum):
    """What a centre tells of the packs for one store."""

    ARRIVED = "arrived"
    LATE = "late"


@get("/centre")
async def show_packing(page: ThisPage) -> Response[str]:
    """The packing list of the centre's own chain, of the latest round or the one asked for."""
    return await _show(page, page.form())


@post("/centre", status_code=HTTP_200_OK)
async def take_report(page: ThisPage, form: SentForm) -> Response[str] | Redirect:
    """Packs are at their store, early or late, or will not be there when pick-up begins.

    Whose pack arrived is told; reporting it again changes nothing.
    """
    report = form.choose("report", Report, page.say("選擇已送達或會延誤"))
    round = (await round_asked(page, form)).round
    store_code = form.require("store_code", page.say("輸入清單上的店號"))
    try:
        if round and report and store_code and not await _noted(page, round, store_code, report):
            form.fail("store_code", page.say("這個店號沒有還在途中的口罩，對照清單再輸入"))
    except StoreClosed:
        form.fail("store_code", page.say("門市已停業，口罩留在或退回物流中心，等訂購人改選門市"))
    if round is None or not form.ok:
        return await _show(page, form)
    return page.go(f"/centre?round={round.id}&noted=1")


async def _noted(page: Page, round: Round, store_code: str, report: Report) -> bool:
    chain = chain_of(page)
    async with page.system.db.transaction() as tx:
        if report is Report.LATE:
            return await report_late(tx, round=round, chain=chain, store_code=store_code)
        arrived = await arrive_store(
            tx, round=round, chain=chain, store_code=store_code, at=page.now
        )
        await notify_arrival_at(tx, round=round, chain=chain, store_code=store_code, at=page.now)
        return arrived > 0


async def _show(page: Page, form: Form) -> Response[str]:
    asked = await round_asked(page, form)
    lines: list[PackingLine] = []
    supply: Supply | None = None
    if asked.round:
        async with page.system.db.transaction() as tx:
            lines = await packing_list(tx, round_id=asked.round.id, chain=asked.chain)
            supply = await supply_of(tx, round_id=asked.round.id, chain=asked.chain)
    found = _found(page, lines)
    pages = max(1, -(-len(found) // _AT_ONCE))
    number = _page_number(page, pages)
    return page.show(
        "store/centre.html",
        {
            "asked": asked,
            "totals": totals_of(lines),
            "supply": supply,
            "lines": found[(number - 1) * _AT_ONCE : number * _AT_ONCE],
            "found": len(found),
            "number": number,
            "pages": pages,
            "form": form,
            "noted": bool(page.asked("noted")) and form.ok,
        },
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


def _found(page: Page, lines: list[PackingLine]) -> list[PackingLine]:
    """Those that the address asks for: exceptions only, or by number or name."""
    text = page.asked("q").strip().casefold()
    return [
        line
        for line in lines
        if (line.exceptional or not page.asked("exceptions"))
        and (text in line.store_code.casefold() or text in line.store_name.casefold())
    ]


def _page_number(page: Page, pages: int) -> int:
    digits = page.asked("page")
    if not digits.isdecimal() or len(digits) > len(str(pages)):
        return 1
    return max(1, min(int(digits), pages))


CENTRE = [
    show_packing,
    take_report,
    *centre_scan.CENTRE,
    *centre_files.CENTRE,
    *centre_shortages.CENTRE,
]
