"""What must be told to people, written in the same transaction as the fact it tells of."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from emask.database.pool import Transaction


async def enqueue(
    tx: Transaction,
    *,
    person_id: UUID,
    kind: str,
    reference: str,
    payload: Mapping[str, object],
    at: datetime,
) -> None:
    """Queue one notice; a second one of the same person, kind and reference changes nothing.

    Args:
        tx: the transaction of the fact.
        person_id: whom to tell.
        kind: which notice, such as ``selected``.
        reference: what it is about, usually the round's id.
        payload: JSON-able figures for its text; never personal data.
        at: when it may first be sent.
    """
    await tx.execute(
        "INSERT INTO outbox (person_id, kind, reference, payload, created_at, next_at)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (person_id, kind, reference, Jsonb(payload), at, at),
    )
