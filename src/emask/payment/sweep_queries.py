"""The SQL of the sweep: which trades their gateways are to be asked about, and what was asked."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import LiteralString

from emask.database.pool import Transaction
from emask.payment.ports import Question
from emask.rules.price import Method


class Answer(StrEnum):
    """What came of asking about a trade."""

    TOLD = "told"
    NOTHING = "nothing"
    NO_ANSWER = "no_answer"


ANSWERS_AFTER = timedelta(minutes=10)
"""No gateway is asked sooner after a trade was opened: ECPay knows nothing of a card before."""

_ASKED_ONCE_WITHIN = timedelta(hours=2)
_AGAIN_AFTER = timedelta(minutes=5)

_NO_MONEY = (
    "NOT EXISTS (SELECT FROM payment_event e"
    " WHERE e.person_id = a.person_id AND e.attempt_id = a.attempt_id"
    " AND e.kind = 'paid' AND e.outcome <> 'simulated')"
)
_NOT_ANSWERED = (
    "NOT EXISTS (SELECT FROM payment_inquiry i WHERE i.trade_no = a.trade_no"
    " AND i.answer <> 'no_answer' AND i.asked_at >= %(last_from)s)"
)
# a trade may be tried again a little later, and a set clock's instant is tried once
_NOT_TRIED = (
    "NOT EXISTS (SELECT FROM payment_inquiry i WHERE i.trade_no = a.trade_no"
    " AND i.asked_at > %(tried)s)"
)
_OPEN = "FROM payment_attempt a JOIN orders o USING (person_id, round_id) WHERE a.round_id = %(r)s"
_DUE = (
    " AND a.gateway = %(gateway)s AND a.opened_at <= %(opened_until)s"
    " AND NOT EXISTS (SELECT FROM gateway_pause p"
    "  WHERE p.gateway = a.gateway AND p.until > %(at)s)"
)
# the family's sum, of whose orders one may be paid already
_WHOLE = (
    "(SELECT sum(b.amount)::integer FROM payment_reference f"
    " JOIN payment_attempt b USING (person_id, attempt_id) WHERE f.trade_no = t.trade_no)"
)
_FIRST: LiteralString = (
    f"{_OPEN}{_DUE} AND o.state = 'awaiting_payment' AND a.opened_at > %(opened_from)s"
    " AND NOT EXISTS (SELECT FROM payment_event e"
    "  WHERE e.person_id = a.person_id AND e.attempt_id = a.attempt_id)"
    " AND NOT EXISTS (SELECT FROM payment_inquiry i"
    "  WHERE i.trade_no = a.trade_no AND i.answer <> 'no_answer')"
    f" AND {_NOT_TRIED}"
)
_LAST: LiteralString = (
    f"{_OPEN}{_DUE} AND o.state IN ('awaiting_payment', 'lapsed')"
    f" AND {_NO_MONEY} AND {_NOT_ANSWERED} AND {_NOT_TRIED}"
)


async def due(
    tx: Transaction,
    round_id: str,
    *,
    gateway: str,
    last_from: datetime,
    at: datetime,
    most: int,
) -> list[Question]:
    """Up to `most` questions to a gateway that are due, the oldest trades first; each trade once.

    From `last_from` on every open trade is asked about once more.
    """
    which = _LAST if at >= last_from else _FIRST
    cursor = await tx.execute(
        f"SELECT t.trade_no, {_WHOLE}, t.method, t.opened_at FROM ("
        f" SELECT DISTINCT a.trade_no, a.method, a.opened_at {which}"
        " ORDER BY a.opened_at, a.trade_no LIMIT %(most)s) t ORDER BY t.opened_at, t.trade_no",
        {
            "r": round_id,
            "gateway": gateway,
            "at": at,
            "opened_from": at - _ASKED_ONCE_WITHIN,
            "opened_until": at - ANSWERS_AFTER,
            "last_from": last_from,
            "tried": at - _AGAIN_AFTER,
            "most": most,
        },
    )
    return [
        Question(trade_no=trade_no, amount=amount, method=Method(method), opened_at=opened_at)
        for trade_no, amount, method, opened_at in await cursor.fetchall()
    ]


async def unanswered(tx: Transaction, round_id: str, *, last_from: datetime) -> int:
    """How many trades of unpaid orders no gateway has answered for after the last payment."""
    cursor = await tx.execute(
        f"SELECT count(DISTINCT a.trade_no) {_OPEN} AND o.state = 'awaiting_payment'"
        f" AND {_NO_MONEY} AND {_NOT_ANSWERED}",
        {"r": round_id, "last_from": last_from},
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def note(tx: Transaction, trade_no: str, *, at: datetime, answer: Answer) -> None:
    """Keep that a trade was asked about; of two who asked at one instant the first is kept."""
    await tx.execute(
        "INSERT INTO payment_inquiry (trade_no, asked_at, answer) VALUES (%s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (trade_no, at, answer),
    )


async def pause(tx: Transaction, gateway: str, until: datetime) -> None:
    """Leave a gateway alone until then, or for longer if that is known."""
    await tx.execute(
        "INSERT INTO gateway_pause (gateway, until) VALUES (%s, %s)"
        " ON CONFLICT (gateway) DO UPDATE"
        " SET until = greatest(gateway_pause.until, excluded.until)",
        (gateway, until),
    )
