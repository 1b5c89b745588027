"""The SQL of how notices stand."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg.rows import TupleRow

from emask.database.pool import Transaction


class Standing(NamedTuple):
    """How many notices of one round and kind are in one state, at one provider or at none.

    `lately` is how many of them were sent a moment ago, `oldest_waiting` since when the first of
    them waits.
    """

    round_id: str
    kind: str
    provider: str | None
    state: str
    number: int
    lately: int
    oldest_waiting: datetime | None


class Stranded(NamedTuple):
    """Notices of one kind and round that went wrong in one way, and are sent no more by themselves.

    `state` is `unclear` or `failed`, `delivery` the reason if one is known, `since` when the first
    of them was queued.
    """

    round_id: str
    kind: str
    state: str
    provider: str | None
    delivery: str | None
    number: int
    since: datetime


async def standing(tx: Transaction, *, at: datetime, lately: datetime) -> list[Standing]:
    """How all notices stand, in one reading of them.

    Args:
        tx: of its own.
        at: now.
        lately: since when to count what was sent.
    """
    cursor = await tx.execute(
        "SELECT split_part(reference, ':', 1), kind, provider, state, count(*),"
        " count(*) FILTER (WHERE sent_at > %(lately)s),"
        " min(created_at) FILTER (WHERE state = 'waiting' AND created_at <= %(at)s)"
        " FROM outbox GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
        {"at": at, "lately": lately},
    )
    return [Standing(*row) for row in await cursor.fetchall()]


async def count_due(tx: Transaction, *, at: datetime) -> int:
    """How many wait that were queued for then or earlier."""
    cursor = await tx.execute(
        "SELECT count(*) FROM outbox WHERE state = 'waiting' AND created_at <= %s", (at,)
    )
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])


async def stranded(tx: Transaction) -> list[Stranded]:
    """How many are unclear or have failed, by what went wrong."""
    cursor = await tx.execute(
        "SELECT split_part(reference, ':', 1), kind, state, provider, delivery, count(*),"
        " min(created_at) FROM outbox WHERE state IN ('unclear', 'failed')"
        " GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"
    )
    return [Stranded(*row) for row in await cursor.fetchall()]


async def told(tx: Transaction, *, person_id: UUID, round_id: str) -> list[TupleRow]:
    """A person's notices of one round."""
    cursor = await tx.execute(
        "SELECT kind, state, created_at, sent_at, delivery, told_at FROM outbox"
        " WHERE person_id = %s AND split_part(reference, ':', 1) = %s"
        " ORDER BY created_at, kind, reference",
        (person_id, round_id),
    )
    return await cursor.fetchall()


async def requeue(tx: Transaction, *, which: Stranded, at: datetime) -> int:
    """Let notices that went wrong wait anew; how many still were as told."""
    cursor = await tx.execute(
        "UPDATE outbox SET state = 'waiting', created_at = %(at)s, next_at = %(at)s, attempts = 0,"
        " provider = NULL, handed_at = NULL, provider_id = NULL, delivery = NULL, told_at = NULL"
        " WHERE state IN ('unclear', 'failed') AND state = %(state)s AND kind = %(kind)s"
        " AND split_part(reference, ':', 1) = %(round)s"
        " AND provider IS NOT DISTINCT FROM %(provider)s::text"
        " AND delivery IS NOT DISTINCT FROM %(delivery)s::text",
        {
            "at": at,
            "state": which.state,
            "kind": which.kind,
            "round": which.round_id,
            "provider": which.provider,
            "delivery": which.delivery,
        },
    )
    return cursor.rowcount
