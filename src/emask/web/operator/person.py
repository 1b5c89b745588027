"""The hotline: where a caller stands, in the words that the caller sees; every look is logged."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from litestar import Response, get, post
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.counter.why import Why
from emask.database import audit_log
from emask.database.pool import Transaction
from emask.entitlement.service import next_purchase_date
from emask.identity.registry import find_person, name_of
from emask.notices.service import Told, told_of_round
from emask.programme.progress import Progress, progress_of
from emask.rounds.service import all_rounds
from emask.rules.calendar import Round, day_in_taipei
from emask.rules.people import masked_id, masked_name, normalise_id
from emask.web.citizen.timeline import Moment, timeline
from emask.web.shell.forms import Form
from emask.web.shell.notice_words import KINDS
from emask.web.shell.page import Page, SentForm, ThisPage
from emask.web.shell.why import why_today

_HERE: Final = "/operator/person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """One order of the caller, as the caller's own page shows it."""

    round: Round
    progress: Progress
    timeline: list[Moment]
    notices: list[Told]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The person who calls: no more of who that is than to tell that it is this one."""

    id_number: str
    name: str
    birth_year: int
    why: Why | None
    next_purchase: date
    orders: list[Ordered]


@get(_HERE)
async def ask_who_calls(page: ThisPage) -> Response[str]:
    """The caller's ID number."""
    return _show(page, page.form(), None)


@post(_HERE, status_code=HTTP_200_OK)
async def tell_caller(page: ThisPage, form: SentForm) -> Response[str]:
    """Everything about one person, nothing to change; nobody is found without a trace."""
    id_number = form.read("id_number", normalise_id)
    if id_number is None:
        return _show(page, form, None)
    person_id = page.system.vault.person_id(id_number)
    async with page.system.db.transaction() as tx:
        caller = await _caller(page, tx, person_id, masked_id(id_number))
        await audit_log.record(
            tx,
            at=page.now,
            actor=page.staff.username,
            act="look_up_person",
            subject=str(person_id),
            detail={"found": caller is not None},
        )
    if caller is None:
        form.fail("id_number", page.say("健保資料中沒有這個號碼，和來電的人核對後再輸入"))
    # whoever was found is shown masked; the number goes from the screen, too
    return _show(page, form if caller is None else page.form(), caller)


async def _caller(page: Page, tx: Transaction, person_id: UUID, shown_number: str) -> Caller | None:
    person = await find_person(tx, person_id)
    if person is None:
        return None
    today = day_in_taipei(page.now)
    return Caller(
        id_number=shown_number,
        name=masked_name(await name_of(tx, page.system.vault, person_id)),
        birth_year=person.birth_date.year,
        why=await why_today(page, tx, person_id),
        next_purchase=await next_purchase_date(tx, person_id=person_id, today=today),
        orders=await _orders(page, tx, person_id),
    )


async def _orders(page: Page, tx: Transaction, person_id: UUID) -> list[Ordered]:
    """The latest round first."""
    orders = []
    for each in reversed(await all_rounds(tx)):
        progress = await progress_of(tx, person_id=person_id, round=each, now=page.now)
        if progress is None:
            continue
        orders.append(
            Ordered(
                round=each,
                progress=progress,
                timeline=timeline(page, each, progress),
                notices=await told_of_round(tx, person_id=person_id, round_id=each.id),
            )
        )
    return orders


def _show(page: Page, form: Form, caller: Caller | None) -> Response[str]:
    return page.show(
        "operator/person.html",
        {
            "form": form,
            "caller": caller,
            "today": day_in_taipei(page.now),
            "kinds": KINDS,
        },
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


STAFF = [ask_who_calls, tell_caller]
