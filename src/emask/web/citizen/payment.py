"""Paying: the methods allowed, the way to the gateway, the account, what came of it (B6, B14)."""

from urllib.parse import urlsplit

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.payment.checkout import checkout, trade_of
from emask.payment.last_try import Stage, awaited_method, stage_of
from emask.payment.receiving import UnknownTrade
from emask.payment.service import account_of, order_of, start_anew, start_payment
from emask.programme.progress import progress_of
from emask.rounds.service import load_round
from emask.rules.price import Method, check_payment_open
from emask.rules.refusals import NoPreorder
from emask.rules.states import OrderState
from emask.web.shell.forms import Form
from emask.web.shell.page import Page, SentForm, ThisPage
from emask.web.shell.serving import note_if_served
from emask.web.shell.words import GATEWAYS

Answer = Response[str] | Redirect


@get("/orders/{round_id:str}/pay")
async def ask_method(page: ThisPage, round_id: FromPath[str]) -> Answer:
    """How to pay; an account once issued is shown again.

    `?again=1` comes from who says not to have finished at the bank, whose answer is awaited.
    """
    return await _show(page, page.form(), round_id)


@post("/orders/{round_id:str}/pay", status_code=HTTP_200_OK)
async def start(page: ThisPage, form: SentForm, round_id: FromPath[str]) -> Answer:
    """Begin a payment: on to the page that leads to the gateway, or the account.

    Another method has to wait for the answer that is awaited; the same one goes on as before.
    """
    method = form.choose("method", Method, page.say("選擇一種付款方式"))
    if method is None:
        return await _show(page, form, round_id)
    person_id = page.session.person_id
    async with page.system.db.transaction() as tx:
        ordered = await load_round(tx, round_id)
        awaited = await awaited_method(tx, person_id=person_id, round_id=round_id, at=page.now)
    again = form.ticked("again")
    if awaited not in (None, method) and not again:
        return page.go(f"/orders/{round_id}/paid")
    begin = start_anew if again else start_payment
    started = await begin(
        page.system.db,
        page.system.clock,
        page.system.partners.gateways,
        person_id=person_id,
        round=ordered,
        method=method,
    )
    await note_if_served(page, "start_payment", round_id=round_id)
    if started.trade_no is None:
        return page.go(f"/orders/{round_id}/pay")
    return page.go(checkout_path(round_id, started.trade_no))


@get("/orders/{round_id:str}/checkout/{trade_no:str}")
async def show_checkout(
    page: ThisPage, round_id: FromPath[str], trade_no: FromPath[str]
) -> Response[str]:
    """What happens next, and the button that takes the payer's browser to the gateway."""
    payer = page.session.person_id
    try:
        async with page.system.db.transaction() as tx:
            trade = await trade_of(tx, trade_no=trade_no, payer=payer)
            ordered = await load_round(tx, trade.round_id)
        leaving = await checkout(
            page.system.db,
            page.system.clock,
            page.system.partners.gateways,
            trade_no=trade_no,
            payer=payer,
            origin=page.system.site.origin,
            language=page.language.code,
        )
    except UnknownTrade:
        raise NotFoundException from None
    if ordered.id != round_id:
        raise NotFoundException
    return page.show(
        "citizen/checkout.html",
        {
            "leaving": leaving,
            "host": urlsplit(leaving.action).hostname,
            "company": GATEWAYS.get(trade.gateway, trade.gateway),
            "trade": trade,
            "round": ordered,
        },
    )


@get("/orders/{round_id:str}/paid")
async def show_outcome(page: ThisPage, round_id: FromPath[str]) -> Answer:
    """Back from the gateway: paid, declined, too late, or its answer is still on its way."""
    person_id = page.session.person_id
    async with page.system.db.transaction() as tx:
        ordered = await load_round(tx, round_id)
        order = await order_of(tx, person_id=person_id, round_id=round_id)
        stage = await stage_of(tx, person_id=person_id, round_id=round_id, at=page.now)
    if order is None:
        raise NoPreorder
    over = page.now >= ordered.pay_until or order.state is OrderState.LAPSED
    if order.paid_at is not None or stage is Stage.GOES_BACK:
        return page.go("/progress")
    if stage in (Stage.NOT_TRIED, Stage.ACCOUNT) and not over:
        return page.go(f"/orders/{round_id}/pay")
    kept = over and order.state is OrderState.AWAITING_PAYMENT and page.now < ordered.release_at
    return page.show(
        "citizen/paid.html",
        {"round": ordered, "stage": "over" if over else stage, "kept": kept},
    )


async def _show(page: Page, form: Form, round_id: str) -> Answer:
    """The methods, the account, or, while the gateway is still to answer, that it is."""
    person_id = page.session.person_id
    again = bool(page.asked("again")) or form.ticked("again")
    async with page.system.db.transaction() as tx:
        ordered = await load_round(tx, round_id)
        progress = await progress_of(tx, person_id=person_id, round=ordered, now=page.now)
        if progress is None:
            raise NoPreorder
        check_payment_open(ordered, page.now, progress.state)
        account = await account_of(tx, person_id=person_id, round_id=round_id)
        awaited = await awaited_method(tx, person_id=person_id, round_id=round_id, at=page.now)
    if awaited and not again and form.ok:
        return page.go(f"/orders/{round_id}/paid")
    return page.show(
        "citizen/pay.html",
        {
            "form": form,
            "round": ordered,
            "progress": progress,
            "account": account,
            "again": again,
        },
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


def checkout_path(round_id: str, trade_no: str) -> str:
    """The page that leads to the gateway."""
    return f"/orders/{round_id}/checkout/{trade_no}"


PERSONAL = [ask_method, start, show_checkout, show_outcome]
