"""The SQL of slips: noted when printed, found when scanned, forgotten when old."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from emask.database.pool import Transaction
from emask.rounds.model import Chain


class Printed(NamedTuple):
    """Whose pack a slip is for, and where and how long it can be used."""

    person_id: UUID
    round_id: str
    chain: Chain
    store_code: str
    printed_at: datetime
    expires_at: datetime


async def note(tx: Transaction, slip_digest: bytes, printed: Printed) -> None:
    """Keep a slip under the digest of its number."""
    await tx.execute(
        "INSERT INTO slip (slip_digest, person_id, round_id, chain, store_code, printed_at,"
        " expires_at) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (slip_digest, *printed),
    )


async def find(tx: Transaction, slip_digest: bytes) -> Printed | None:
    """The slip of a digest, old or not; None if none was printed or it is forgotten."""
    cursor = await tx.execute(
        "SELECT person_id, round_id, chain, store_code, printed_at, expires_at FROM slip"
        " WHERE slip_digest = %s",
        (slip_digest,),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    person_id, round_id, chain, store_code, printed_at, expires_at = row
    return Printed(person_id, round_id, Chain(chain), store_code, printed_at, expires_at)


async def forget(tx: Transaction, *, expired_before: datetime) -> int:
    """Forget slips that could not be used any more before an instant; returns how many."""
    cursor = await tx.execute("DELETE FROM slip WHERE expires_at < %s", (expired_before,))
    return cursor.rowcount
