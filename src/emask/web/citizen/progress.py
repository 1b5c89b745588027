"""A person's orders: what to do next and by when, cancel, the pick-up code."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK

from emask.database.pool import Transaction
from emask.delivery.collection import standing_of
from emask.delivery.standing import check_order_stands
from emask.entitlement.service import next_purchase_date
from emask.identity.registry import find_person
from emask.notices.service import Told, told_of_round
from emask.payment.last_try import awaited_method
from emask.payment.model import Refund
from emask.payment.refunds import refunds_of
from emask.payment.transfers import accounts_wanted
from emask.preorder.model import Preorder
from emask.preorder.service import cancel_preorder, preorder_of
from emask.programme.progress import NextAction, Progress, progress_of
from emask.rounds.service import all_rounds, current_round, load_round, next_round
from emask.rules.calendar import Product, Round, day_in_taipei
from emask.rules.people import Document, Residency, documents_for, is_child
from emask.rules.price import Method
from emask.rules.refusals import NoPreorder, NotArrived, NotRegistered
from emask.web.citizen.registration import qr_code
from emask.web.citizen.timeline import Moment, timeline
from emask.web.shell.notice_words import KINDS
from emask.web.shell.page import Page, ThisPage
from emask.web.shell.serving import note_if_served
from emask.web.shell.why import why_today

Answer = Response[str] | Redirect

_SHOWN_FOR = timedelta(days=60)
"""How long after its end a round is still shown to who ordered in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One order as the progress page shows it.

    `awaited` is how it is being paid just now; `accounts_wanted` names the events whose refunds
    wait for an account.
    """

    round: Round
    entry: Preorder
    progress: Progress
    timeline: list[Moment]
    awaited: Method | None
    refunds: list[Refund]
    notices: list[Told]
    accounts_wanted: set[UUID]


@get("/progress")
async def show_progress(page: ThisPage) -> Response[str]:
    """Every order of the person, the latest round first."""
    person_id = page.session.person_id
    async with page.system.db.transaction() as tx:
        standings = [
            standing
            for each in reversed(await all_rounds(tx))
            if each.opens_at <= page.now < each.pickup_ends_at + _SHOWN_FOR
            if (standing := await _standing(page, tx, each)) is not None
        ]
        now_on = await current_round(tx, page.now)
        coming = await next_round(tx, now_on) if now_on else None
        today = day_in_taipei(page.now)
        next_purchase = await next_purchase_date(tx, person_id=person_id, today=today)
        person = await find_person(tx, person_id)
        if person is None:
            raise NotRegistered
        why = await why_today(page, tx, person_id)
    return page.show(
        "citizen/progress.html",
        {
            "standings": standings,
            "round": now_on,
            "next_round": coming,
            "next_purchase": next_purchase,
            "why": why,
            "for_others": now_on is not None and not _is_for(now_on, person.birth_date),
            "national": person.residency is Residency.NATIONAL,
            "today": today,
            "kinds": KINDS,
        },
    )


@get("/orders/{round_id:str}/cancel")
async def ask_cancel(page: ThisPage, round_id: FromPath[str]) -> Answer:
    """Really? Of what cannot be cancelled the progress page tells."""
    person_id = page.session.person_id
    async with page.system.db.transaction() as tx:
        ordered = await load_round(tx, round_id)
        progress = await progress_of(tx, person_id=person_id, round=ordered, now=page.now)
    if progress is None or progress.next_action is not NextAction.AMEND:
        return page.go("/progress")
    return page.show("citizen/cancel.html", {"round": ordered})


@post("/orders/{round_id:str}/cancel", status_code=HTTP_200_OK)
async def cancel(page: ThisPage, round_id: FromPath[str]) -> Redirect:
    """Cancel before closing; one can register again."""
    await cancel_preorder(
        page.system.db, page.system.clock, person_id=page.session.person_id, round_id=round_id
    )
    await note_if_served(page, "cancel_preorder", round_id=round_id)
    return page.go("/progress")


@get("/orders/{round_id:str}/pick-up")
async def show_pickup_code(page: ThisPage, round_id: FromPath[str]) -> Response[str]:
    """Number and QR code, what to bring, until when."""
    person_id = page.session.person_id
    today = day_in_taipei(page.now)
    async with page.system.db.transaction() as tx:
        ordered = await load_round(tx, round_id)
        pack = await standing_of(tx, person_id, round_id)
        progress = await progress_of(tx, person_id=person_id, round=ordered, now=page.now)
    if progress is None:
        raise NoPreorder
    check_order_stands(pack, today)
    if progress.pickup_number is None:
        raise NotArrived(expected=progress.collect_from)
    accepted = documents_for(pack.residency)
    return page.show(
        "citizen/pickup.html",
        {
            "round": ordered,
            "progress": progress,
            "qr": qr_code(progress.pickup_number),
            "documents": [each for each in Document if each in accepted],
            "today": today,
        },
    )


async def _standing(page: Page, tx: Transaction, round: Round) -> Standing | None:
    person_id = page.session.person_id
    progress = await progress_of(tx, person_id=person_id, round=round, now=page.now)
    entry = await preorder_of(tx, person_id=person_id, round_id=round.id)
    if progress is None or entry is None:
        return None
    return Standing(
        round=round,
        entry=entry,
        progress=progress,
        timeline=timeline(page, round, progress),
        awaited=await awaited_method(tx, person_id=person_id, round_id=round.id, at=page.now),
        refunds=await refunds_of(tx, person_id=person_id, round_id=round.id),
        notices=await told_of_round(tx, person_id=person_id, round_id=round.id),
        accounts_wanted=await accounts_wanted(tx, person_id=person_id, round_id=round.id),
    )


def _is_for(round: Round, birth_date: date) -> bool:
    """Is the round's kind of mask the one of people born on this day (B1)?"""
    return is_child(birth_date, round.child_born_from) == (round.product is Product.CHILD_MASK)


PERSONAL = [
    show_progress,
    ask_cancel,
    cancel,
    show_pickup_code,
]
