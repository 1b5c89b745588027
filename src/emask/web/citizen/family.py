"""Paying for relatives too: several orders, one card, each with its own fee (B11).

Each owner allows it with a code that their own page shows them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.identity.registry import name_of
from emask.payment.allowances import CODE_LIFETIME, allow, allowed_by, use_allowance
from emask.payment.last_try import awaited_method
from emask.payment.service import (
    NotAllowed,
    check_payable,
    start_joint_anew,
    start_joint_payment,
)
from emask.rounds.service import load_round
from emask.rules.calendar import Round
from emask.rules.people import masked_name, normalise_id
from emask.rules.price import Method
from emask.rules.refusals import FamilyCodeWrong
from emask.web.citizen.payment import checkout_path
from emask.web.shell.forms import Form
from emask.web.shell.limits import Way, limited
from emask.web.shell.page import Page, SentForm, ThisPage
from emask.web.shell.serving import note_if_served

Answer = Response[str] | Redirect

_MOST: Final = 10
"""Orders in one payment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Family:
    """Whose orders the visitor may pay together with the own one."""

    round: Round
    others: tuple[UUID, ...]


@get("/orders/{round_id:str}/allow")
async def ask_allowance(page: ThisPage, round_id: FromPath[str]) -> Response[str]:
    """What a code is for, of an order that can be paid by card now."""
    return _show_code(page, await _own_round(page, round_id))


@post("/orders/{round_id:str}/allow", status_code=HTTP_200_OK)
async def give_allowance(page: ThisPage, round_id: FromPath[str]) -> Response[str]:
    """A fresh code for a relative, shown this once."""
    ordered = await _own_round(page, round_id)
    code = await allow(
        page.system.db,
        page.system.clock,
        page.system.vault,
        person_id=page.session.person_id,
        round_id=round_id,
    )
    await note_if_served(page, "allow_payment", round_id=round_id)
    return _show_code(page, ordered, code=code, until=page.now + CODE_LIFETIME)


@get("/orders/{round_id:str}/family")
async def ask_family(page: ThisPage, round_id: FromPath[str]) -> Answer:
    """Whose orders besides one's own; not while a bank is still to answer."""
    family = await _family(page, round_id)
    if not page.asked("again") and await _awaited(page, round_id):
        return page.go(f"/orders/{round_id}/paid")
    return await _show(page, page.form(), family)


@post("/orders/{round_id:str}/family", status_code=HTTP_200_OK)
async def add_or_pay(page: ThisPage, form: SentForm, round_id: FromPath[str]) -> Answer:
    """Add a relative, or go on to the gateway with all of them."""
    family = await _family(page, round_id)
    if form.text("act") == "pay":
        answer = await _pay(page, form, family)
        await note_if_served(page, "start_payment", round_id=round_id)
        return answer
    if len(family.others) + 1 < _MOST:
        await _add(page, form, family)
    return await _show(page, form, await _family(page, round_id))


async def _pay(page: Page, form: Form, family: _Family) -> Redirect:
    begin = start_joint_anew if form.ticked("again") else start_joint_payment
    try:
        started = await begin(
            page.system.db,
            page.system.clock,
            page.system.partners.gateways,
            payer=page.session.person_id,
            others=family.others,
            round=family.round,
        )
    except NotAllowed:  # an hour has just passed, or the owner took it back
        return page.go(f"/orders/{family.round.id}/family")
    return page.go(checkout_path(family.round.id, started.trade_no or ""))


async def _add(page: Page, form: Form, family: _Family) -> None:
    """Add one relative, or say in the form what to correct."""
    number = form.read("id_number", normalise_id)
    code = form.require("code", page.say("輸入家人畫面上的代付碼，共 8 碼數字"))
    if number is None or not form.ok:
        return
    owner = page.system.vault.person_id(number)
    try:
        async with limited(page, Way.FAMILY_CODE):
            await use_allowance(
                page.system.db,
                page.system.clock,
                page.system.vault,
                payer=page.session.person_id,
                owner=owner,
                round_id=family.round.id,
                code=code,
            )
    except FamilyCodeWrong:
        form.fail("code", page.say("代付碼與身分證字號不相符，或已經用過、過期；由家人重新取得"))


async def _own_round(page: Page, round_id: str) -> Round:
    """The round; raises what stands against paying the visitor's own order by card."""
    async with page.system.db.transaction() as tx:
        round = await load_round(tx, round_id)
        await check_payable(
            tx,
            person_id=page.session.person_id,
            round=round,
            method=Method.CREDIT_CARD,
            at=page.now,
        )
    return round


async def _family(page: Page, round_id: str) -> _Family:
    """The visitor's round, and who has allowed the visitor; raises what stands against the own."""
    round = await _own_round(page, round_id)
    async with page.system.db.transaction() as tx:
        others = await allowed_by(tx, payer=page.session.person_id, round_id=round_id, at=page.now)
    return _Family(round=round, others=tuple(others[: _MOST - 1]))


async def _awaited(page: Page, round_id: str) -> bool:
    async with page.system.db.transaction() as tx:
        method = await awaited_method(
            tx, person_id=page.session.person_id, round_id=round_id, at=page.now
        )
    return method is not None


async def _show(page: Page, form: Form, family: _Family) -> Response[str]:
    people = (page.session.person_id, *family.others)
    async with page.system.db.transaction() as tx:
        names = [masked_name(await name_of(tx, page.system.vault, each)) for each in people]
    return page.show(
        "citizen/family.html",
        {
            "form": page.form() if form.ok else form,
            "round": family.round,
            "names": names,
            "total": family.round.amount_due * len(names),
            "again": bool(page.asked("again")) or form.ticked("again"),
            "full": len(names) >= _MOST,
        },
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


def _show_code(
    page: Page, round: Round, *, code: str = "", until: datetime | None = None
) -> Response[str]:
    return page.show("citizen/allow.html", {"round": round, "code": code, "until": until})


PERSONAL = [ask_allowance, give_allowance, ask_family, add_or_pay]
