"""Letting a forfeited pack be collected after all, as an operator decides case by case."""

from datetime import date

from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.delivery.forfeits import reopen
from emask.delivery.model import NotForfeited
from emask.rounds.service import all_rounds
from emask.rules.calendar import Phase
from emask.rules.people import normalise_id
from emask.web.shell.forms import Form
from emask.web.shell.page import Page, SentForm, ThisPage


@get("/operator/reopen")
async def ask_whose(page: ThisPage) -> Response[str]:
    """Whose pack, of which round, until when."""
    return await _ask(page, page.form())


@post("/operator/reopen", status_code=HTTP_200_OK)
async def reopen_pack(page: ThisPage, form: SentForm) -> Response[str] | Redirect:
    """Once for each order; it is noted in the audit log."""
    id_number = form.read("id_number", normalise_id)
    round_id = form.require("round_id", page.say("選擇輪次"))
    until = _day(form.text("until"))
    if until is None:
        form.fail("until", page.say("輸入最後一天，例如 2020-04-15"))
    if id_number is None or until is None or not form.ok:
        return await _ask(page, form)
    try:
        await reopen(
            page.system.db,
            page.system.clock,
            person_id=page.system.vault.person_id(id_number),
            round_id=round_id,
            until=until,
            operator=page.staff.username,
        )
    except NotForfeited:
        form.fail("id_number", page.say("這個人在這一輪沒有可以重新開放的訂單"))
    except ValueError:
        form.fail("until", page.say("選擇今天或之後的日期"))
    if not form.ok:
        return await _ask(page, form)
    return page.go("/operator/reopen?done=1")


async def _ask(page: Page, form: Form) -> Response[str]:
    async with page.system.db.transaction() as tx:
        rounds = [each for each in await all_rounds(tx) if each.phase(page.now) is Phase.OVER]
    return page.show(
        "operator/reopen.html",
        {"form": form, "rounds": rounds, "done": bool(page.asked("done")) and form.ok},
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return None


STAFF = [ask_whose, reopen_pack]
