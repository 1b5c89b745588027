"""The SQL of sending: taking what is due, noting who gets it, and what was answered."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import LiteralString, NamedTuple
from uuid import UUID

from emask.database.pool import Transaction


class Waiting(NamedTuple):
    """A notice that was taken to be sent, with the sealed number of its pre-order.

    `fresh` says that nobody had been handed it before; `attempts` counts this one.
    """

    person_id: UUID
    kind: str
    reference: str
    created_at: datetime
    payload: dict[str, object]
    attempts: int
    fresh: bool
    language: str | None
    mobile: bytes | None


class Outcome(NamedTuple):
    """What a notice has become: sent under a provider's id, or never to be sent for a reason."""

    notice: Waiting
    provider_id: str | None
    delivery: str | None


TAKE: LiteralString = (
    "WITH taken AS (SELECT person_id, kind, reference, handed_at IS NULL AS fresh FROM outbox"
    "  WHERE state = 'waiting' AND next_at <= %(at)s"
    "  AND (handed_at IS NULL OR provider = %(provider)s AND handed_at > %(known_since)s)"
    "  ORDER BY next_at LIMIT %(most)s FOR UPDATE SKIP LOCKED),"
    " leased AS (UPDATE outbox o SET attempts = o.attempts + 1, provider = %(provider)s,"
    "  handed_at = coalesce(o.handed_at, %(at)s),"
    "  next_at = %(at)s + least(interval '5 minutes' * 2 ^ o.attempts, interval '1 hour')"
    "  FROM taken t"
    "  WHERE (o.person_id, o.kind, o.reference) = (t.person_id, t.kind, t.reference)"
    "  RETURNING o.person_id, o.kind, o.reference, o.created_at, o.payload, o.attempts, t.fresh)"
    " SELECT l.*, p.language, p.mobile FROM leased l LEFT JOIN preorder p"
    " ON p.person_id = l.person_id AND p.round_id = split_part(l.reference, ':', 1)"
)
"""Take a group, note whom it is handed to, and lease it: nobody else takes it for a while.

What was handed to a provider before and not answered goes to the same one alone, as long as it
knows a message again.
"""


# Said so that no index of what waits can be meant: rows are found by their keys.
_STILL_WAITING: LiteralString = "coalesce(o.state = 'waiting', false)"


async def by_index(tx: Transaction) -> None:
    """Go by the indexes until the transaction ends.

    Millions of notices come at once; as long as the table's statistics do not know of them, each
    group would be sought by reading and sorting all of them.
    """
    await tx.execute(
        "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true),"
        " set_config('enable_bitmapscan', 'off', true)"
    )


async def take(
    tx: Transaction, *, provider: str, remembers: timedelta, at: datetime, most: int
) -> list[Waiting]:
    """Up to `most` notices that are due; without an answer, they are due again minutes later."""
    facts = {"provider": provider, "known_since": at - remembers, "at": at, "most": most}
    return [Waiting(*row) for row in await (await tx.execute(TAKE, facts)).fetchall()]


async def hand_to(
    tx: Transaction, notices: Sequence[Waiting], *, provider: str | None, at: datetime | None
) -> None:
    """Note that notices are handed to another provider, or that nobody has them after all."""
    await tx.execute(
        "UPDATE outbox o SET provider = %s, handed_at = %s"
        " FROM unnest(%b::uuid[], %b::text[], %b::text[], %b::timestamptz[])"
        "  AS n (person_id, kind, reference, created_at)"
        " WHERE (o.person_id, o.kind, o.reference) = (n.person_id, n.kind, n.reference)"
        f" AND o.created_at = n.created_at AND {_STILL_WAITING}",
        (provider, at, *_keys(notices)),
    )


MARK: LiteralString = (
    "WITH marked AS (UPDATE outbox o SET provider_id = o.provider || ':' || s.provider_id,"
    "  state = CASE WHEN s.provider_id IS NULL THEN 'failed' ELSE 'sent' END,"
    "  sent_at = CASE WHEN s.provider_id IS NOT NULL THEN %(at)s::timestamptz END,"
    "  next_at = CASE WHEN s.provider_id IS NULL THEN o.next_at ELSE %(ask_at)s END,"
    "  delivery = s.delivery,"
    "  told_at = CASE WHEN s.delivery IS NOT NULL THEN %(at)s::timestamptz END"
    "  FROM unnest(%(people)b::uuid[], %(kinds)b::text[], %(references)b::text[],"
    "   %(created)b::timestamptz[], %(ids)b::text[], %(deliveries)b::text[])"
    "   AS s (person_id, kind, reference, created_at, provider_id, delivery)"
    "  WHERE (o.person_id, o.kind, o.reference) = (s.person_id, s.kind, s.reference)"
    f"  AND o.created_at = s.created_at AND {_STILL_WAITING} RETURNING o.state)"
    " SELECT count(*) FROM marked WHERE state = 'sent'"
)


async def mark(
    tx: Transaction, outcomes: Sequence[Outcome], *, at: datetime, ask_at: datetime
) -> int:
    """Note what became of notices; how many were sent.

    One that was queued anew meanwhile, because it became true once more, is another one.

    Args:
        tx: of its own.
        outcomes: what was answered.
        at: now.
        ask_at: when to ask for a receipt that has not come.
    """
    cursor = await tx.execute(
        MARK,
        {
            "at": at,
            "ask_at": ask_at,
            **dict(
                zip(
                    ("people", "kinds", "references", "created"),
                    _keys([outcome.notice for outcome in outcomes]),
                    strict=True,
                )
            ),
            "ids": [outcome.provider_id for outcome in outcomes],
            "deliveries": [outcome.delivery for outcome in outcomes],
        },
    )
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])


async def set_aside(tx: Transaction, *, remembers: Mapping[str, timedelta], at: datetime) -> int:
    """Send by itself no more what may have been sent, once its provider forgets; how many.

    Args:
        tx: of its own.
        remembers: for how long each provider knows a message again; one that is not there, never.
        at: now.
    """
    cursor = await tx.execute(
        "UPDATE outbox o SET state = 'unclear'"
        " WHERE state = 'waiting' AND handed_at IS NOT NULL AND next_at <= %(at)s"
        " AND handed_at <= %(at)s - coalesce((SELECT p.remembers"
        "  FROM unnest(%(names)b::text[], %(spans)b::interval[]) AS p (name, remembers)"
        "  WHERE p.name = o.provider), interval '0')",
        {"names": list(remembers), "spans": list(remembers.values()), "at": at},
    )
    return cursor.rowcount


def _keys(
    notices: Sequence[Waiting],
) -> tuple[list[UUID], list[str], list[str], list[datetime]]:
    return (
        [notice.person_id for notice in notices],
        [notice.kind for notice in notices],
        [notice.reference for notice in notices],
        [notice.created_at for notice in notices],
    )
