"""Choosing another store, for one that closed after the order was placed."""

from datetime import datetime

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK

from emask.delivery.collection import standing_of
from emask.delivery.forfeits import change_store
from emask.delivery.standing import Order, Standing, check_order_stands
from emask.rounds.service import load_round
from emask.rules.calendar import day_in_taipei
from emask.rules.refusals import Cancelled, NoPreorder, NotDrawnYet, NotSelected, PaymentClosed
from emask.rules.states import OrderState
from emask.web.citizen.draft import StoreKey
from emask.web.citizen.store_choice import Again, show_stores, store_of
from emask.web.shell.forms import Form
from emask.web.shell.page import Page, SentForm, ThisPage
from emask.web.shell.serving import note_if_served

Answer = Response[str] | Redirect


@get("/orders/{round_id:str}/store")
async def ask_other_store(page: ThisPage, round_id: FromPath[str]) -> Answer:
    """What became of the store, until when to choose, and stores near it."""
    standing = await _standing(page, round_id)
    order = standing.order and _may_choose(standing, standing.order, page.now)
    if order is None:
        return await _without_order(page, standing, round_id)
    return await _show(page, page.form(), standing, order)


@post("/orders/{round_id:str}/store", status_code=HTTP_200_OK)
async def take_other_store(page: ThisPage, form: SentForm, round_id: FromPath[str]) -> Answer:
    """Send the pack to the store chosen now; sent twice, it goes there once."""
    standing = await _standing(page, round_id)
    order = standing.order and _may_choose(standing, standing.order, page.now)
    if order is None:
        return await _without_order(page, standing, round_id)
    store = await store_of(page, form)
    if store is None:
        return await _show(page, form, standing, order)
    await change_store(
        page.system.db,
        page.system.clock,
        person_id=page.session.person_id,
        round_id=round_id,
        chain=store.chain,
        store_code=store.code,
    )
    await note_if_served(page, "change_store", round_id=round_id)
    return page.go("/progress")


async def _standing(page: Page, round_id: str) -> Standing:
    async with page.system.db.transaction() as tx:
        return await standing_of(tx, page.session.person_id, round_id)


def _may_choose(standing: Standing, order: Order, now: datetime) -> Order | None:
    """The order, if its store closed and it still has a pack to get; None at an open store.

    A pack that is opened again for collection may go elsewhere too. Raises PaymentClosed for an
    order that lapsed, or what :func:`check_order_stands` refuses.
    """
    if order.state is OrderState.LAPSED:
        raise PaymentClosed(pay_until=standing.pay_until)
    if order.state is not OrderState.AWAITING_PAYMENT:
        check_order_stands(standing, day_in_taipei(now))
    return None if order.store_open and standing.reopened_until is None else order


async def _without_order(page: Page, standing: Standing, round_id: str) -> Redirect:
    """Who is still registering changes the registration; nothing is to be changed at an open store.

    Raises Cancelled, NotDrawnYet, NoPreorder or NotSelected: why there is no order.
    """
    if standing.order is not None:
        return page.go("/progress")
    if standing.cancelled:
        raise Cancelled
    async with page.system.db.transaction() as tx:
        ordered = await load_round(tx, round_id)
    if standing.preordered and ordered.accepts_preorders(page.now):
        return page.go("/store")
    if standing.preordered and not standing.drawn:
        raise NotDrawnYet(pay_from=standing.pay_from)
    raise NotSelected if standing.preordered else NoPreorder


async def _show(page: Page, form: Form, standing: Standing, order: Order) -> Response[str]:
    unpaid = order.state is OrderState.AWAITING_PAYMENT
    again = Again(
        until=standing.pay_until if unpaid else None,
        last_day=standing.last_day,
        arrived=order.state is OrderState.ARRIVED,
    )
    chosen = StoreKey(order.chain, order.store_code)
    return await show_stores(page, form, chosen=chosen, again=again)


PERSONAL = [ask_other_store, take_other_store]
