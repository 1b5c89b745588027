"""Paying: the methods allowed, the account to transfer to, the bank's answer (B6, B13, B14)."""

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY

from emask.payment.service import latest_instruction, order_of, pending, start_payment
from emask.programme.progress import progress_of
from emask.rounds.service import load_round
from emask.rules.price import Method, check_payment_open
from emask.rules.refusals import NoPreorder
from emask.rules.states import OrderState
from emask.web.shell.forms import Form
from emask.web.shell.page import Page, SentForm, ThisPage
from emask.web.shell.serving import note_if_served

Answer = Response[str] | Redirect


@get("/orders/{round_id:str}/pay")
async def ask_method(page: ThisPage, round_id: FromPath[str]) -> Answer:
    """How to pay; an account once issued is shown again.

    `?again=1` comes from who says not to have finished at the bank, whose answer is awaited.
    """
    return await _show(page, page.form(), round_id, again=bool(page.asked("again")))


@post("/orders/{round_id:str}/pay", status_code=HTTP_200_OK)
async def start(page: ThisPage, form: SentForm, round_id: FromPath[str]) -> Answer:
    """Begin a payment: on to the bank's page, or the account."""
    method = form.choose("method", Method, page.say("選擇一種付款方式"))
    if method is None:
        return await _show(page, form, round_id)
    async with page.system.db.transaction() as tx:
        ordered = await load_round(tx, round_id)
    instruction = await start_payment(
        page.system.db,
        page.system.clock,
        page.system.partners.gateway,
        person_id=page.session.person_id,
        round=ordered,
        method=method,
    )
    await note_if_served(page, "start_payment", round_id=round_id)
    if instruction.redirect_url is None:
        return page.go(f"/orders/{round_id}/pay")
    return to_the_bank(page, instruction.redirect_url, round_id)


@get("/orders/{round_id:str}/paid")
async def show_outcome(page: ThisPage, round_id: FromPath[str]) -> Answer:
    """Back from the bank: paid, declined, or its answer is still on its way."""
    person_id = page.session.person_id
    async with page.system.db.transaction() as tx:
        ordered = await load_round(tx, round_id)
        order = await order_of(tx, person_id=person_id, round_id=round_id)
        checking = await pending(tx, person_id=person_id, round_id=round_id, at=page.now)
    if order is None:
        raise NoPreorder
    if order.state is not OrderState.AWAITING_PAYMENT:
        return page.go("/progress")
    return page.show("citizen/paid.html", {"round": ordered, "checking": checking})


async def _show(page: Page, form: Form, round_id: str, *, again: bool = False) -> Answer:
    """The methods, the account, or, while the bank is still to answer, that it is."""
    person_id = page.session.person_id
    async with page.system.db.transaction() as tx:
        ordered = await load_round(tx, round_id)
        progress = await progress_of(tx, person_id=person_id, round=ordered, now=page.now)
        if progress is None:
            raise NoPreorder
        check_payment_open(ordered, page.now, progress.state)
        account = await latest_instruction(tx, person_id=person_id, round_id=round_id)
        checking = await pending(tx, person_id=person_id, round_id=round_id, at=page.now)
    if checking and account is None and not again and form.ok:
        return page.go(f"/orders/{round_id}/paid")
    return page.show(
        "citizen/pay.html",
        {"form": form, "round": ordered, "progress": progress, "account": account},
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


def to_the_bank(page: Page, address: str, round_id: str) -> Redirect:
    """The bank's page; a demo's is one of our own, in the visitor's language."""
    if address.startswith("/"):
        return page.go(f"{address}?back={round_id}")
    return Redirect(address, status_code=HTTP_303_SEE_OTHER)


PERSONAL = [ask_method, start, show_outcome]
