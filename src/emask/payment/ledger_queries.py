"""The SQL of the ledger: what gateways told of trades, and money that goes back."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from psycopg.rows import class_row

from emask.database.pool import Transaction
from emask.payment.model import MoneySummary
from emask.payment.ports import GatewayMessage
from emask.rules.calendar import Round
from emask.rules.states import OrderState


class Trade(NamedTuple):
    """Whose attempt a trade number is, and the state of that order, held for this transaction.

    `amount` is what the trade has to bring for this order, in NT$; `opened_by` is who pays.
    """

    person_id: UUID
    attempt_id: UUID
    round_id: str
    state: OrderState
    amount: int
    opened_by: UUID


class Event(NamedTuple):
    """A message about a trade as the ledger keeps it."""

    event_id: UUID
    trade: Trade
    gateway: str
    message: GatewayMessage
    known_at: datetime


async def lock_trades(tx: Transaction, gateway: str, trade_no: str) -> list[Trade]:
    """Whose trade it is; the orders are held, so that money is judged one after the other."""
    cursor = await tx.execute(
        "SELECT a.person_id, a.attempt_id, a.round_id, o.state, a.amount, a.opened_by"
        " FROM payment_reference f JOIN payment_attempt a USING (person_id, attempt_id)"
        " JOIN orders o USING (person_id, round_id)"
        " WHERE f.trade_no = %s AND a.gateway = %s ORDER BY a.person_id FOR UPDATE OF o",
        (trade_no, gateway),
    )
    return [
        Trade(person_id, attempt_id, round_id, OrderState(state), amount, opened_by)
        for person_id, attempt_id, round_id, state, amount, opened_by in await cursor.fetchall()
    ]


_EVENT = (
    "INSERT INTO payment_event (person_id, event_id, attempt_id, round_id, gateway, message_id,"
    " kind, amount, bank_code, account, gateway_trade_no, valued_at, known_at, outcome)"
    " VALUES (%(person_id)s, %(event_id)s, %(attempt_id)s, %(round_id)s, %(gateway)s,"
    " %(message_id)s, %(kind)s, %(amount)s, %(bank_code)s, %(account)s, %(gateway_trade_no)s,"
    " %(valued_at)s, %(known_at)s, %(outcome)s)"
)
_SETTLE = (
    f"WITH event AS ({_EVENT} RETURNING person_id, round_id, amount, valued_at, known_at),"
    " told AS (INSERT INTO outbox (person_id, kind, reference, payload, created_at, next_at)"
    "  SELECT person_id, 'paid', round_id, jsonb_build_object('total', amount,"
    "  'collect_from', %(collect_from)s::date, 'collect_until', %(collect_until)s::date),"
    "  known_at, known_at FROM event ON CONFLICT DO NOTHING)"
    " UPDATE orders o SET state = 'paid', paid_at = e.valued_at, changed_at = e.known_at"
    " FROM event e WHERE o.person_id = e.person_id AND o.round_id = e.round_id"
    " AND o.state = 'awaiting_payment'"
)
_OWE = (
    f"WITH event AS ({_EVENT} RETURNING person_id, event_id, attempt_id, round_id, amount, outcome,"
    "  known_at),"
    " told AS (INSERT INTO outbox (person_id, kind, reference, payload, created_at, next_at)"
    "  SELECT person_id, 'refund', round_id || ':' || event_id,"
    "  jsonb_build_object('total', amount), known_at, known_at FROM event WHERE amount > 0)"
    " INSERT INTO refund (person_id, event_id, round_id, amount, reason, way, due_at, next_at)"
    " SELECT e.person_id, e.event_id, e.round_id, e.amount, e.outcome,"
    " CASE a.method WHEN 'credit_card' THEN 'card' ELSE 'transfer' END, e.known_at, e.known_at"
    " FROM event e JOIN payment_attempt a USING (person_id, attempt_id) WHERE e.amount > 0"
)


async def note(tx: Transaction, event: Event, *, outcome: str) -> None:
    """Enter an event that moves no money."""
    await tx.execute(_EVENT, _facts(event, outcome))


async def settle(
    tx: Transaction, event: Event, *, outcome: str, round: Round, collect_from: date
) -> bool:
    """Enter the money that pays its order; False if the order was not awaiting any."""
    facts = _facts(event, outcome)
    facts |= {"collect_from": collect_from, "collect_until": round.pickup_until}
    return (await tx.execute(_SETTLE, facts)).rowcount == 1


async def owe(tx: Transaction, event: Event, *, outcome: str) -> None:
    """Enter money that goes back."""
    await tx.execute(_OWE, _facts(event, outcome))


async def owe_back(
    tx: Transaction, people: Sequence[UUID], round_id: str, *, reason: str, at: datetime
) -> int:
    """Let the money that has paid these people's orders go back; of how many orders it is.

    Whoever is concerned is told by a notice that is called as the reason is.
    """
    cursor = await tx.execute(
        "WITH paid AS (SELECT e.person_id, e.event_id, e.amount, CASE a.method"
        "   WHEN 'credit_card' THEN 'card' ELSE 'transfer' END AS way"
        "  FROM payment_event e JOIN payment_attempt a USING (person_id, attempt_id)"
        "  WHERE e.person_id = ANY(%(people)s) AND e.round_id = %(round)s"
        "  AND e.outcome = 'settles'),"
        " told AS (INSERT INTO outbox (person_id, kind, reference, payload, created_at, next_at)"
        "  SELECT person_id, %(reason)s, %(round)s || ':' || event_id,"
        "  jsonb_build_object('total', amount), %(at)s, %(at)s FROM paid ORDER BY person_id),"
        " owed AS (INSERT INTO refund (person_id, event_id, round_id, amount, reason, way, due_at,"
        "  next_at) SELECT person_id, event_id, %(round)s, amount, %(reason)s, way, %(at)s, %(at)s"
        "  FROM paid WHERE amount > 0)"
        " SELECT count(*) FROM paid",
        {"people": list(people), "round": round_id, "reason": reason, "at": at},
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


def _facts(event: Event, outcome: str) -> dict[str, object]:
    message = event.message
    return {
        "person_id": event.trade.person_id,
        "event_id": event.event_id,
        "attempt_id": event.trade.attempt_id,
        "round_id": event.trade.round_id,
        "gateway": event.gateway,
        "message_id": message.message_id,
        "kind": message.kind,
        "amount": message.amount,
        "bank_code": message.bank_code,
        "account": message.account,
        "gateway_trade_no": message.gateway_trade_no,
        "valued_at": message.valued_at,
        "known_at": event.known_at,
        "outcome": outcome,
    }


async def money(tx: Transaction, round_id: str) -> MoneySummary:
    """The sums of a round's money."""
    async with tx.cursor(row_factory=class_row(MoneySummary)) as cursor:
        await cursor.execute(
            "SELECT"
            " (SELECT coalesce(sum(amount), 0)::bigint FROM payment_event WHERE round_id = %(r)s"
            "  AND kind = 'paid' AND outcome <> 'simulated') AS received,"
            " (SELECT coalesce(sum(amount), 0)::bigint FROM orders WHERE round_id = %(r)s"
            "  AND paid_at IS NOT NULL AND state <> 'cancelled') AS orders_paid,"
            " (SELECT coalesce(sum(amount), 0)::bigint FROM refund WHERE round_id = %(r)s"
            "  AND state <> 'done') AS refunds_due,"
            " (SELECT coalesce(sum(amount), 0)::bigint FROM refund WHERE round_id = %(r)s"
            "  AND state = 'done') AS refunds_done",
            {"r": round_id},
        )
        summary = await cursor.fetchone()
    if summary is None:
        raise LookupError(round_id)
    return summary
