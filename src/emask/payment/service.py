"""Open orders, start a payment, let the unpaid lapse, and tell how orders stand.

A gateway takes a trade from the payer's browser, so starting a payment asks nobody outside: it is
one short transaction. What gateways tell later is :mod:`emask.payment.receiving`.
"""

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.payment import allowances, ledger_queries, queries, trade_queries
from emask.payment.last_try import ANSWERED_WITHIN
from emask.payment.model import IssuedAccount, MoneySummary, Order, Started
from emask.payment.ports import Gateways
from emask.payment.trade_queries import NewTrade
from emask.rules.calendar import Round
from emask.rules.price import Method, check_method, check_payment_open
from emask.rules.refusals import NoPreorder
from emask.rules.states import OrderState


class NotAllowed(LookupError):
    """The owner of an order has not allowed this payer to pay it."""


class _Plan(NamedTuple):
    """Whose orders are to be paid, by whom, how and when."""

    people: Sequence[UUID]
    payer: UUID
    round: Round
    method: Method
    at: datetime


async def open_orders(tx: Transaction, *, round: Round, at: datetime) -> int:
    """Open an order for every selected pre-order; how many. Doing it again opens none."""
    return await queries.open_orders(tx, round, at)


async def start_payment(
    db: Database,
    clock: Clock,
    gateways: Gateways,
    *,
    person_id: UUID,
    round: Round,
    method: Method,
) -> Started:
    """Say how to pay an order; who starts twice goes on with the same trade.

    An account once issued is said again. A trade of the last 15 minutes of which the gateway has
    told nothing is the one to go on with.

    Raises:
        NoPreorder, NotSelected, AlreadyPaid, PaymentNotOpen, PaymentClosed, MethodNotAllowed.
    """
    plan = _Plan([person_id], person_id, round, method, await clock.now())
    async with db.transaction() as tx:
        await _hold_payable(tx, plan)
        if account := await _account_for(tx, plan):
            return Started(account=account)
        return Started(trade_no=await _unanswered(tx, plan) or await _open(tx, gateways, plan))


async def start_anew(
    db: Database,
    clock: Clock,
    gateways: Gateways,
    *,
    person_id: UUID,
    round: Round,
    method: Method,
) -> Started:
    """As :func:`start_payment`, for who says not to have finished at the bank: another trade.

    Should both bring money, that of the second goes back.

    Raises:
        NoPreorder, NotSelected, AlreadyPaid, PaymentNotOpen, PaymentClosed, MethodNotAllowed.
    """
    plan = _Plan([person_id], person_id, round, method, await clock.now())
    async with db.transaction() as tx:
        await _hold_payable(tx, plan)
        if account := await _account_for(tx, plan):
            return Started(account=account)
        return Started(trade_no=await _open(tx, gateways, plan))


async def start_joint_payment(
    db: Database,
    clock: Clock,
    gateways: Gateways,
    *,
    payer: UUID,
    others: Collection[UUID],
    round: Round,
) -> Started:
    """One card payment for the payer's order and others'; each keeps its own fee (B11).

    Raises:
        NotAllowed: one of the others has not allowed it.
        NoPreorder, NotSelected, AlreadyPaid, PaymentNotOpen, PaymentClosed, MethodNotAllowed:
            one of the orders cannot be paid so (:func:`check_payable` tells which).
    """
    plan = _joint(payer, others, round, await clock.now())
    async with db.transaction() as tx:
        await _hold_allowed(tx, plan)
        return Started(trade_no=await _unanswered(tx, plan) or await _open(tx, gateways, plan))


async def start_joint_anew(
    db: Database,
    clock: Clock,
    gateways: Gateways,
    *,
    payer: UUID,
    others: Collection[UUID],
    round: Round,
) -> Started:
    """As :func:`start_joint_payment`, for who says not to have finished at the bank.

    Raises:
        NotAllowed: one of the others has not allowed it.
        NoPreorder, NotSelected, AlreadyPaid, PaymentNotOpen, PaymentClosed, MethodNotAllowed.
    """
    plan = _joint(payer, others, round, await clock.now())
    async with db.transaction() as tx:
        await _hold_allowed(tx, plan)
        return Started(trade_no=await _open(tx, gateways, plan))


async def check_payable(
    tx: Transaction, *, person_id: UUID, round: Round, method: Method, at: datetime
) -> OrderState:
    """The state of an order that can be paid now and so.

    Raises:
        NoPreorder, NotSelected, AlreadyPaid, PaymentNotOpen, PaymentClosed, MethodNotAllowed.
    """
    standing = await queries.standing(tx, person_id, round.id)
    if standing is None:
        raise NoPreorder
    check_payment_open(round, at, standing.state)
    check_method(standing.channel, method)  # B14: of the order, whoever pays it
    return standing.state


async def lapse_unpaid(tx: Transaction, *, round: Round, at: datetime) -> int:
    """Let what is still unpaid at release_at lapse, without penalty, and tell so; how many."""
    return await queries.lapse(tx, round.id, at)


async def order_of(tx: Transaction, *, person_id: UUID, round_id: str) -> Order | None:
    """A person's order; None before the draw is published and for who is not selected."""
    return await queries.order(tx, person_id, round_id)


async def account_of(tx: Transaction, *, person_id: UUID, round_id: str) -> IssuedAccount | None:
    """The account to which a person is to transfer; None once the order awaits no money."""
    return await trade_queries.account(tx, person_id, round_id)


async def money_of(tx: Transaction, round_id: str) -> MoneySummary:
    """The sums of a round's money."""
    return await ledger_queries.money(tx, round_id)


def new_trade_no() -> str:
    """A fresh trade number: 20 letters and digits, which every gateway takes."""
    return f"EM{secrets.token_hex(9).upper()}"


async def _hold_payable(tx: Transaction, plan: _Plan) -> None:
    """Hold the orders, so that who starts at the same time waits; each can be paid so."""
    await queries.hold(tx, plan.people, plan.round.id)
    for person_id in plan.people:
        await check_payable(
            tx, person_id=person_id, round=plan.round, method=plan.method, at=plan.at
        )


def _joint(payer: UUID, others: Collection[UUID], round: Round, at: datetime) -> _Plan:
    return _Plan(sorted({payer, *others}), payer, round, Method.CREDIT_CARD, at)


async def _hold_allowed(tx: Transaction, plan: _Plan) -> None:
    """As :func:`_hold_payable`, and every other owner has allowed the payer. Raises NotAllowed."""
    await _hold_payable(tx, plan)
    for owner in plan.people:
        if owner != plan.payer and not await allowances.allowed(
            tx, payer=plan.payer, owner=owner, round_id=plan.round.id, at=plan.at
        ):
            raise NotAllowed


async def _account_for(tx: Transaction, plan: _Plan) -> IssuedAccount | None:
    if plan.method is not Method.ATM:
        return None
    return await trade_queries.account(tx, plan.payer, plan.round.id)


async def _unanswered(tx: Transaction, plan: _Plan) -> str | None:
    """The trade that the payer has just gone to the gateway with."""
    return await trade_queries.unanswered(
        tx,
        plan.people,
        opened_by=plan.payer,
        round_id=plan.round.id,
        method=plan.method,
        since=plan.at - ANSWERED_WITHIN,
    )


async def _open(tx: Transaction, gateways: Gateways, plan: _Plan) -> str:
    """Note a trade that the payer's browser is going to open; its number."""
    trade = NewTrade(
        people=plan.people,
        round_id=plan.round.id,
        gateway=gateways.taking(plan.method).name,
        method=plan.method,
        amount=plan.round.amount_due,
        trade_no=new_trade_no(),
        opened_by=plan.payer,
        opened_at=plan.at,
    )
    await trade_queries.insert(tx, trade)
    return trade.trade_no
