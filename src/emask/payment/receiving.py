"""Take in what gateways tell: judge it, enter it in the ledger, pay the order or send it back.

A message may come twice, late, out of order or forged; money that does not pay its order becomes
a refund and never changes another order.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

from emask.database.clock import Clock
from emask.database.inbox import first_time
from emask.database.pool import Database, Transaction
from emask.entitlement.deferrals import announce_moves
from emask.entitlement.service import claim_paid_preorder
from emask.payment import ledger_queries
from emask.payment.ledger_queries import Event
from emask.payment.ports import Gateway, GatewayMessage, MessageKind
from emask.rounds.service import load_round
from emask.rules.calendar import day_in_taipei
from emask.rules.interval import NoDayLeft
from emask.rules.price import MoneyOutcome, judge_money

DUPLICATE = "duplicate"
"""A message that has taken effect before."""

NO_DAY_LEFT = "no_day_left"
"""Money in time, but no day is left to collect the pack; it goes back."""


class UnknownTrade(LookupError):
    """A trade that was never opened with this gateway, or by this payer."""


class DoubleCredit(RuntimeError):
    """Money was judged to pay an order that was not awaiting any; nothing is written."""


async def receive(db: Database, clock: Clock, gateway: Gateway, *, body: bytes) -> str:
    """Take in what a gateway's server posted; what came of it, as :func:`take_in` says.

    Raises:
        ForgedMessage, UnknownTrade: nothing changed; the gateway is not to be told it is fine.
    """
    message = gateway.read(body, at=await clock.now())
    return await take_in(db, clock, gateway=gateway.name, message=message)


async def take_in(db: Database, clock: Clock, *, gateway: str, message: GatewayMessage) -> str:
    """Take in a verified message, in whichever way it was told; what came of it.

    Returns:
        A :class:`MoneyOutcome`, :data:`NO_DAY_LEFT`, :data:`DUPLICATE`, ``account_issued`` or
        ``failed``; of several orders paid in one trade, that of the first that is not paid.
        Whatever it is, the message has been dealt with.

    Raises:
        UnknownTrade: nothing changed.
    """
    now = await clock.now()

    async def once(tx: Transaction) -> str:
        if not await first_time(
            tx, partner=gateway, message_id=message.message_id, received_at=now
        ):
            return DUPLICATE
        trades = await ledger_queries.lock_trades(tx, gateway, message.trade_no)
        if not trades:
            raise UnknownTrade(message.trade_no)
        events = [Event(uuid4(), trade, gateway, message, now) for trade in trades]
        if len(events) > 1:
            return await _take_jointly(tx, events)
        return await _take(tx, events[0])

    return await db.retrying(once)


async def _take_jointly(tx: Transaction, events: Sequence[Event]) -> str:
    """A message about several orders: to each its own share, or nothing if the sum is wrong."""
    payers = min(events, key=lambda event: event.trade.person_id != event.trade.opened_by)
    message = payers.message
    real_money = message.kind is MessageKind.PAID and not message.simulated
    if real_money and message.amount != sum(event.trade.amount for event in events):
        await ledger_queries.owe(tx, payers, outcome=MoneyOutcome.WRONG_AMOUNT)
        return MoneyOutcome.WRONG_AMOUNT
    outcomes = []
    for event in events:
        share = replace(message, amount=event.trade.amount)
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
