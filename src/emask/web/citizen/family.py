"""Paying for relatives too: several orders, one card, each with its own fee (B11)."""

from dataclasses import dataclass
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.database.pool import Transaction
from emask.identity.registry import name_of
from emask.payment.service import check_payable, start_joint_payment
from emask.preorder.service import preorder_of
from emask.rounds.service import load_round
from emask.rules.calendar import Round
from emask.rules.people import masked_name, normalise_id
from emask.rules.price import Method
from emask.rules.refusals import Refusal
from emask.web.citizen.payment import to_the_bank
from emask.web.shell.forms import Form
from emask.web.shell.page import Page, SentForm, ThisPage
from emask.web.shell.serving import note_if_served

Answer = Response[str] | Redirect

_MOST = 10
_TICKET_LETTERS = 8
"""So much of a pre-order's number shows that its owner has shared it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Family:
    """Whose orders are to be paid together; the first is the visitor."""

    round: Round
    people: tuple[UUID, ...]


@get("/orders/{round_id:str}/family")
async def ask_family(page: ThisPage, round_id: FromPath[str]) -> Response[str]:
    """Whose orders besides one's own."""
    return await _show(page, page.form(), await _family(page, "", round_id))


@post("/orders/{round_id:str}/family", status_code=HTTP_200_OK)
async def add_or_pay(page: ThisPage, form: SentForm, round_id: FromPath[str]) -> Answer:
    """Add a relative, or go on to the bank with all of them."""
    family = await _family(page, form.text("family"), round_id)
    if form.text("act") != "pay":
        added = await _with_relative(page, form, family)
        return await _show(page, page.form() if form.ok else form, added)
    instruction = await start_joint_payment(
        page.system.db,
        page.system.clock,
        page.system.partners.gateway,
        people=family.people,
        round=family.round,
    )
    await note_if_served(page, "start_payment", round_id=round_id)
    return to_the_bank(page, instruction.redirect_url or "", round_id)


async def _with_relative(page: Page, form: Form, family: _Family) -> _Family:
    """The family and one more; the same family with a correction if that cannot be."""
    number = form.read("id_number", normalise_id)
    ticket = "".join(filter(str.isalnum, form.text("ticket"))).lower()
    if number is None or len(family.people) >= _MOST:
        return family
    relative = page.system.vault.person_id(number)
    async with page.system.db.transaction() as tx:
        order = await preorder_of(tx, person_id=relative, round_id=family.round.id)
        if order is None or order.ticket.hex[:_TICKET_LETTERS] != ticket[:_TICKET_LETTERS]:
            form.fail("ticket", page.say("身分證字號與登記編號不相符，對照預購進度再輸入"))
            return family
        try:
            await _check(tx, page, family.round, relative)
        except Refusal as refusal:
            form.fail("id_number", refusal.title(page.language.code))
            return family
    return _Family(round=family.round, people=tuple(dict.fromkeys((*family.people, relative))))


async def _family(page: Page, token: str, round_id: str) -> _Family:
    """The visitor, and who was added on this page before; raises what stands against the own."""
    visitor = page.session.person_id
    async with page.system.db.transaction() as tx:
        round = await load_round(tx, round_id)
        await _check(tx, page, round, visitor)
    try:
        others = [UUID(each) for each in _sealer(page).loads(token)] if token else []
    except (BadData, ValueError):
        others = []
    return _Family(round=round, people=tuple(dict.fromkeys((visitor, *others))))


async def _check(tx: Transaction, page: Page, round: Round, person_id: UUID) -> None:
    await check_payable(
        tx, person_id=person_id, round=round, method=Method.CREDIT_CARD, at=page.now
    )


async def _show(page: Page, form: Form, family: _Family) -> Response[str]:
    async with page.system.db.transaction() as tx:
        names = [masked_name(await name_of(tx, page.system.vault, each)) for each in family.people]
    others = [str(each) for each in family.people[1:]]
    return page.show(
        "citizen/family.html",
        {
            "form": form,
            "round": family.round,
            "names": names,
            "total": family.round.amount_due * len(names),
            "family": _sealer(page).dumps(others),
            "full": len(names) >= _MOST,
        },
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


def _sealer(page: Page) -> URLSafeSerializer:
    return URLSafeSerializer(page.system.keys.session, salt=f"family {page.session.person_id}")


PERSONAL = [ask_family, add_or_pay]
