"""The SQL of notices: whom to tell, set by set, and what waits to be sent."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import LiteralString, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from emask.database.pool import Transaction


class Waiting(NamedTuple):
    """A notice that was taken to be sent, with the sealed number of its pre-order."""

    person_id: UUID
    kind: str
    reference: str
    created_at: datetime
    payload: dict[str, object]
    language: str | None
    mobile: bytes | None


class Outcome(NamedTuple):
    """What became of a notice: the provider's id for it, or None if it can never be sent."""

    person_id: UUID
    kind: str
    reference: str
    provider_id: str | None


_TELL: LiteralString = (
    "INSERT INTO outbox (person_id, kind, reference, payload, created_at, next_at) "
)


async def tell_drawn(
    tx: Transaction,
    *,
    kind: str,
    round_id: str,
    selected: bool,
    payload: Mapping[str, object],
    at: datetime,
) -> int:
    """Tell everybody whom the draw selected, or did not select; how many are new."""
    cursor = await tx.execute(
        _TELL + "SELECT person_id, %(kind)s, round_id, %(payload)s, %(at)s, %(at)s"
        " FROM draw_result WHERE round_id = %(round)s AND selected = %(selected)s"
        " ON CONFLICT DO NOTHING",
        {
            "kind": kind,
            "round": round_id,
            "selected": selected,
            "payload": Jsonb(payload),
            "at": at,
        },
    )
    return cursor.rowcount


async def tell_orders(
    tx: Transaction,
    *,
    kind: str,
    round_id: str,
    state: str,
    payload: Mapping[str, object],
    at: datetime,
) -> int:
    """Tell everybody whose order is in one state; how many are new."""
    cursor = await tx.execute(
        _TELL + "SELECT person_id, %(kind)s, round_id, %(payload)s, %(at)s, %(at)s"
        " FROM orders WHERE round_id = %(round)s AND state = %(state)s ON CONFLICT DO NOTHING",
        {"kind": kind, "round": round_id, "state": state, "payload": Jsonb(payload), "at": at},
    )
    return cursor.rowcount


async def tell_arrived(
    tx: Transaction, *, kind: str, round_id: str, collect_until: date, at: datetime
) -> int:
    """Tell everybody whose pack lies at the store its pick-up number and first day; how many.

    Once for each store that it came to, and once more when it came for a re-collection.
    """
    cursor = await tx.execute(
        _TELL + "SELECT o.person_id, %(kind)s,"
        " concat_ws(':', o.round_id, p.chain || p.store_code, p.reopened_until),"
        " jsonb_build_object('pickup_number', p.pickup_number, 'collect_from', lower(c.during),"
        "  'collect_until', coalesce(p.reopened_until, %(until)s::date)), %(at)s, %(at)s"
        " FROM orders o JOIN parcel p USING (person_id, round_id)"
        " JOIN claim c USING (person_id, round_id)"
        " WHERE o.round_id = %(round)s AND o.state = 'arrived' ON CONFLICT DO NOTHING",
        {"kind": kind, "round": round_id, "until": collect_until, "at": at},
    )
    return cursor.rowcount


async def give_up(tx: Transaction, *, at: datetime, attempts: int) -> int:
    """Stop trying what was tried `attempts` times; how many."""
    cursor = await tx.execute(
        "UPDATE outbox SET state = 'failed'"
        " WHERE state = 'waiting' AND next_at <= %s AND attempts >= %s",
        (at, attempts),
    )
    return cursor.rowcount


TAKE: LiteralString = (
    "WITH taken AS (SELECT person_id, kind, reference FROM outbox"
    "  WHERE state = 'waiting' AND next_at <= %(at)s"
    "  ORDER BY next_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED),"
    " leased AS (UPDATE outbox o SET attempts = o.attempts + 1,"
    "  next_at = %(at)s + least(interval '5 minutes' * 2 ^ o.attempts, interval '1 hour')"
    "  FROM taken t"
    "  WHERE (o.person_id, o.kind, o.reference) = (t.person_id, t.kind, t.reference)"
    "  RETURNING o.person_id, o.kind, o.reference, o.created_at, o.payload)"
    " SELECT l.person_id, l.kind, l.reference, l.created_at, l.payload, p.language, p.mobile"
    " FROM leased l LEFT JOIN preorder p"
    " ON p.person_id = l.person_id AND p.round_id = split_part(l.reference, ':', 1)"
)
"""Take a batch and lease it: nobody else takes it for a while, and no lock is held meanwhile."""


async def take(tx: Transaction, *, at: datetime, batch: int) -> list[Waiting]:
    """Up to `batch` notices that are due; not sent, they are due again minutes later."""
    cursor = await tx.execute(TAKE, {"at": at, "batch": batch})
    return [Waiting(*row) for row in await cursor.fetchall()]


async def mark(tx: Transaction, outcomes: Sequence[Outcome], *, at: datetime) -> int:
    """Note what became of notices; how many were sent."""
    cursor = await tx.execute(
        "WITH marked AS (UPDATE outbox o SET provider_id = s.provider_id,"
        "  state = CASE WHEN s.provider_id IS NULL THEN 'failed' ELSE 'sent' END,"
        "  sent_at = CASE WHEN s.provider_id IS NULL THEN NULL ELSE %s END"
        "  FROM unnest(%b::uuid[], %b::text[], %b::text[], %b::text[])"
        "   AS s (person_id, kind, reference, provider_id)"
        "  WHERE (o.person_id, o.kind, o.reference) = (s.person_id, s.kind, s.reference)"
        "  AND o.state = 'waiting' RETURNING o.state)"
        " SELECT count(*) FROM marked WHERE state = 'sent'",
        (
            at,
            [outcome.person_id for outcome in outcomes],
            [outcome.kind for outcome in outcomes],
            [outcome.reference for outcome in outcomes],
            [outcome.provider_id for outcome in outcomes],
        ),
    )
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])
