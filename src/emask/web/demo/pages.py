"""The guided tour: the clock, the people to be, and what to do as each of them."""

import dataclasses
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.database.pool import Transaction
from emask.identity.sessions import STAFF_LIFETIME
from emask.identity.staff import sign_in_staff
from emask.programme.queries import steps_done
from emask.programme.service import advance_to
from emask.programme.steps import STEPS
from emask.rounds.service import all_rounds, current_round
from emask.rules.calendar import TAIPEI, Channel, Round
from emask.rules.refusals import Closed
from emask.web.citizen.arrival import welcome
from emask.web.demo.crowd import CROWD, QUOTA, gather_crowd
from emask.web.demo.stage import PHARMACY, STORE
from emask.web.operator import words
from emask.web.sandbox_pages.cast import CAST, PASSWORD, STAFF, member
from emask.web.shell.cookies import SESSION, cookie
from emask.web.shell.cookies import STAFF as STAFF_COOKIE
from emask.web.shell.forms import Form
from emask.web.shell.page import Page, SentForm, ThisPage
from emask.web.shell.staff import SCREENS

Answer = Response[str] | Redirect

_A_DAY = timedelta(days=1)
_FARTHEST = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Next:
    """What falls due next."""

    round: Round
    step: str
    due: datetime


@get("/demo")
async def show_tour(page: ThisPage) -> Response[str]:
    """The tour."""
    return await _tour(page, page.form())


@post("/demo/clock", status_code=HTTP_200_OK)
async def move_clock(page: ThisPage, form: SentForm) -> Answer:
    """Move the clock on; everything due on the way happens in its order."""
    instant = await _chosen_instant(page, form)
    if instant is None:
        return await _tour(page, form)
    await advance_to(page.system, instant)
    answer = page.go("/demo")
    _carry_over(page, answer, instant)
    return answer


@post("/demo/sign-in", status_code=HTTP_200_OK)
async def be_citizen(page: ThisPage, form: SentForm) -> Redirect:
    """Be somebody, signed in with one click."""
    somebody = member(form.text("person"))
    if somebody is None:
        raise NotFoundException
    person_id = page.system.vault.person_id(somebody.person.id_number)
    on_phone = form.text("on") == "phone"
    return await welcome(page, person_id, Channel.MOBILE if on_phone else Channel.COMPUTER)


@post("/demo/staff", status_code=HTTP_200_OK)
async def be_staff(page: ThisPage, form: SentForm) -> Redirect:
    """Be a member of staff, signed in with one click."""
    username = form.text("username")
    if username not in [each.username for each in STAFF]:
        raise NotFoundException
    staff = await sign_in_staff(
        page.system.db, page.system.clock, username=username, password=PASSWORD
    )
    answer = page.go(SCREENS[staff.role])
    answer.set_cookie(cookie(STAFF_COOKIE, page.system.sessions.issue_staff(staff)))
    return answer


@post("/demo/crowd", status_code=HTTP_200_OK)
async def call_crowd(page: ThisPage) -> Redirect:
    """Let a crowd pre-order, so that a draw decides."""
    async with page.system.db.transaction() as tx:
        now_on = await current_round(tx, page.now)
    if now_on is None or not now_on.accepts_preorders(page.now):
        raise Closed
    await gather_crowd(page.system, now_on)
    return page.go("/demo")


async def _tour(page: Page, form: Form) -> Response[str]:
    async with page.system.db.transaction() as tx:
        now_on = await current_round(tx, page.now)
        coming = await _next_due(page, tx)
    return page.show(
        "demo/tour.html",
        {
            "form": form,
            "round": now_on,
            "phase": now_on.phase(page.now) if now_on else None,
            "coming": coming,
            "words": words,
            "cast": CAST,
            "staff": STAFF,
            "password": PASSWORD,
            "pharmacy": PHARMACY,
            "store": STORE,
            "crowd": CROWD,
            "quota": QUOTA,
        },
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


async def _next_due(page: Page, tx: Transaction) -> _Next | None:
    """The step of any round that falls due first."""
    done = await steps_done(tx)
    beacon = page.system.partners.beacon
    open_steps = [
        _Next(round=each, step=step.name, due=step.due(each, beacon))
        for each in await all_rounds(tx)
        for step in STEPS
        if step.name not in done.get(each.id, frozenset())
    ]
    return min(open_steps, key=lambda each: each.due, default=None)


async def _chosen_instant(page: Page, form: Form) -> datetime | None:
    """Where the clock is to go; None and a correction when that is nowhere ahead."""
    match form.text("to"):
        case "next":
            async with page.system.db.transaction() as tx:
                coming = await _next_due(page, tx)
            instant = coming.due if coming else None
        case "day":
            instant = page.now + _A_DAY
        case _:
            instant = _typed_instant(form.text("instant"))
    if instant is None or not page.now <= instant <= page.now + _FARTHEST:
        form.fail("instant", page.say("選擇比現在晚、一年以內的日期與時間，例如 2020-03-22 10:00"))
        return None
    return instant


def _typed_instant(text: str) -> datetime | None:
    try:
        plain = unicodedata.normalize("NFKC", text).replace("/", "-")
        return datetime.fromisoformat(plain).replace(tzinfo=TAIPEI)
    except ValueError:
        return None


def _carry_over(page: Page, answer: Response[Any], now: datetime) -> None:
    """Who is signed in stays so, however far the clock went."""
    sessions = page.system.sessions
    if page.visitor is not None:
        answer.set_cookie(cookie(SESSION, sessions.prolong(page.visitor, now=now)))
    if page.member is not None:
        staff = dataclasses.replace(page.member, expires_at=now + STAFF_LIFETIME)
        answer.set_cookie(cookie(STAFF_COOKIE, sessions.issue_staff(staff)))


DEMO = [show_tour, move_clock, be_citizen, be_staff, call_crowd]
