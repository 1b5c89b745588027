"""The SQL of refunds, and of what was asked of gateways for those by card."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row, dict_row

from emask.database.pool import Transaction
from emask.payment.model import Refund
from emask.payment.ports import CardAction, Question
from emask.payment.refund_model import CardJob, CardWork, Overtaken, RefundNotDue, StepOutcome
from emask.rules.words import Method

REFUND = (
    "r.person_id, r.event_id, r.round_id, r.amount, r.reason, r.due_at, r.done_at, r.way, r.state,"
    " r.file_id"
)
LAST_STEP = (
    "LEFT JOIN LATERAL (SELECT s.step, s.action, s.outcome, s.detail, s.at FROM refund_step s"
    " WHERE s.person_id = r.person_id AND s.event_id = r.event_id ORDER BY s.step DESC LIMIT 1)"
    " last ON true"
)
_PAYMENT = (
    "JOIN payment_event e ON e.person_id = r.person_id AND e.event_id = r.event_id"
    " JOIN payment_attempt a ON a.person_id = e.person_id AND a.attempt_id = e.attempt_id"
)
# every event of the trade that the attempt `a` belongs to, whosever part it is
_OF_THE_TRADE = (
    "payment_reference f JOIN payment_event o"
    " ON o.person_id = f.person_id AND o.attempt_id = f.attempt_id"
)


async def refunds_due(tx: Transaction) -> list[Refund]:
    """What has to go back, the oldest first."""
    async with tx.cursor(row_factory=class_row(Refund)) as cursor:
        await cursor.execute(
            f"SELECT {REFUND} FROM refund r WHERE r.state <> 'done'"
            " ORDER BY r.due_at, r.person_id, r.event_id"
        )
        return await cursor.fetchall()


async def refunds_of(tx: Transaction, person_id: UUID, round_id: str) -> list[Refund]:
    """What goes or went back to one person, the oldest first."""
    async with tx.cursor(row_factory=class_row(Refund)) as cursor:
        await cursor.execute(
            f"SELECT {REFUND} FROM refund r WHERE r.person_id = %s AND r.round_id = %s"
            " ORDER BY r.due_at, r.event_id",
            (person_id, round_id),
        )
        return await cursor.fetchall()


async def refund(tx: Transaction, person_id: UUID, event_id: UUID) -> Refund | None:
    """One refund; None if there is none."""
    async with tx.cursor(row_factory=class_row(Refund)) as cursor:
        await cursor.execute(
            f"SELECT {REFUND} FROM refund r WHERE r.person_id = %s AND r.event_id = %s",
            (person_id, event_id),
        )
        return await cursor.fetchone()


async def hold_refund(tx: Transaction, person_id: UUID, event_id: UUID) -> Refund | None:
    """Likewise, held for this transaction."""
    async with tx.cursor(row_factory=class_row(Refund)) as cursor:
        await cursor.execute(
            f"SELECT {REFUND} FROM refund r WHERE r.person_id = %s AND r.event_id = %s FOR UPDATE",
            (person_id, event_id),
        )
        return await cursor.fetchone()


async def lease_card(
    tx: Transaction, gateways: Sequence[str], *, at: datetime, lease: datetime
) -> CardJob | None:
    """A refund by card that is due at one of these gateways, for one worker until `lease`.

    None at one that pauses.

    The parts of one trade come one after the other, in the order in which they fell due.
    """
    cursor = await tx.execute(
        "WITH chosen AS (SELECT r.person_id, r.event_id"
        f"  FROM refund r {_PAYMENT}"
        "  WHERE r.way = 'card' AND r.state = 'due' AND r.next_at <= %(at)s"
        "  AND a.gateway = ANY(%(gateways)s) AND NOT EXISTS (SELECT FROM gateway_pause p"
        "   WHERE p.gateway = a.gateway AND p.until > %(at)s) AND NOT EXISTS (SELECT"
        f"   FROM {_OF_THE_TRADE} JOIN refund b"
        "    ON b.person_id = o.person_id AND b.event_id = o.event_id"
        "   WHERE f.trade_no = a.trade_no AND b.way = 'card' AND b.state <> 'done'"
        "   AND (b.due_at, b.person_id, b.event_id) < (r.due_at, r.person_id, r.event_id))"
        "  ORDER BY r.next_at, r.due_at LIMIT 1 FOR UPDATE OF r SKIP LOCKED)"
        " UPDATE refund r SET next_at = %(lease)s FROM chosen c"
        " WHERE r.person_id = c.person_id AND r.event_id = c.event_id"
        " RETURNING r.person_id, r.event_id",
        {"at": at, "lease": lease, "gateways": list(gateways)},
    )
    leased = await cursor.fetchone()
    return None if leased is None else await _job(tx, *leased)


async def _job(tx: Transaction, person_id: UUID, event_id: UUID) -> CardJob:
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "SELECT r.amount, r.next_at AS lease, a.gateway, e.message_id, e.gateway_trade_no,"
            " a.trade_no, a.method, a.opened_at, trade.amount AS asked_for, payment.paid,"
            " payment.given_back, coalesce(last.step, 0) AS step, last.action, last.outcome,"
            " moved.action AS moved"
            f" FROM refund r {_PAYMENT} {LAST_STEP}"
            " CROSS JOIN LATERAL (SELECT sum(t.amount) AS amount FROM payment_reference f"
            "  JOIN payment_attempt t USING (person_id, attempt_id)"
            "  WHERE f.trade_no = a.trade_no) trade"
            " CROSS JOIN LATERAL (SELECT sum(o.amount) AS paid,"
            "  coalesce(sum(b.amount) FILTER (WHERE b.state = 'done'), 0) AS given_back"
            f"  FROM {_OF_THE_TRADE} LEFT JOIN refund b"
            "   ON b.person_id = o.person_id AND b.event_id = o.event_id"
            "  WHERE f.trade_no = a.trade_no AND o.message_id = e.message_id"
            "  AND o.kind = 'paid') payment"
            f" LEFT JOIN LATERAL (SELECT s.action FROM {_OF_THE_TRADE} JOIN refund_step s"
            "   ON s.person_id = o.person_id AND s.event_id = o.event_id"
            "  WHERE f.trade_no = a.trade_no AND o.message_id = e.message_id"
            "  AND s.outcome = 'done' AND s.action IN ('close', 'cancel_closing')"
            "  ORDER BY s.at DESC, s.step DESC LIMIT 1) moved ON true"
            " WHERE r.person_id = %s AND r.event_id = %s",
            (person_id, event_id),
        )
        row = await cursor.fetchone()
    if row is None:
        raise LookupError(event_id)
    question = Question(
        trade_no=row["trade_no"],
        amount=row["asked_for"],
        method=Method(row["method"]),
        opened_at=row["opened_at"],
    )
    return CardJob(
        person_id=person_id,
        event_id=event_id,
        lease=row["lease"],
        gateway=row["gateway"],
        question=question,
        message_id=row["message_id"],
        gateway_trade_no=row["gateway_trade_no"],
        amount=row["amount"],
        paid=row["paid"],
        given_back=row["given_back"],
        step=row["step"],
        action=CardAction(row["action"]) if row["action"] else None,
        outcome=StepOutcome(row["outcome"]) if row["outcome"] else None,
        moved=CardAction(row["moved"]) if row["moved"] else None,
    )


async def note_step(
    tx: Transaction,
    key: tuple[UUID, UUID],
    *,
    step: int,
    action: str,
    outcome: StepOutcome,
    detail: str,
    at: datetime,
) -> None:
    """Note a step of a refund under its number. Raises Overtaken if that number is taken."""
    cursor = await tx.execute(
        "INSERT INTO refund_step (person_id, event_id, step, action, outcome, detail, at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (*key, step, action, outcome, detail, at),
    )
    if cursor.rowcount != 1:
        raise Overtaken


async def postpone(tx: Transaction, job: CardJob, *, until: datetime) -> None:
    """Let a leased refund be due again then. Raises Overtaken."""
    await _change(tx, job, "next_at = %s", until)


async def await_operator(tx: Transaction, job: CardJob) -> None:
    """Let nobody but an operator go on with a leased refund. Raises Overtaken."""
    await _change(tx, job, "state = 'unclear'")


async def finish_card(tx: Transaction, job: CardJob, *, at: datetime) -> None:
    """The money of a leased refund is back. Raises Overtaken."""
    await _change(tx, job, "state = 'done', done_at = %s", at)


async def _change(tx: Transaction, job: CardJob, change: str, *values: datetime) -> None:
    cursor = await tx.execute(
        f"UPDATE refund SET {change} WHERE person_id = %s AND event_id = %s"
        " AND state = 'due' AND next_at = %s",
        (*values, job.person_id, job.event_id, job.lease),
    )
    if cursor.rowcount != 1:
        raise Overtaken


async def card_work(tx: Transaction) -> list[CardWork]:
    """Refunds by card that are not done, the oldest first."""
    return await _card_work(tx, "r.state <> 'done'")


async def card_work_of(tx: Transaction, person_id: UUID, event_id: UUID) -> CardWork:
    """One of them, held for this transaction. Raises RefundNotDue."""
    await hold_refund(tx, person_id, event_id)
    found = await _card_work(
        tx, "r.state <> 'done' AND r.person_id = %s AND r.event_id = %s", person_id, event_id
    )
    if not found:
        raise RefundNotDue
    return found[0]


async def _card_work(tx: Transaction, condition: str, *values: UUID) -> list[CardWork]:
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            f"SELECT {REFUND}, r.next_at, a.gateway, a.trade_no,"
            " coalesce(last.step, 0) AS step, last.action, last.outcome,"
            f" last.detail, last.at AS noted_at FROM refund r {_PAYMENT} {LAST_STEP}"
            f" WHERE r.way = 'card' AND {condition} ORDER BY r.due_at, r.person_id, r.event_id",
            values,
        )
        rows = await cursor.fetchall()
    return [CardWork(refund=take_refund(row), **row) for row in rows]


def take_refund(row: dict[str, Any]) -> Refund:
    """The refund of a row that begins with :data:`REFUND`; only what is not its stays there."""
    return Refund(**{each.name: row.pop(each.name) for each in fields(Refund)})


async def settle_by_hand(tx: Transaction, person_id: UUID, event_id: UUID, *, at: datetime) -> None:
    """The money of a refund by card is back, as an operator knows."""
    await tx.execute(
        "UPDATE refund SET state = 'done', done_at = %s WHERE person_id = %s AND event_id = %s",
        (at, person_id, event_id),
    )


async def ask_again(tx: Transaction, person_id: UUID, event_id: UUID, *, at: datetime) -> None:
    """Let the gateway be asked for a refund by card from now on, as an operator decided."""
    await tx.execute(
        "UPDATE refund SET state = 'due', next_at = %s WHERE person_id = %s AND event_id = %s",
        (at, person_id, event_id),
    )
