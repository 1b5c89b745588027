"""The SQL of closed stores that somebody was to collect at: who waits there, and who was told."""

from datetime import datetime
from typing import NamedTuple

from emask.database.pool import Transaction
from emask.rounds.model import Chain, Store
from emask.rounds.store_queries import as_store


class Waiting(NamedTuple):
    """A closed store at which somebody is still to collect.

    `told`, `on_the_way` and `not_reached` share out who waits by what became of their notice;
    `chosen_anew` counts who was told of a closing of it and collects elsewhere by now.
    """

    store: Store
    closed_at: datetime | None
    registered: int
    awaiting_payment: int
    paid: int
    arrived: int
    told: int
    on_the_way: int
    not_reached: int
    chosen_anew: int


_WAITING = (
    "SELECT person_id, round_id, chain, store_code, state FROM orders"
    " WHERE state IN ('awaiting_payment', 'paid', 'arrived')"
    " UNION ALL SELECT person_id, round_id, chain, store_code, 'registered'"
    " FROM preorder JOIN round USING (round_id) WHERE state = 'registered' AND frozen_at IS NULL"
)
# The same reference as the notice is written with.
_REFERENCE = (
    "concat_ws(':', round_id, chain || store_code, CASE WHEN closings > 1 THEN closings END)"
)


async def waiting_at_closed(tx: Transaction) -> list[Waiting]:
    """Closed stores with whom they keep waiting, those with the most first."""
    cursor = await tx.execute(
        f"WITH waiting AS MATERIALIZED ({_WAITING}), here AS ("
        "  SELECT chain, store_code, w.state, o.state AS notice FROM waiting w"
        "  JOIN store USING (chain, store_code)"
        f"  LEFT JOIN outbox o ON o.person_id = w.person_id AND o.kind = 'store_closed'"
        f"  AND o.reference = {_REFERENCE} WHERE NOT open),"
        " elsewhere AS (SELECT s.chain, s.store_code, count(DISTINCT w.person_id) AS number"
        "  FROM outbox o JOIN waiting w ON w.person_id = o.person_id"
        "   AND w.round_id = split_part(o.reference, ':', 1)"
        "  JOIN store s ON s.chain || s.store_code = split_part(o.reference, ':', 2)"
        "  WHERE o.kind = 'store_closed' AND NOT s.open"
        "  AND (w.chain, w.store_code) <> (s.chain, s.store_code) GROUP BY s.chain, s.store_code)"
        " SELECT s.chain, s.store_code, s.name, s.address, s.county, s.town, s.zip_code, s.open,"
        " (SELECT max(at) FROM store_change c WHERE c.chain = s.chain"
        "  AND c.store_code = s.store_code AND c.kind = 'closed'),"
        " count(*) FILTER (WHERE state = 'registered'),"
        " count(*) FILTER (WHERE state = 'awaiting_payment'),"
        " count(*) FILTER (WHERE state = 'paid'), count(*) FILTER (WHERE state = 'arrived'),"
        " count(*) FILTER (WHERE notice IN ('sent', 'delivered')),"
        " count(*) FILTER (WHERE notice = 'waiting'),"
        " count(*) FILTER (WHERE notice IS NULL"
        "  OR notice NOT IN ('sent', 'delivered', 'waiting')),"
        " coalesce(max(e.number), 0)"
        " FROM here JOIN store s USING (chain, store_code)"
        " LEFT JOIN elsewhere e USING (chain, store_code)"
        " GROUP BY s.chain, s.store_code ORDER BY count(*) DESC, s.chain, s.store_code"
    )
    return [Waiting(as_store(row[:8]), *row[8:]) for row in await cursor.fetchall()]


async def not_reached(
    tx: Transaction, chain: Chain, code: str, *, limit: int
) -> list[tuple[str, str]]:
    """Round and ticket of who waits at a closed store and got no notice of it."""
    cursor = await tx.execute(
        f"WITH here AS (SELECT person_id, round_id, {_REFERENCE} AS reference"
        f"  FROM ({_WAITING}) AS waiting JOIN store USING (chain, store_code)"
        "  WHERE chain = %s AND store_code = %s AND NOT open)"
        " SELECT h.round_id, p.ticket::text FROM here h"
        " JOIN preorder p USING (person_id, round_id) LEFT JOIN outbox o"
        "  ON o.person_id = h.person_id AND o.kind = 'store_closed' AND o.reference = h.reference"
        " WHERE o.state IS NULL OR o.state NOT IN ('sent', 'delivered', 'waiting')"
        " ORDER BY h.round_id, p.ticket LIMIT %s",
        (chain, code, limit),
    )
    return [(round_id, ticket) for round_id, ticket in await cursor.fetchall()]
