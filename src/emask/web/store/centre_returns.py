"""Bags that nobody collected: scanned as they come back, or counted for a store."""

from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.delivery.confirmation import Outcome, Scan
from emask.delivery.model import NotSoMany
from emask.delivery.returns import (
    Gap,
    bags_back,
    correct_count,
    gaps,
    returned_packs,
    scan_back,
)
from emask.language import source
from emask.web.shell.forms import Form
from emask.web.shell.page import Page, SentForm, ThisPage
from emask.web.store.centre_round import chain_of, round_asked

_HERE: Final = "/centre/returns"
_MOST: Final = 99_999
_STORES: Final = 100
OUTCOMES: Final = {
    Outcome.NOTED: source("已記下退回"),
    Outcome.ALREADY: source("先前已記下，沒有再記一次"),
    Outcome.COUNTED: source("這一袋算在先前輸入的份數裡，沒有再記一次"),
    Outcome.NO_LABEL: source("這不是單一袋的標籤，再掃描一次，或照條碼下的數字輸入"),
    Outcome.WRONG_CHAIN: source("這是別家超商的標籤，交還它的物流中心"),
    Outcome.BAG_MOVED: source("這一袋沒有放棄，不該退回；先放一邊，查明原因"),
}


@get(_HERE)
async def show_returns(page: ThisPage) -> Response[str]:
    """Which stores have yet to send bags back, and what lies in the centre."""
    return await _show(page, page.form(), None)


@post(_HERE, status_code=HTTP_200_OK)
async def take_bag(page: ThisPage, form: SentForm) -> Response[str]:
    """One label; sent twice, it counts once."""
    text = form.require("label", page.say("掃描標籤，或輸入條碼下的數字"))
    if not text:
        return await _show(page, form, None)
    async with page.system.db.transaction() as tx:
        scan = await scan_back(tx, text=text, chain=chain_of(page), at=page.now)
    return await _show(page, Form(page.language, {}), scan)


@post(f"{_HERE}/count", status_code=HTTP_200_OK)
async def take_count(page: ThisPage, form: SentForm) -> Response[str] | Redirect:
    """So many bags of a store; the page says how many are still to come."""
    store_code = form.require("store_code", page.say("輸入清單上的店號"))
    packs = form.number("packs", _MOST, page.say("輸入退回的份數"))
    round = (await round_asked(page, form)).round
    if round is None or not form.ok:
        return await _show(page, form, None)
    try:
        async with page.system.db.transaction() as tx:
            await bags_back(
                tx,
                round_id=round.id,
                chain=chain_of(page),
                store_code=store_code,
                packs=packs,
                at=page.now,
                by=page.staff.username,
            )
    except NotSoMany as more:
        form.fail("packs", page.say("還沒退回的只有 {there} 份").format(there=f"{more.there:,}"))
        return await _show(page, form, None)
    return page.go(f"{_HERE}?round={round.id}&noted=1")


@post(f"{_HERE}/correct", status_code=HTTP_200_OK)
async def take_correction(page: ThisPage, form: SentForm) -> Response[str] | Redirect:
    """A number that was entered was too high; why stands in the audit log."""
    store_code = form.require("wrong_store_code", page.say("輸入清單上的店號"))
    packs = form.number("wrong_packs", _MOST, page.say("輸入多記的份數"))
    form.require("reason", page.say("寫下原因"))
    reason = form.note("reason", page.say("用 200 個字以內寫下原因"))
    round = (await round_asked(page, form)).round
    if round is None or not form.ok:
        return await _show(page, form, None)
    try:
        async with page.system.db.transaction() as tx:
            await correct_count(
                tx,
                round_id=round.id,
                chain=chain_of(page),
                store_code=store_code,
                packs=packs,
                reason=reason,
                at=page.now,
                by=page.staff.username,
            )
    except NotSoMany as more:
        words = page.say("這家門市輸入的份數裡，能更正的只有 {there} 份")
        form.fail("wrong_packs", words.format(there=f"{more.there:,}"))
        return await _show(page, form, None)
    return page.go(f"{_HERE}?round={round.id}&corrected=1")


async def _show(page: Page, form: Form, scan: Scan | None) -> Response[str]:
    asked = await round_asked(page, form)
    missing, stock = list[Gap](), 0
    if asked.round:
        async with page.system.db.transaction() as tx:
            missing = await gaps(tx, round_id=asked.round.id, chain=asked.chain)
            stock = await returned_packs(tx, round_id=asked.round.id, chain=asked.chain)
    return page.show(
        "store/centre_returns.html",
        {
            "asked": asked,
            "form": form,
            "scan": scan,
            "outcomes": OUTCOMES,
            "gaps": missing[:_STORES],
            "missing": sum(gap.missing for gap in missing),
            "stock": stock,
            "noted": bool(page.asked("noted")) and form.ok,
            "corrected": bool(page.asked("corrected")) and form.ok,
        },
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


CENTRE = [show_returns, take_bag, take_count, take_correction]
