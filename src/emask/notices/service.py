"""Whom to tell what and when.

Notices are queued set by set; who has been told once is not told again.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from emask.database.pool import Transaction
from emask.notices import queries
from emask.notices.figures import (
    Figures,
    Numbers,
    Told,
    count_due,
    figures,
    send_again,
    stranded,
    told_of_round,
)
from emask.notices.figures_queries import Stranded
from emask.notices.receipts import ask_for_receipts, record_receipt
from emask.notices.sending import Progress, alone, drain, unwatched
from emask.notices.texts import Kind
from emask.rounds.model import Chain
from emask.rounds.service import next_round
from emask.rules.calendar import Round
from emask.rules.states import OrderState

__all__ = [
    "Figures",
    "Numbers",
    "Progress",
    "Stranded",
    "Told",
    "alone",
    "ask_for_receipts",
    "count_due",
    "drain",
    "figures",
    "notify_arrival",
    "notify_arrival_at",
    "notify_arrived",
    "notify_delays",
    "notify_draw",
    "notify_forfeits",
    "notify_last_day",
    "notify_reopened",
    "notify_unpaid",
    "record_receipt",
    "send_again",
    "stranded",
    "told_of_round",
    "unwatched",
]


async def notify_draw(tx: Transaction, *, round: Round, at: datetime) -> int:
    """Tell everybody on the list the result (B6); how many are new."""
    following = await next_round(tx, round)
    hope = {} if following is None else {"next_opens_at": following.opens_at.isoformat()}
    selected = await queries.tell_drawn(
        tx, kind=Kind.SELECTED, round_id=round.id, selected=True, payload=_dues(round), at=at
    )
    return selected + await queries.tell_drawn(
        tx, kind=Kind.NOT_SELECTED, round_id=round.id, selected=False, payload=hope, at=at
    )


async def notify_unpaid(tx: Transaction, *, round: Round, at: datetime) -> int:
    """Remind everybody who has still to pay; how many are new."""
    return await queries.tell_orders(
        tx,
        kind=Kind.PAY_REMINDER,
        round_id=round.id,
        state=OrderState.AWAITING_PAYMENT,
        payload=_dues(round),
        at=at,
    )


async def notify_arrival(tx: Transaction, *, round: Round, at: datetime) -> int:
    """Tell everybody whose pack is at the store its pick-up number; how many are new."""
    return await queries.tell_arrived(
        tx, kind=Kind.ARRIVED, round_id=round.id, collect_until=round.pickup_until, at=at
    )


async def notify_arrived(
    tx: Transaction, *, round: Round, people: Sequence[UUID], at: datetime
) -> int:
    """Tell some people whose packs are at the store, likewise; how many are new."""
    return await queries.tell_arrived_people(
        tx,
        kind=Kind.ARRIVED,
        round_id=round.id,
        people=people,
        collect_until=round.pickup_until,
        at=at,
    )


async def notify_arrival_at(
    tx: Transaction, *, round: Round, chain: Chain, store_code: str, at: datetime
) -> int:
    """As :func:`notify_arrival`, of the packs at one store; how many are new."""
    return await queries.tell_arrived_at(
        tx,
        kind=Kind.ARRIVED,
        round_id=round.id,
        chain=chain,
        store_code=store_code,
        collect_until=round.pickup_until,
        at=at,
    )


async def notify_reopened(tx: Transaction, *, round_id: str, at: datetime) -> int:
    """Tell everybody whose pack was reopened at that very instant (B6); how many are new."""
    return await queries.tell_reopened(tx, kind=Kind.REOPENED, round_id=round_id, at=at)


async def notify_delays(tx: Transaction, *, round: Round, at: datetime) -> int:
    """Tell everybody whose pack was missing that it comes later (B6); how many are new."""
    return await queries.tell_delayed(tx, kind=Kind.DELAYED, round_id=round.id, at=at)


async def notify_last_day(tx: Transaction, *, round: Round, at: datetime) -> int:
    """Remind everybody whose pack still lies at the store; how many are new."""
    return await queries.tell_arrived(
        tx, kind=Kind.LAST_DAY, round_id=round.id, collect_until=round.pickup_until, at=at
    )


async def notify_forfeits(tx: Transaction, *, round: Round, at: datetime) -> int:
    """Tell everybody whose pack went back (B6); how many are new."""
    return await queries.tell_orders(
        tx,
        kind=Kind.FORFEITED,
        round_id=round.id,
        state=OrderState.FORFEITED,
        payload={},
        at=at,
    )


def _dues(round: Round) -> dict[str, object]:
    return {"total": round.amount_due, "pay_until": round.pay_until.isoformat()}
