"""The logistics centre: how many packs go to which store, and what it reports of them (B16)."""

from enum import StrEnum

from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.delivery.packing import arrive_store, packing_list, report_late
from emask.notices.service import notify_arrival
from emask.rounds.model import Chain
from emask.rounds.service import all_rounds
from emask.rules.calendar import Round
from emask.web.shell.forms import Form
from emask.web.shell.page import Page, SentForm, ThisPage


class Report(StrEnum):
    """What a centre tells of the packs for one store."""

    ARRIVED = "arrived"
    LATE = "late"


@get("/centre")
async def show_packing(page: ThisPage) -> Response[str]:
    """The packing lists of the centre's own chain, the latest round first."""
    return await _show(page, page.form())


@post("/centre", status_code=HTTP_200_OK)
async def take_report(page: ThisPage, form: SentForm) -> Response[str] | Redirect:
    """Packs are at their store, early or late, or will not be there when pick-up begins.

    Whose pack arrived is told; reporting it again changes nothing.
    """
    report = form.choose("report", Report, page.say("選擇已送達或會延誤"))
    rounds = {each.id: each for each in await _rounds(page)}
    round = rounds.get(form.text("round_id"))
    store_code = form.require("store_code", page.say("輸入清單上的店號"))
    if round and report and store_code and not await _noted(page, round, store_code, report):
        form.fail("store_code", page.say("這個店號沒有還在途中的口罩，對照清單再輸入"))
    if round is None or not form.ok:
        return await _show(page, form)
    return page.go("/centre?noted=1")


async def _noted(page: Page, round: Round, store_code: str, report: Report) -> bool:
    chain = _chain(page)
    async with page.system.db.transaction() as tx:
        if report is Report.LATE:
            return await report_late(tx, round=round, chain=chain, store_code=store_code)
        arrived = await arrive_store(
            tx, round=round, chain=chain, store_code=store_code, at=page.now
        )
        await notify_arrival(tx, round=round, at=page.now)
        return arrived > 0


async def _show(page: Page, form: Form) -> Response[str]:
    chain = _chain(page)
    rounds = await _rounds(page)
    async with page.system.db.transaction() as tx:
        lists = [
            (each, await packing_list(tx, round_id=each.id, chain=chain))
            for each in reversed(rounds)
        ]
    return page.show(
        "store/centre.html",
        {"chain": chain, "lists": lists, "form": form, "noted": bool(page.asked("noted"))},
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


async def _rounds(page: Page) -> list[Round]:
    async with page.system.db.transaction() as tx:
        return [each for each in await all_rounds(tx) if each.opens_at <= page.now]


def _chain(page: Page) -> Chain:
    """The centre's own chain; the role cannot be had without one."""
    return Chain(page.staff.chain or "")


CENTRE = [show_packing, take_report]
