"""Sales that a counter made without a line and that were none: what, where, when, which rule."""

from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.counter.offline import OTHER_PIECES, OUTSIDE_LIST, UNREADABLE
from emask.counter.offline_conflicts import NothingToSettle, open_conflicts, settle_conflict
from emask.language import source
from emask.rules.refusals import REFUSALS
from emask.web.shell.forms import Form, number_of_ours
from emask.web.shell.page import Page, SentForm, ThisPage

PATH: Final = "/operator/counter-conflicts"
_SHOWN: Final = 100
_BROKEN: Final = {
    UNREADABLE: source("這一筆的內容無法讀取"),
    OUTSIDE_LIST: source("不在清單的時間或筆數之內"),
    OTHER_PIECES: source("片數與當天的規定不同"),
}
"""What a sale may break that is no rule of the scheme."""


@get(PATH)
async def show_conflicts(page: ThisPage) -> Response[str]:
    """Those that nobody has settled, the oldest first."""
    return await _show(page, page.form())


@post(PATH, status_code=HTTP_200_OK)
async def settle(page: ThisPage, form: SentForm) -> Response[str] | Redirect:
    """Take one off the list with a reason; sent twice, it is settled once."""
    sale_id = number_of_ours(form.require("conflict", page.say("選擇一筆")))
    form.require("reason", page.say("寫下怎麼處理"))
    reason = form.note("reason", page.say("用 200 個字以內寫下怎麼處理"))
    if sale_id is None or not form.ok:
        return await _show(page, form)
    try:
        await settle_conflict(
            page.system.db,
            page.system.clock,
            sale_id=sale_id,
            reason=reason,
            by=page.staff.username,
        )
    except NothingToSettle:
        form.fail("conflict", page.say("這一筆已經處理過"))
        return await _show(page, form)
    return page.go(f"{PATH}?done=1")


async def _show(page: Page, form: Form) -> Response[str]:
    async with page.system.db.transaction() as tx:
        conflicts = await open_conflicts(tx, page.system.vault, limit=_SHOWN)
    rules = {each.refusal: _rule(page, each.refusal) for each in conflicts}
    done = bool(page.asked("done")) and form.ok
    return page.show(
        "operator/counter_conflicts.html",
        {"form": form, "conflicts": conflicts, "rules": rules, "done": done},
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


def _rule(page: Page, code: str) -> str:
    if code in _BROKEN:
        return page.say(_BROKEN[code])
    return REFUSALS[code]().title(page.language.code)


STAFF = [show_conflicts, settle]
