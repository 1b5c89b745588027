"""Each day's reconciliation: a gateway's own account of the day's money against the ledger.

A day is Taipei's, and money belongs to the day of its value time, whenever it became known. Money
that the gateway has and the ledger has not is asked about and taken in before it is called a
difference. Simulated payments are no money and in no file.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Final

from emask.database import audit_log
from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.payment import reconciliation_queries as queries
from emask.payment.ports import Gateway, Paused, SettledRow
from emask.payment.reconciliation_asking import (
    Asking,
    ask_about,
    require_no_pause,
    rows_by_asking,
)
from emask.payment.reconciliation_model import Day, Difference, Reason, Reconciliation
from emask.payment.sweep import leave_alone
from emask.rules.calendar import day_in_taipei

_DAYS_SHOWN: Final = 31
_DIFFERENCES_SHOWN: Final = 200


class DayNotOver(ValueError):
    """The day is not over: more money may come on it."""


class NoSuchDifference(LookupError):
    """No difference of this description waits for an explanation."""


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
    try:
        await require_no_pause(db, gateway, now)
        rows = await gateway.settled(day, at=now)
        if rows is None:
            rows = await rows_by_asking(db, clock, gateway, day, asking or Asking())
            return await take_file(db, clock, gateway=gateway.name, day=day, rows=rows)
    except Paused as paused:
        await leave_alone(db, gateway, paused)
        raise
    return await reconcile_file(db, clock, gateway, day=day, rows=rows, asking=asking)


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
    found = await take_file(db, clock, gateway=gateway.name, day=day, rows=rows)
    async with db.transaction() as tx:
        missing = await queries.missing_money(tx, gateway.name, day)
    if not missing:
        return found
    unanswered = await ask_about(db, clock, gateway, missing, asking or Asking())
    # also where it was no news: the gateway may have told by itself meanwhile
    return replace(await _compare_again(db, clock, gateway.name, day), unanswered=unanswered)


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
