"""The SQL of receipts: what became of messages that were sent."""

from datetime import datetime, timedelta
from typing import LiteralString, NamedTuple

from emask.database.pool import Transaction
from emask.notices.model import NoticeState
from emask.notices.ports import Delivery

_STATES = {Delivery.WAITING: NoticeState.SENT, Delivery.DELIVERED: NoticeState.DELIVERED}

# Only ever forward: what has ended stays so, and of what is unknown more may become known.
FORWARD: LiteralString = (
    "(o.state = 'sent' OR o.state = 'undelivered' AND o.delivery = 'unknown'"
    " AND {new} NOT IN ('waiting', 'unknown'))"
)
APPLY: LiteralString = (
    "WITH told AS (SELECT person_id, kind, reference FROM outbox WHERE provider_id = %(id)s"
    "  ORDER BY sent_at DESC LIMIT 1),"
    " noted AS (UPDATE outbox o SET state = %(state)s, delivery = %(delivery)s, told_at = %(told)s"
    "  FROM told t WHERE (o.person_id, o.kind, o.reference) = (t.person_id, t.kind, t.reference)"
    "  AND " + FORWARD.replace("{new}", "%(delivery)s::text") + ")"
    " SELECT EXISTS (SELECT FROM told)"
)
"""Centres use their ids again: a receipt is of the message that got its id last."""


class Untold(NamedTuple):
    """A message of which nobody has told how it ended, by its whole id."""

    provider_id: str
    sent_at: datetime


async def apply(tx: Transaction, *, provider_id: str, delivery: Delivery, at: datetime) -> bool:
    """Note how far a message came; False if none is known by this id."""
    cursor = await tx.execute(
        APPLY,
        {
            "id": provider_id,
            "state": state_of(delivery),
            "delivery": delivery,
            "told": at,
        },
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def keep(
    tx: Transaction, *, provider_id: str, delivery: Delivery, at: datetime, heard_at: datetime
) -> None:
    """Keep a receipt of a message whose id is not known yet; of several the last final one."""
    await tx.execute(
        "INSERT INTO early_receipt AS e (provider_id, delivery, told_at, heard_at)"
        " VALUES (%s, %s, %s, %s) ON CONFLICT (provider_id) DO UPDATE"
        " SET delivery = excluded.delivery, told_at = excluded.told_at"
        " WHERE e.delivery IN ('waiting', 'unknown')",
        (provider_id, delivery, at, heard_at),
    )


async def match(tx: Transaction) -> int:
    """Note what was kept of messages that are known by now; how many."""
    cursor = await tx.execute(
        "WITH known AS (DELETE FROM early_receipt e USING outbox o"
        "  WHERE o.provider_id = e.provider_id AND o.state = 'sent'"
        "  RETURNING o.person_id, o.kind, o.reference, e.delivery, e.told_at)"
        " UPDATE outbox o SET delivery = k.delivery, told_at = k.told_at,"
        " state = CASE k.delivery WHEN 'waiting' THEN 'sent' WHEN 'delivered' THEN 'delivered'"
        "  ELSE 'undelivered' END"
        " FROM known k WHERE (o.person_id, o.kind, o.reference) = (k.person_id, k.kind,"
        " k.reference) AND o.state = 'sent'"
    )
    return cursor.rowcount


async def forget(tx: Transaction, *, heard_before: datetime) -> None:
    """Forget receipts of messages that nobody ever knew."""
    await tx.execute("DELETE FROM early_receipt WHERE heard_at < %s", (heard_before,))


async def take_untold(
    tx: Transaction, *, provider: str, at: datetime, again_after: timedelta, most: int
) -> list[Untold]:
    """Messages to ask a provider about, the longest due first; they are due again later."""
    cursor = await tx.execute(
        "UPDATE outbox o SET next_at = %(at)s + %(again_after)s FROM"
        " (SELECT person_id, kind, reference FROM outbox WHERE state = 'sent'"
        "  AND provider = %(provider)s AND next_at <= %(at)s"
        "  ORDER BY next_at LIMIT %(most)s FOR UPDATE SKIP LOCKED) AS due"
        " WHERE (o.person_id, o.kind, o.reference) = (due.person_id, due.kind, due.reference)"
        " RETURNING o.provider_id, o.sent_at",
        {"at": at, "again_after": again_after, "provider": provider, "most": most},
    )
    return [Untold(*row) for row in await cursor.fetchall()]


def state_of(delivery: Delivery) -> NoticeState:
    """The state of a notice whose message has come so far."""
    return _STATES.get(delivery, NoticeState.UNDELIVERED)
