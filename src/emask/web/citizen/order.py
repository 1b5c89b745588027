"""The order: a store, a number for notices, check the answers, submit."""

from dataclasses import dataclass
from uuid import UUID

from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.database.pool import Transaction
from emask.entitlement.service import claims_of
from emask.identity.registry import default_mobile, find_person, name_of
from emask.notices.texts import Kind, notice_text
from emask.payment.service import order_of
from emask.preorder.model import Entry, SubmissionReused
from emask.preorder.service import mobile_of, preorder_of
from emask.rounds.service import all_rounds, current_round, next_round
from emask.rounds.stores import find_store
from emask.rules.calendar import Round, day_in_taipei
from emask.rules.eligibility import PreorderCase, check_preorder
from emask.rules.people import masked_name, normalise_mobile
from emask.rules.refusals import Closed, NotRegistered
from emask.rules.states import OrderState
from emask.web.citizen.draft import Draft, drop_draft, keep_draft, read_draft
from emask.web.citizen.store_choice import show_stores, store_of
from emask.web.shell.page import Page, SentForm, ThisPage
from emask.web.shell.serving import note_if_served

Answer = Response[str] | Redirect


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ordering:
    """An order on its way, in the round that takes it."""

    round: Round
    draft: Draft
    amending: bool


@get("/store")
async def ask_store(page: ThisPage) -> Response[str]:
    """Search a store by name, number or road, by chain and place."""
    draft = (await _ordering(page)).draft
    onward = "/answers" if draft.mobile else "/mobile"
    return await show_stores(page, page.form(), chosen=draft.store, onward=onward)


@post("/store", status_code=HTTP_200_OK)
async def take_store(page: ThisPage, form: SentForm) -> Answer:
    """Keep the store chosen."""
    ordering = await _ordering(page)
    chosen = await store_of(page, form)
    if chosen is None:
        return await show_stores(page, form, chosen=ordering.draft.store)
    draft = ordering.draft.at_store(chosen.chain, chosen.code)
    answer = page.go("/answers" if draft.mobile else "/mobile")
    keep_draft(page, answer, draft)
    return answer


@get("/mobile")
async def ask_mobile(page: ThisPage) -> Response[str]:
    """The number for notices; the one known from earlier is offered."""
    ordering = await _ordering(page)
    async with page.system.db.transaction() as tx:
        known = await default_mobile(tx, page.system.vault, page.session.person_id)
    return page.show("citizen/mobile.html", {"known": ordering.draft.mobile or known})


@post("/mobile", status_code=HTTP_200_OK)
async def take_mobile(page: ThisPage, form: SentForm) -> Answer:
    """Any way of writing it is accepted; it is echoed before submitting."""
    ordering = await _ordering(page)
    mobile = form.read("mobile", normalise_mobile)
    if mobile is None:
        return page.show(
            "citizen/mobile.html",
            {"form": form, "known": ""},
            status=HTTP_422_UNPROCESSABLE_ENTITY,
        )
    answer = page.go("/answers")
    keep_draft(page, answer, ordering.draft.reached_at(mobile))
    return answer


@get("/answers")
async def check_answers(page: ThisPage) -> Answer:
    """Everything once more before it is submitted, with the dates of this round."""
    ordering = await _ordering(page)
    draft = ordering.draft
    if draft.chain is None or draft.store_code is None:
        return page.go("/store")
    if draft.mobile is None:
        return page.go("/mobile")
    async with page.system.db.transaction() as tx:
        store = await find_store(tx, chain=draft.chain, code=draft.store_code)
        name = await name_of(tx, page.system.vault, page.session.person_id)
    answer = page.show(
        "citizen/answers.html",
        {
            "round": ordering.round,
            "draft": draft,
            "store": store,
            "name": masked_name(name),
            "amending": ordering.amending,
            "changed": bool(page.asked("changed")),
        },
    )
    keep_draft(page, answer, draft)  # so that what was seen is what is submitted
    return answer


@post("/answers", status_code=HTTP_200_OK)
async def submit(page: ThisPage, form: SentForm) -> Answer:
    """Submit what was seen; submitting twice shows the same confirmation."""
    ordering = await _ordering(page)
    draft = ordering.draft
    if not draft.chain or not draft.store_code or not draft.mobile:
        return page.go("/store")
    if form.text("submission_id") != str(draft.submission_id):
        # sent from an older tab: submitted already, or other answers than the visitor saw
        return page.go("/done" if ordering.amending else "/answers?changed=1")
    entry = Entry(
        person_id=page.session.person_id,
        round_id=ordering.round.id,
        chain=draft.chain,
        store_code=draft.store_code,
        mobile=draft.mobile,
        channel=page.session.channel,
        language=page.language,
        submission_id=draft.submission_id,
    )
    try:
        await page.system.intake.submit(entry)
    except SubmissionReused:  # submitted before in another language, or on another channel
        answer = page.go("/answers?changed=1")
        keep_draft(page, answer, draft.renewed())
        return answer
    await note_if_served(page, "place_preorder", round_id=ordering.round.id)
    answer = page.go("/done")
    drop_draft(answer)
    return answer


@get("/done")
async def confirm(page: ThisPage) -> Answer:
    """The confirmation: can be opened again, and says the same."""
    async with page.system.db.transaction() as tx:
        now_on = await current_round(tx, page.now)
        if now_on is None:
            return page.go("/progress")
        entry = await preorder_of(tx, person_id=page.session.person_id, round_id=now_on.id)
        if entry is None or entry.state is OrderState.CANCELLED:
            return page.go("/progress")
        store = await find_store(tx, chain=entry.chain, code=entry.store_code)
    payload = {"total": now_on.amount_due, "pay_until": now_on.pay_until.isoformat()}
    sms = notice_text(Kind.SELECTED, entry.language.code, payload)
    return page.show(
        "citizen/done.html", {"round": now_on, "entry": entry, "store": store, "sms": sms}
    )


async def _ordering(page: Page) -> _Ordering:
    """The order of who is signed in; raises the refusal that stands against it."""
    person_id = page.session.person_id
    async with page.system.db.transaction() as tx:
        now_on = await current_round(tx, page.now)
        person = await find_person(tx, person_id)
        if now_on is None or person is None:
            raise Closed if now_on is None else NotRegistered
        case = PreorderCase(
            round=now_on,
            now=page.now,
            channel=page.session.channel,
            birth_date=person.birth_date,
            product=now_on.product,
            claims=await claims_of(tx, person_id),
            bought_closed_round=await _bought(tx, person_id, now_on.closed_to_buyers_of),
        )
        try:
            check_preorder(case)
        except Closed as closed:
            coming = await next_round(tx, now_on)
            closed.next_opens_on = day_in_taipei(coming.opens_at) if coming else None
            raise
        entry = await preorder_of(tx, person_id=person_id, round_id=now_on.id)
        standing = entry is not None and entry.state is OrderState.REGISTERED
        draft = await _seeded(page, tx, read_draft(page, now_on.id))
    return _Ordering(round=now_on, draft=draft, amending=standing)


async def _bought(tx: Transaction, person_id: UUID, round_id: str | None) -> bool:
    """Whether the person has bought in a round."""
    if round_id is None:
        return False
    order = await order_of(tx, person_id=person_id, round_id=round_id)
    return order is not None and order.bought


async def _seeded(page: Page, tx: Transaction, draft: Draft) -> Draft:
    """A draft that was not begun takes over what stands already, or the last round's answers."""
    if draft.chain or draft.mobile:
        return draft
    person_id = page.session.person_id
    rounds = [each.id for each in await all_rounds(tx)]
    for round_id in (draft.round_id, *reversed(rounds)):
        entry = await preorder_of(tx, person_id=person_id, round_id=round_id)
        if entry is not None:
            vault = page.system.vault
            mobile = await mobile_of(tx, vault, person_id=person_id, round_id=round_id)
            return draft.at_store(entry.chain, entry.store_code).reached_at(mobile)
    return draft


PERSONAL = [
    ask_store,
    take_store,
    ask_mobile,
    take_mobile,
    check_answers,
    submit,
    confirm,
]
