"""The SQL of how notices stand."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import TupleRow, dict_row

from emask.database.pool import Transaction


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


async def by_kind(tx: Transaction) -> list[dict[str, Any]]:
    """How many of each round and kind stand where."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "SELECT split_part(reference, ':', 1) AS round_id, kind,"
            " count(*) FILTER (WHERE state = 'waiting') AS waiting,"
            " count(*) FILTER (WHERE state = 'sent') AS sent,"
            " count(*) FILTER (WHERE state = 'delivered') AS delivered,"
            " count(*) FILTER (WHERE state = 'undelivered') AS undelivered,"
            " count(*) FILTER (WHERE state = 'unclear') AS unclear,"
            " count(*) FILTER (WHERE state = 'failed') AS failed"
            " FROM outbox GROUP BY 1, 2 ORDER BY 1, 2"
        )
        return await cursor.fetchall()


async def by_provider(tx: Transaction) -> list[dict[str, Any]]:
    """What became of the messages that each provider was handed."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "SELECT provider,"
            " count(*) FILTER (WHERE state = 'sent') AS sent,"
            " count(*) FILTER (WHERE state = 'delivered') AS delivered,"
            " count(*) FILTER (WHERE state = 'undelivered') AS undelivered,"
            " count(*) FILTER (WHERE state = 'unclear') AS unclear,"
            " count(*) FILTER (WHERE state = 'failed') AS failed"
            " FROM outbox WHERE provider IS NOT NULL AND state <> 'waiting'"
            " GROUP BY provider ORDER BY provider"
        )
        return await cursor.fetchall()


async def oldest_waiting(tx: Transaction, *, at: datetime) -> datetime | None:
    """Since when the notice has waited that has waited longest of those that were due by now."""
    cursor = await tx.execute(
        "SELECT min(created_at) FROM outbox WHERE state = 'waiting' AND created_at <= %s", (at,)
    )
    row = await cursor.fetchone()
    return None if row is None else row[0]


async def sent_since(tx: Transaction, *, since: datetime) -> int:
    """How many were sent after an instant."""
    cursor = await tx.execute("SELECT count(*) FROM outbox WHERE sent_at > %s", (since,))
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])


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
