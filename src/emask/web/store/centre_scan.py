"""Packed, shipped, received: a scanner keys a label, and the field is ready for the next one."""

from typing import Final

from litestar import Response, get, post
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.delivery.confirmation import ConfirmedStep, Outcome, Scan, confirm_scan
from emask.language import source
from emask.notices.service import notify_arrival_at
from emask.rounds.service import load_round
from emask.web.shell.forms import Form
from emask.web.shell.page import Page, SentForm, ThisPage
from emask.web.store.centre_round import chain_of, round_asked

STEPS: Final = {
    ConfirmedStep.PACKED: source("已裝箱"),
    ConfirmedStep.SHIPPED: source("已出貨"),
    ConfirmedStep.RECEIVED: source("門市已收到"),
}
OUTCOMES: Final = {
    Outcome.NOTED: source("已記下"),
    Outcome.ALREADY: source("先前已記下，沒有再記一次"),
    Outcome.NO_LABEL: source("這不是標籤的號碼，再掃描一次，或照條碼下的數字輸入"),
    Outcome.WRONG_CHAIN: source("這是別家超商的標籤，交還它的物流中心"),
    Outcome.STORE_CLOSED: source("門市已停業，留在物流中心，等訂購人改選門市"),
    Outcome.BAG_LABEL: source("這是單一袋的標籤，裝箱和出貨時掃描門市標籤"),
    Outcome.BAG_MOVED: source("訂購人改選了門市，這一袋留在物流中心"),
}


@get("/centre/scan")
async def show_scan(page: ThisPage) -> Response[str]:
    """Ready for a scanner."""
    return await _show(page, page.form(), None)


@post("/centre/scan", status_code=HTTP_200_OK)
async def take_scan(page: ThisPage, form: SentForm) -> Response[str]:
    """One label; sent twice, it counts once. Whose packs were received is told."""
    step = form.choose("step", ConfirmedStep, page.say("選擇要確認的步驟"))
    text = form.require("label", page.say("掃描標籤，或輸入條碼下的數字"))
    if step is None or not text:
        return await _show(page, form, None)
    async with page.system.db.transaction() as tx:
        scan = await confirm_scan(
            tx, text=text, step=step, chain=chain_of(page), at=page.now, by=page.staff.username
        )
        if scan.shipment and step is ConfirmedStep.RECEIVED and scan.outcome is Outcome.NOTED:
            await notify_arrival_at(
                tx,
                round=await load_round(tx, scan.shipment.round_id),
                chain=scan.shipment.chain,
                store_code=scan.shipment.store_code,
                at=page.now,
            )
    return await _show(page, Form(page.language, {"step": step}), scan)  # ready for the next


async def _show(page: Page, form: Form, scan: Scan | None) -> Response[str]:
    return page.show(
        "store/centre_scan.html",
        {
            "asked": await round_asked(page, page.form()),
            "form": form,
            "scan": scan,
            "steps": STEPS,
            "outcomes": OUTCOMES,
        },
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


CENTRE = [show_scan, take_scan]
