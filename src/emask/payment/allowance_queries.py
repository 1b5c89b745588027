"""The SQL of what relatives are allowed to pay."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from emask.database.pool import Transaction


class Allowance(NamedTuple):
    """A code for one order, as its digest."""

    person_id: UUID
    round_id: str
    digest: bytes
    expires_at: datetime


async def replace(tx: Transaction, allowance: Allowance) -> None:
    """Keep a code in place of the order's earlier one."""
    await tx.execute(
        "INSERT INTO payment_allowance (person_id, round_id, digest, expires_at)"
        " VALUES (%s, %s, %s, %s) ON CONFLICT (person_id, round_id) DO UPDATE SET"
        " digest = excluded.digest, expires_at = excluded.expires_at,"
        " tries = 0, used_by = NULL, used_at = NULL",
        allowance,
    )


async def use(
    tx: Transaction, *, owner: UUID, round_id: str, digest: bytes, payer: UUID, at: datetime
) -> bool:
    """Count a try at an order's code and, if it is the right one, make it the payer's.

    One statement: of two that come at once the second finds what the first has left.
    """
    cursor = await tx.execute(
        "UPDATE payment_allowance SET tries = tries + 1,"
        " used_by = CASE WHEN digest = %(digest)s THEN %(payer)s::uuid END,"
        " used_at = CASE WHEN digest = %(digest)s THEN %(at)s::timestamptz END"
        " WHERE person_id = %(owner)s AND round_id = %(round)s"
        " AND used_by IS NULL AND tries < 5 AND expires_at > %(at)s RETURNING used_by",
        {"owner": owner, "round": round_id, "digest": digest, "payer": payer, "at": at},
    )
    row = await cursor.fetchone()
    return row is not None and row[0] == payer


async def owners(
    tx: Transaction, payer: UUID, round_id: str, *, used_after: datetime
) -> list[UUID]:
    """Whose orders still await payment and are the payer's to pay since an instant."""
    cursor = await tx.execute(
        "SELECT person_id FROM payment_allowance JOIN orders USING (person_id, round_id)"
        " WHERE used_by = %s AND round_id = %s AND used_at > %s AND state = 'awaiting_payment'"
        " ORDER BY used_at, person_id",
        (payer, round_id, used_after),
    )
    return [row[0] for row in await cursor.fetchall()]
