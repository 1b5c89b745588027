"""Letting forfeited packs be collected after all, as an operator decides: one, or many at once."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.delivery.figures import figures_of
from emask.delivery.forfeits import Decision, reopen, reopen_many
from emask.delivery.model import NotForfeited
from emask.rounds.model import Chain
from emask.rounds.service import all_rounds
from emask.rules.calendar import Phase, Round
from emask.rules.people import normalise_id
from emask.rules.refusals import StoreClosed, UnknownStore
from emask.web.shell.forms import Form
from emask.web.shell.page import Page, SentForm, ThisPage

_ONE: Final = "/operator/reopen"
_MANY: Final = "/operator/reopen/many"
_ANY: Final = "any"
_DIGITS: Final = 10
"""More than any number of packs has."""


@get(_ONE)
async def ask_whose(page: ThisPage) -> Response[str]:
    """Whose pack, of which round, until when, at which store."""
    return await _ask(page, page.form())


@post(_ONE, status_code=HTTP_200_OK)
async def reopen_pack(page: ThisPage, form: SentForm) -> Response[str] | Redirect:
    """Once for each order; it is noted in the audit log."""
    id_number = form.read("id_number", normalise_id)
    round_id = form.require("round_id", page.say("選擇輪次"))
    decision = _decision(page, form)
    at_store = _other_store(page, form)
    if id_number is None or decision is None or not form.ok:
        return await _ask(page, form)
    try:
        await reopen(
            page.system.db,
            page.system.clock,
            person_id=page.system.vault.person_id(id_number),
            round_id=round_id,
            until=decision.until,
            reason=decision.reason,
            operator=decision.operator,
            at_store=at_store,
        )
    except NotForfeited:
        form.fail("id_number", page.say("這個人在這一輪沒有可以重新開放的訂單"))
    except ValueError:
        form.fail("until", page.say("選擇今天或之後的日期"))
    except (UnknownStore, StoreClosed):
        form.fail("store_code", page.say("沒有這家營業中的門市，對照店號再輸入"))
    if not form.ok:
        return await _ask(page, form)
    return page.go(f"{_ONE}?done=1")


@get(_MANY)
async def ask_which(page: ThisPage) -> Response[str]:
    """Which packs of a round: all, those of a chain, of a county."""
    return await _ask_many(page, page.form())


@post(_MANY, status_code=HTTP_200_OK)
async def reopen_packs(page: ThisPage, form: SentForm) -> Response[str] | Redirect:
    """Once for each order, all at once; the decision is noted in the audit log."""
    round_id = form.require("round_id", page.say("選擇輪次"))
    decision = _decision(page, form)
    chain, county = form.text("chain"), form.text("county")
    if decision is None or not form.ok:
        return await _ask_many(page, form)
    try:
        number = await reopen_many(
            page.system.db,
            page.system.clock,
            round_id=round_id,
            decision=decision,
            chain=Chain(chain) if chain in set(Chain) else None,
            county=None if county in ("", _ANY) else county,
        )
    except NotForfeited:
        form.fail("round_id", page.say("沒有可以重新開放的訂單"))
    except ValueError:
        form.fail("until", page.say("選擇今天或之後的日期"))
    if not form.ok:
        return await _ask_many(page, form)
    return page.go(f"{_MANY}?done={number}")


def _decision(page: Page, form: Form) -> Decision | None:
    """The last day and the reason; what is wrong with them is noted in the form."""
    until = _day(form.text("until"))
    if until is None:
        form.fail("until", page.say("輸入最後一天，例如 2020-04-15"))
    reason = form.require("reason", page.say("寫下原因"))
    if until is None or not reason:
        return None
    return Decision(until=until, reason=reason, operator=page.staff.username)


def _other_store(page: Page, form: Form) -> tuple[Chain, str] | None:
    code, chain = form.text("store_code"), form.text("chain")
    if not code:
        return None
    if chain not in set(Chain):
        form.fail("chain", page.say("選擇超商"))
        return None
    return Chain(chain), code


async def _ask(page: Page, form: Form) -> Response[str]:
    return page.show(
        "operator/reopen.html",
        {
            "form": form,
            "rounds": await _ended(page),
            "chains": list(Chain),
            "done": bool(page.asked("done")) and form.ok,
        },
        status=_status(form),
    )


async def _ask_many(page: Page, form: Form) -> Response[str]:
    rounds, done = await _ended(page), page.asked("done")
    return page.show(
        "operator/reopen_many.html",
        {
            "form": form,
            "rounds": rounds,
            "chains": list(Chain),
            "counties": await _counties(page, rounds),
            "done": int(done) if done.isdecimal() and len(done) < _DIGITS and form.ok else None,
        },
        status=_status(form),
    )


async def _counties(page: Page, rounds: Sequence[Round]) -> list[str]:
    """Those with stores that anything of the rounds went to."""
    found = set[str]()
    async with page.system.db.transaction() as tx:
        for each in rounds:
            found |= set((await figures_of(tx, round_id=each.id)).counties)
    return sorted(found)


async def _ended(page: Page) -> list[Round]:
    async with page.system.db.transaction() as tx:
        return [each for each in await all_rounds(tx) if each.phase(page.now) is Phase.OVER]


def _status(form: Form) -> int:
    return HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return None


STAFF = [ask_whose, reopen_pack, ask_which, reopen_packs]
