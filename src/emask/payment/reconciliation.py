"""Each day's reconciliation: a gateway's own account of the day's money against the ledger.

A day is Taipei's, and money belongs to the day of its value time, whenever it became known. Money
that the gateway has and the ledger has not is asked about and taken in before it is called a
difference. Simulated payments are no money and in no file.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from emask.database import audit_log
from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.payment import reconciliation_queries as queries
from emask.payment import sweep_queries
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
from emask.payment.reconciliation_model import Day, Difference, Reason, Reconciliation
from emask.payment.reconciliation_queries import AskedTrade
from emask.rules.calendar import day_in_taipei

_LOG: Final = logging.getLogger(__name__)
_PACE: Final = 0.2  # seconds between two questions: gateways refuse who asks too often
_DAYS_SHOWN: Final = 31
_DIFFERENCES_SHOWN: Final = 200

Sleep = Callable[[float], Awaitable[None]]


class DayNotOver(ValueError):
    """The day is not over: more money may come on it."""


class TooManyTrades(Exception):
    """A gateway without a file would have to be asked about more trades than was allowed."""

    def __init__(self, trades: int) -> None:
        super().__init__(f"{trades} trades")
        self.trades = trades


class NoSuchDifference(LookupError):
    """No difference of this description waits for an explanation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How much a reconciliation may ask a gateway.

    Args:
        most: about how many trades.
        sleep: how to wait between two questions.
    """

    most: int = 600
    sleep: Sleep = asyncio.sleep


async def take_file(
    db: Database, clock: Clock, *, gateway: str, day: date, rows: Sequence[SettledRow]
) -> Reconciliation:
    """Let these be a day's rows and hold them against the ledger; again, it does the same."""
    now = await clock.now()
    async with db.transaction() as tx:
        await queries.hold(tx, gateway, day, now)
        await queries.replace_rows(tx, gateway, day, rows)
        await queries.compare(tx, gateway, day, now)
        return await _reconciliation(tx, gateway, day)


async def reconcile(
    db: Database, clock: Clock, gateway: Gateway, *, day: date, asking: Asking | None = None
) -> Reconciliation:
    """Fetch a day's file, or ask a gateway without one trade by trade, and reconcile the day.

    Raises:
        DayNotOver: nothing was asked.
        NoAnswer, Paused, UnreadableFile, TooManyTrades: the day stays as it was.
    """
    now = await clock.now()
    _require_over(day, now)
    allowed = asking or Asking()
    try:
        await _require_no_pause(db, gateway, now)
        rows = await gateway.settled(day, at=now)
        if rows is None:
            rows = await _rows_by_asking(db, clock, gateway, day, allowed)
            return await take_file(db, clock, gateway=gateway.name, day=day, rows=rows)
    except Paused as paused:
        await _leave_alone(db, gateway, paused)
        raise
    return await reconcile_file(db, clock, gateway, day=day, rows=rows, asking=allowed)


async def reconcile_file(
    db: Database,
    clock: Clock,
    gateway: Gateway,
    *,
    day: date,
    rows: Sequence[SettledRow],
    asking: Asking | None = None,
) -> Reconciliation:
    """Reconcile a day by a file that is at hand; what the ledger lacks is asked about first.

    Raises:
        DayNotOver: nothing was changed.
    """
    _require_over(day, await clock.now())
    allowed = asking or Asking()
    found = await take_file(db, clock, gateway=gateway.name, day=day, rows=rows)
    async with db.transaction() as tx:
        missing = await queries.missing_money(tx, gateway.name, day)
    taken_in, unanswered = await _ask_about(db, clock, gateway, missing, allowed)
    if taken_in:
        found = await _compare_again(db, clock, gateway.name, day)
    return replace(found, unanswered=unanswered)


async def explain(
    db: Database,
    clock: Clock,
    *,
    gateway: str,
    day: date,
    trade_no: str,
    reason: Reason,
    operator: str,
    explanation: str,
) -> None:
    """Note why a difference is all right; it stays so while the amounts do.

    Raises:
        ValueError: an empty explanation.
        NoSuchDifference: it is explained, or none.
    """
    if not explanation.strip():
        raise ValueError("explanation: empty")
    now = await clock.now()
    async with db.transaction() as tx:
        amounts = await queries.explain(
            tx,
            gateway,
            day,
            trade_no,
            reason,
            explanation=explanation.strip(),
            operator=operator,
            at=now,
        )
        if amounts is None:
            raise NoSuchDifference
        await audit_log.record(
            tx,
            at=now,
            actor=operator,
            act="explain_difference",
            subject=f"{gateway}/{day.isoformat()}/{trade_no}",
            detail={
                "reason": reason,
                "file_amount": amounts[0],
                "ledger_amount": amounts[1],
                "explanation": explanation.strip(),
            },
        )


async def days_reconciled(tx: Transaction) -> list[Day]:
    """The latest days, and every earlier one with something unexplained, the latest first."""
    return await queries.latest_days(tx, _DAYS_SHOWN)


async def differences_of(tx: Transaction, *, gateway: str, day: date) -> list[Difference]:
    """The differences of a day, the unexplained ones first; of very many, those to begin with."""
    return await queries.differences(tx, gateway, day, _DIFFERENCES_SHOWN)


async def is_reconciled(tx: Transaction, *, gateway: str, day: date) -> bool:
    """Whether a day was reconciled."""
    return await queries.day_of(tx, gateway, day) is not None


async def days_to_reconcile(tx: Transaction, *, gateway: str, before: date) -> list[date]:
    """The days before one with money that was not reconciled, or not all of it, in order."""
    return await queries.days_to_do(tx, gateway, before)


def _require_over(day: date, now: datetime) -> None:
    if day >= day_in_taipei(now):
        raise DayNotOver(day.isoformat())


async def _require_no_pause(db: Database, gateway: Gateway, now: datetime) -> None:
    async with db.transaction() as tx:
        until = await queries.paused_until(tx, gateway.name, now)
    if until is not None:
        raise Paused(until)


async def _leave_alone(db: Database, gateway: Gateway, paused: Paused) -> None:
    async with db.transaction() as tx:
        await sweep_queries.pause(tx, gateway.name, paused.until)


async def _compare_again(db: Database, clock: Clock, gateway: str, day: date) -> Reconciliation:
    now = await clock.now()
    async with db.transaction() as tx:
        await queries.hold(tx, gateway, day, now)
        await queries.compare(tx, gateway, day, now)
        return await _reconciliation(tx, gateway, day)


async def _reconciliation(tx: Transaction, gateway: str, day: date) -> Reconciliation:
    sums = await queries.day_of(tx, gateway, day)
    if sums is None:
        raise LookupError(day)
    return Reconciliation(day=sums, differences=tuple(await queries.differences(tx, gateway, day)))


async def _ask_about(
    db: Database, clock: Clock, gateway: Gateway, missing: Sequence[Question], asking: Asking
) -> tuple[int, int]:
    """Take in what the gateway tells of these: how much was news, how many got no answer."""
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
            await _leave_alone(db, gateway, paused)
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
    return taken_in, unanswered


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


async def _rows_by_asking(
    db: Database, clock: Clock, gateway: Gateway, day: date, asking: Asking
) -> list[SettledRow]:
    """What the gateway answers about each trade by which the day's money may have moved."""
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
