"""The SQL of trades: who tries to pay which orders, at which gateway, and the account issued."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from emask.database.pool import Transaction
from emask.payment.model import IssuedAccount, OpenTrade
from emask.rules.calendar import TAIPEI
from emask.rules.price import Method


class NewTrade(NamedTuple):
    """A trade to note: one attempt for each of `people`, `amount` NT$ each."""

    people: Collection[UUID]
    round_id: str
    gateway: str
    method: Method
    amount: int
    trade_no: str
    opened_by: UUID
    opened_at: datetime


async def insert(tx: Transaction, trade: NewTrade) -> None:
    """Write the attempts of a trade, and whose its number is."""
    await tx.execute(
        "WITH attempt AS (INSERT INTO payment_attempt (person_id, attempt_id, round_id, gateway,"
        "  method, amount, trade_no, opened_by, opened_at)"
        "  SELECT person_id, gen_random_uuid(), %(round_id)s, %(gateway)s, %(method)s,"
        "  %(amount)s, %(trade_no)s, %(opened_by)s, %(opened_at)s"
        "  FROM unnest(%(people)s::uuid[]) AS payee (person_id)"
        "  RETURNING trade_no, person_id, attempt_id)"
        " INSERT INTO payment_reference SELECT trade_no, person_id, attempt_id FROM attempt",
        trade._asdict() | {"people": list(trade.people)},
    )


async def trade(tx: Transaction, trade_no: str) -> OpenTrade | None:
    """One trade as a whole, or None."""
    cursor = await tx.execute(
        "SELECT a.gateway, a.round_id, a.method, sum(a.amount)::integer, count(*)::integer,"
        " a.opened_by, a.opened_at"
        " FROM payment_reference f JOIN payment_attempt a USING (person_id, attempt_id)"
        " WHERE f.trade_no = %s"
        " GROUP BY a.gateway, a.round_id, a.method, a.opened_by, a.opened_at",
        (trade_no,),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    return OpenTrade(
        trade_no=trade_no,
        gateway=row[0],
        round_id=row[1],
        method=Method(row[2]),
        amount=row[3],
        orders=row[4],
        opened_by=row[5],
        opened_at=row[6],
    )


async def people_of(tx: Transaction, trade_no: str) -> list[UUID]:
    """Whose orders a trade pays."""
    cursor = await tx.execute(
        "SELECT person_id FROM payment_reference WHERE trade_no = %s ORDER BY person_id",
        (trade_no,),
    )
    return [person_id for (person_id,) in await cursor.fetchall()]


async def unanswered(
    tx: Transaction,
    people: Collection[UUID],
    *,
    opened_by: UUID,
    round_id: str,
    method: Method,
    since: datetime,
) -> str | None:
    """The last trade for the payer's order, if it is for exactly these people's and unheard of.

    Who has tried otherwise since has left it: gateways take a trade's number once.
    """
    cursor = await tx.execute(
        "SELECT a.trade_no FROM payment_attempt a"
        " WHERE a.person_id = %(payer)s AND a.round_id = %(round_id)s"
        " AND a.opened_by = %(payer)s AND a.method = %(method)s AND a.opened_at > %(since)s"
        " AND %(people)s::uuid[] = (SELECT array_agg(f.person_id ORDER BY f.person_id)"
        "  FROM payment_reference f WHERE f.trade_no = a.trade_no)"
        " AND NOT EXISTS (SELECT FROM payment_reference f"
        "  JOIN payment_event e USING (person_id, attempt_id) WHERE f.trade_no = a.trade_no)"
        " AND NOT EXISTS (SELECT FROM payment_attempt later"
        "  WHERE later.person_id = a.person_id AND later.round_id = a.round_id"
        "  AND later.number > a.number)",
        {
            "payer": opened_by,
            "round_id": round_id,
            "method": method,
            "since": since,
            "people": sorted(people),
        },
    )
    row = await cursor.fetchone()
    return None if row is None else str(row[0])


async def account(tx: Transaction, person_id: UUID, round_id: str) -> IssuedAccount | None:
    """The account that was last issued for an unpaid order, unless money has come to it."""
    cursor = await tx.execute(
        "SELECT e.bank_code, e.account, r.pay_until"
        " FROM payment_event e JOIN orders o USING (person_id, round_id) JOIN round r"
        " USING (round_id) WHERE e.person_id = %s AND e.round_id = %s"
        " AND e.kind = 'account_issued' AND e.account IS NOT NULL AND o.state = 'awaiting_payment'"
        " AND NOT EXISTS (SELECT FROM payment_event p WHERE p.person_id = e.person_id"
        "  AND p.attempt_id = e.attempt_id AND p.kind = 'paid' AND p.outcome <> 'simulated')"
        " ORDER BY e.known_at DESC, e.event_id LIMIT 1",
        (person_id, round_id),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    return IssuedAccount(
        bank_code=row[0] or "", account=row[1], expires_at=row[2].astimezone(TAIPEI)
    )
