"""What reconciliation asks gateways, trade by trade and not too fast, and takes in of it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from emask.database.clock import Clock
from emask.database.pool import Database
from emask.payment import reconciliation_queries as queries
from emask.payment.ports import (
    Gateway,
    GatewayMessage,
    MessageKind,
    NoAnswer,
    Paused,
    Question,
    SettledRow,
    TradeStanding,
)
from emask.payment.receiving import DUPLICATE, UnknownTrade, take_in
from emask.payment.reconciliation_queries import AskedTrade
from emask.payment.sweep import leave_alone
from emask.rules.calendar import day_in_taipei

_LOG: Final = logging.getLogger(__name__)
_PACE: Final = 0.2  # seconds between two questions: gateways refuse who asks too often

Sleep = Callable[[float], Awaitable[None]]


class TooManyTrades(Exception):
    """A gateway without a file would have to be asked about more trades than was allowed."""

    def __init__(self, trades: int) -> None:
        super().__init__(f"{trades} trades")
        self.trades = trades


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How much a reconciliation may ask a gateway.

    Args:
        most: about how many trades.
        sleep: how to wait between two questions.
    """

    most: int = 600
    sleep: Sleep = asyncio.sleep


async def require_no_pause(db: Database, gateway: Gateway, now: datetime) -> None:
    """Raises Paused for a gateway that is left alone now."""
    async with db.transaction() as tx:
        until = await queries.paused_until(tx, gateway.name, now)
    if until is not None:
        raise Paused(until)


async def ask_about(
    db: Database, clock: Clock, gateway: Gateway, missing: Sequence[Question], asking: Asking
) -> int:
    """Take in what the gateway tells of these trades; how many got no answer."""
    taken_in, unanswered = 0, max(0, len(missing) - asking.most)
    for number, question in enumerate(missing[: asking.most]):
        if number:
            await asking.sleep(_PACE)
        try:
            standing = await gateway.ask(question, at=await clock.now())
        except NoAnswer:
            unanswered += 1
            continue
        except Paused as paused:
            await leave_alone(db, gateway, paused)
            unanswered += len(missing[: asking.most]) - number
            break
        taken_in += await _take_in(db, clock, gateway, standing.messages)
    if taken_in or unanswered:
        _LOG.info(
            "reconciliation: %s: %s taken in late, %s unanswered",
            gateway.name,
            taken_in,
            unanswered,
        )
    return unanswered


async def rows_by_asking(
    db: Database, clock: Clock, gateway: Gateway, day: date, asking: Asking
) -> list[SettledRow]:
    """What the gateway answers about each trade by which the day's money may have moved.

    Raises:
        TooManyTrades: nothing was asked.
        NoAnswer: it says nothing of a trade that has money of the day.
        Paused: it was asked too often.
    """
    async with db.transaction() as tx:
        trades = await queries.trades_of_day(tx, gateway.name, day)
    if len(trades) > asking.most:
        raise TooManyTrades(len(trades))
    rows: list[SettledRow] = []
    for number, trade in enumerate(trades):
        if number:
            await asking.sleep(_PACE)
        try:
            standing = await gateway.ask(trade.question, at=await clock.now())
        except NoAnswer:
            if trade.moved:
                raise
            continue  # a trade that was left open is asked about again and again anyway
        await _take_in(db, clock, gateway, standing.messages)
        rows += [*_paid_rows(trade, standing, day), *_back_rows(trade, standing)]
    return rows


async def _take_in(
    db: Database, clock: Clock, gateway: Gateway, messages: Iterable[GatewayMessage]
) -> int:
    """How much of it was news."""
    news = 0
    for message in messages:
        try:
            outcome = await take_in(db, clock, gateway=gateway.name, message=message)
        except UnknownTrade:
            continue  # an answer about a trade that is not ours
        news += outcome != DUPLICATE
    return news


def _paid_rows(trade: AskedTrade, standing: TradeStanding, day: date) -> list[SettledRow]:
    return [
        _row(
            trade,
            amount=message.amount,
            gateway_trade_no=message.gateway_trade_no or message.message_id,
            valued_at=message.valued_at,
        )
        for message in standing.messages
        if message.kind is MessageKind.PAID
        and not message.simulated
        and day_in_taipei(message.valued_at) == day
    ]


def _back_rows(trade: AskedTrade, standing: TradeStanding) -> list[SettledRow]:
    """What the ledger gave back that day, if the gateway has given back all that it should."""
    if not trade.back or standing.refundable is None:
        return []
    if trade.question.amount - standing.refundable < trade.back_in_all:
        return []
    return [_row(trade, amount=-trade.back, gateway_trade_no="", valued_at=None)]


def _row(
    trade: AskedTrade, *, amount: int, gateway_trade_no: str, valued_at: datetime | None
) -> SettledRow:
    return SettledRow(
        trade_no=trade.question.trade_no,
        gateway_trade_no=gateway_trade_no,
        method=trade.question.method,
        amount=amount,
        valued_at=valued_at,
    )
