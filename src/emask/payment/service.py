"""Open orders, start a payment, take in what the gateway tells, let the unpaid lapse.

An order's state follows from the ledger of events. A message may come twice, late, out of order
or forged; money that does not pay its order becomes a refund and never changes another order.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from emask.database import audit_log
from emask.database.clock import Clock
from emask.database.inbox import first_time
from emask.database.pool import Database, Transaction
from emask.entitlement.deferrals import announce_moves
from emask.entitlement.service import claim_paid_preorder
from emask.payment import ledger_queries, queries
from emask.payment.ledger_queries import Attempt, Event, Trade
from emask.payment.model import MoneySummary, Order, Refund
from emask.payment.ports import Gateway, GatewayMessage, Instruction, MessageKind
from emask.rounds.service import load_round
from emask.rules.calendar import Round, day_in_taipei
from emask.rules.interval import NoDayLeft
from emask.rules.price import (
    Method,
    MoneyOutcome,
    check_method,
    check_payment_open,
    judge_money,
)
from emask.rules.refusals import NoPreorder
from emask.rules.states import OrderState

DUPLICATE = "duplicate"
"""A message that has taken effect before."""

NO_DAY_LEFT = "no_day_left"
"""Money in time, but no day is left to collect the pack; it goes back."""

_BANK_ANSWERS_WITHIN = timedelta(minutes=15)


class UnknownTrade(LookupError):
    """A gateway speaks of a trade that we never opened with it."""


class RefundNotDue(LookupError):
    """There is no such refund, or it is done."""


class DoubleCredit(RuntimeError):
    """Money was judged to pay an order that was not awaiting any; nothing is written."""


async def open_orders(tx: Transaction, *, round: Round, at: datetime) -> int:
    """Open an order for every selected pre-order; how many. Doing it again opens none."""
    return await queries.open_orders(tx, round, at)


async def start_payment(
    db: Database, clock: Clock, gateway: Gateway, *, person_id: UUID, round: Round, method: Method
) -> Instruction:
    """Say how to pay an order. An account once issued is said again.

    The outside call stands between two transactions, with nothing held meanwhile.

    Raises:
        NoPreorder, NotSelected, AlreadyPaid, PaymentNotOpen, PaymentClosed, MethodNotAllowed.
    """
    now = await clock.now()
    async with db.transaction() as tx:
        state = await check_payable(tx, person_id=person_id, round=round, method=method, at=now)
        if method is Method.ATM:
            issued = await ledger_queries.instruction(tx, person_id, round.id)
            if issued is not None:
                return issued
        attempt = Attempt(
            person_id=person_id,
            attempt_id=uuid4(),
            round_id=round.id,
            gateway=gateway.name,
            method=method,
            amount=round.amount_due,
            trade_no=new_trade_no(),
            opened_at=now,
        )
        await ledger_queries.insert_attempt(tx, attempt)
    instruction = await gateway.open(
        trade_no=attempt.trade_no, amount=attempt.amount, method=method, expires_at=round.pay_until
    )
    if instruction.account is not None:
        event = _account_issued(attempt, state, instruction)
        async with db.connection() as tx:  # one statement is a transaction of its own
            await ledger_queries.note(tx, event, outcome="account_issued")
    return instruction


async def start_joint_payment(
    db: Database, clock: Clock, gateway: Gateway, *, people: Collection[UUID], round: Round
) -> Instruction:
    """One card payment for the orders of a family; each keeps its own fee (B11).

    Raises:
        ValueError: nobody's orders.
        NoPreorder, NotSelected, AlreadyPaid, PaymentNotOpen, PaymentClosed, MethodNotAllowed:
            one of the orders cannot be paid so (:func:`check_payable` tells which).
    """
    if not people:
        raise ValueError("people: whose orders are to be paid")
    now, trade_no = await clock.now(), new_trade_no()
    async with db.transaction() as tx:
        for person_id in sorted(set(people)):
            await check_payable(
                tx, person_id=person_id, round=round, method=Method.CREDIT_CARD, at=now
            )
            attempt = Attempt(
                person_id=person_id,
                attempt_id=uuid4(),
                round_id=round.id,
                gateway=gateway.name,
                method=Method.CREDIT_CARD,
                amount=round.amount_due,
                trade_no=trade_no,
                opened_at=now,
            )
            await ledger_queries.insert_attempt(tx, attempt)
    return await gateway.open(
        trade_no=trade_no,
        amount=round.amount_due * len(set(people)),
        method=Method.CREDIT_CARD,
        expires_at=round.pay_until,
    )


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


async def receive(
    db: Database, clock: Clock, gateway: Gateway, *, fields: Mapping[str, str]
) -> str:
    """Take in a gateway's message; what came of it.

    Returns:
        A :class:`MoneyOutcome`, :data:`NO_DAY_LEFT`, :data:`DUPLICATE`, ``account_issued`` or
        ``failed``; of several orders paid in one trade, that of the first that is not paid.
        Whatever it is, the message has been dealt with.

    Raises:
        ForgedMessage, UnknownTrade: nothing changed; the gateway is not to be told it is fine.
    """
    message = gateway.read(fields)
    now = await clock.now()

    async def take_in(tx: Transaction) -> str:
        if not await first_time(
            tx, partner=gateway.name, message_id=message.message_id, received_at=now
        ):
            return DUPLICATE
        trades = await ledger_queries.lock_trades(tx, gateway.name, message.trade_no)
        if not trades:
            raise UnknownTrade(message.trade_no)
        events = [Event(uuid4(), trade, gateway.name, message, now) for trade in trades]
        if len(events) > 1:
            return await _take_jointly(tx, events)
        return await _take(tx, events[0])

    return await db.retrying(take_in)


async def lapse_unpaid(tx: Transaction, *, round: Round, at: datetime) -> int:
    """Let what is still unpaid at release_at lapse, without penalty, and tell so; how many."""
    return await queries.lapse(tx, round.id, at)


async def order_of(tx: Transaction, *, person_id: UUID, round_id: str) -> Order | None:
    """A person's order; None before the draw is published and for who is not selected."""
    return await queries.order(tx, person_id, round_id)


async def latest_instruction(
    tx: Transaction, *, person_id: UUID, round_id: str
) -> Instruction | None:
    """The account that a person was told to transfer to, or None."""
    return await ledger_queries.instruction(tx, person_id, round_id)


async def pending(tx: Transaction, *, person_id: UUID, round_id: str, at: datetime) -> bool:
    """Whether the person has just been to a bank's page and its answer is still to come."""
    return await ledger_queries.unanswered_since(tx, person_id, round_id, at - _BANK_ANSWERS_WITHIN)


async def money_of(tx: Transaction, round_id: str) -> MoneySummary:
    """The sums of a round's money."""
    return await ledger_queries.money(tx, round_id)


async def refunds_due(tx: Transaction) -> list[Refund]:
    """What has to go back, the oldest first."""
    return await ledger_queries.refunds_due(tx)


async def refunds_of(tx: Transaction, *, person_id: UUID, round_id: str) -> list[Refund]:
    """What goes or went back to one person, the oldest first."""
    return await ledger_queries.refunds_of(tx, person_id, round_id)


async def complete_refund(
    db: Database, clock: Clock, *, person_id: UUID, event_id: UUID, operator: str
) -> None:
    """Note that an operator has sent money back. Raises RefundNotDue."""
    now = await clock.now()
    async with db.transaction() as tx:
        refund = await ledger_queries.finish_refund(tx, person_id, event_id, now)
        if refund is None:
            raise RefundNotDue
        await audit_log.record(
            tx,
            at=now,
            actor=operator,
            act="refund",
            subject=str(person_id),
            detail={"event": str(event_id), "amount": refund.amount, "reason": refund.reason},
        )


def new_trade_no() -> str:
    """A fresh trade number: 20 letters and digits, which every gateway takes."""
    return f"EM{secrets.token_hex(9).upper()}"


async def _take_jointly(tx: Transaction, events: Sequence[Event]) -> str:
    """A message about several orders: to each its own share, or nothing if the sum is wrong."""
    first = events[0]
    real_money = first.message.kind is MessageKind.PAID and not first.message.simulated
    if real_money and first.message.amount != sum(event.trade.amount for event in events):
        await ledger_queries.owe(tx, first, outcome=MoneyOutcome.WRONG_AMOUNT)
        return MoneyOutcome.WRONG_AMOUNT
    outcomes = []
    for event in events:
        share = replace(event.message, amount=event.trade.amount)
        outcomes.append(await _take(tx, event._replace(message=share)))
    return next((each for each in outcomes if each != MoneyOutcome.SETTLES), outcomes[0])


async def _take(tx: Transaction, event: Event) -> str:
    if event.message.kind is MessageKind.PAID:
        return await _take_money(tx, event)
    await ledger_queries.note(tx, event, outcome=event.message.kind)
    return event.message.kind


async def _take_money(tx: Transaction, event: Event) -> str:
    """Judge money and carry the judgement out; the order is held."""
    round = await load_round(tx, event.trade.round_id)
    outcome = judge_money(
        round=round,
        state=event.trade.state,
        amount=event.message.amount,
        valued_at=event.message.valued_at,
        known_at=event.known_at,
        simulated=event.message.simulated,
    )
    if outcome is MoneyOutcome.SIMULATED:
        await ledger_queries.note(tx, event, outcome=outcome)
        return outcome
    if outcome is not MoneyOutcome.SETTLES:
        await ledger_queries.owe(tx, event, outcome=outcome)
        return outcome
    today = day_in_taipei(event.known_at)
    try:
        change = await claim_paid_preorder(
            tx, person_id=event.trade.person_id, round=round, today=today
        )
    except NoDayLeft:
        await ledger_queries.owe(tx, event, outcome=NO_DAY_LEFT)
        return NO_DAY_LEFT
    collect_from = change.placed.during.start
    if not await ledger_queries.settle(
        tx, event, outcome=outcome, round=round, collect_from=collect_from
    ):
        raise DoubleCredit
    await announce_moves(tx, person_id=event.trade.person_id, moves=change.moves, at=event.known_at)
    return outcome


def _account_issued(attempt: Attempt, state: OrderState, instruction: Instruction) -> Event:
    """The gateway's immediate answer as an event of the ledger."""
    message = GatewayMessage(
        trade_no=attempt.trade_no,
        message_id=f"opened:{attempt.trade_no}",
        kind=MessageKind.ACCOUNT_ISSUED,
        amount=attempt.amount,
        account=instruction.account,
        bank_code=instruction.bank_code,
        valued_at=attempt.opened_at,
        simulated=False,
    )
    trade = Trade(attempt.person_id, attempt.attempt_id, attempt.round_id, state, attempt.amount)
    return Event(uuid4(), trade, attempt.gateway, message, attempt.opened_at)
