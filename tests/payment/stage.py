"""What all examples of the payments' machine act on, and where their books are read."""

import asyncio
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from emask.database.vault import Vault
from emask.payment import service
from emask.payment.ports import Question, TradeStanding
from emask.rules.calendar import Round
from payment.card_till import CardTill
from payment.mortal import MortalDatabase
from payment.till import Till

_OF_EXAMPLES = (
    *("orders", "preorder", "claim", "payment_attempt", "payment_reference", "payment_event"),
    *("payment_inquiry", "payment_allowance", "refund", "refund_step", "payee_account"),
    *("transfer_file", "outbox", "inbox", "gateway_pause"),
)
_BOOKS = """
    SELECT (SELECT coalesce(sum(amount), 0) FROM payment_event
            WHERE kind = 'paid' AND outcome <> 'simulated'),
           (SELECT json_object_agg(person_id, state) FROM orders),
           (SELECT json_agg(person_id) FROM payment_event WHERE outcome = 'settles'),
           (SELECT json_agg(person_id) FROM claim WHERE round_id IS NOT NULL),
           (SELECT json_agg(json_build_array(person_id, amount, reason)) FROM refund),
           (SELECT json_agg(message_id) FROM inbox),
           (SELECT json_agg(row) FROM (
               SELECT json_build_array(trade_no, sum(r.amount) FILTER (WHERE r.state = 'done'),
                                       sum(r.amount)) AS row
               FROM refund r JOIN payment_event USING (person_id, event_id)
               JOIN payment_attempt USING (person_id, attempt_id)
               WHERE way = 'card' GROUP BY trade_no) AS cards)
"""


class EveryTill(CardTill):
    """A till of cards that also hears of trades whose payers never came."""

    async def ask(self, question: Question, *, at: datetime) -> TradeStanding:
        return await (CardTill if question.trade_no in self.trades else Till).ask(
            self, question, at=at
        )


@dataclass(frozen=True, kw_only=True)
class Books:
    """What the database says of money, orders and messages.

    `cards` has by trade what of a card payment is back, and what is or goes back in all.
    """

    received: int
    states: dict[UUID, str]
    settled: Counter[UUID]
    claimed: Counter[UUID]
    back: Counter[tuple[UUID, int, str]]
    seen: set[str]
    cards: dict[str, tuple[int, int]]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One database and one loop; `look` only reads."""

    runner: asyncio.Runner
    db: MortalDatabase
    look: Connection[TupleRow]
    vault: Vault
    round: Round

    async def open_orders(self, people: Collection[UUID]) -> None:
        """Orders of three people, the last of whom ordered on a phone, and nothing else.

        Not even the ledger of the example before, which otherwise only grows.
        """
        async with self.db.transaction() as tx:
            await tx.execute("SET LOCAL session_replication_role = replica")
            await tx.execute(";".join(f"DELETE FROM {table}" for table in _OF_EXAMPLES).encode())
            await tx.execute(
                "WITH placed AS (INSERT INTO preorder (person_id, round_id, ticket, chain,"
                "  store_code, channel, mobile, language, submission_id, placed_at, changed_at)"
                "  SELECT person_id, %(round)s, gen_random_uuid(), 'SE', '100001', channel, '',"
                "  'zh', gen_random_uuid(), %(at)s, %(at)s"
                "  FROM unnest(%(people)s::uuid[], ARRAY['computer', 'computer', 'mobile'])"
                "  AS people (person_id, channel) RETURNING *)"
                " INSERT INTO orders (person_id, round_id, chain, store_code, channel, amount,"
                " changed_at) SELECT person_id, round_id, chain, store_code, channel, 22,"
                " placed_at FROM placed",
                {"round": self.round.id, "at": self.round.opens_at, "people": list(people)},
            )

    async def allow(self, payer: UUID, owners: Collection[UUID], *, at: datetime) -> None:
        """The payer has just entered the owners' codes."""
        async with self.db.transaction() as tx:
            await tx.execute(
                "INSERT INTO payment_allowance (person_id, round_id, digest, expires_at, used_by,"
                " used_at) SELECT owner, %s, '', %s, %s, %s FROM unnest(%s::uuid[]) AS owner"
                " ON CONFLICT (person_id, round_id)"
                " DO UPDATE SET used_by = excluded.used_by, used_at = excluded.used_at",
                (self.round.id, at, payer, at, list(owners)),
            )

    async def sell_at_a_counter(self, person_id: UUID) -> None:
        """Sell what leaves no day to collect a pack."""
        start = self.round.pickup_from
        end = start + timedelta(days=self.round.interval_days)
        async with self.db.transaction() as tx:
            await tx.execute(
                "INSERT INTO claim (person_id, during, source, sale_id)"
                " VALUES (%s, daterange(%s, %s), 'counter', gen_random_uuid())",
                (person_id, start, end),
            )

    async def lapse(self, *, at: datetime) -> None:
        async with self.db.transaction() as tx:
            await service.lapse_unpaid(tx, round=self.round, at=at)

    def trades(self) -> set[str]:
        """The numbers of all trades."""
        noted = self.look.execute("SELECT trade_no FROM payment_reference")
        return {trade_no for (trade_no,) in noted}

    def books(self) -> Books:
        row = self.look.execute(_BOOKS).fetchone()
        assert row is not None
        received, states, settled, claimed, back, seen, cards = row
        return Books(
            received=received,
            states={UUID(key): value for key, value in (states or {}).items()},
            settled=Counter(map(UUID, settled or ())),
            claimed=Counter(map(UUID, claimed or ())),
            back=Counter((UUID(each), amount, reason) for each, amount, reason in back or ()),
            seen=set(seen or ()),
            cards={trade_no: (done or 0, owed) for trade_no, done, owed in cards or ()},
        )
