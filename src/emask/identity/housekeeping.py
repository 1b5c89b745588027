"""What identity may forget: traces that no rule asks for any more."""

from datetime import datetime, timedelta
from typing import Final

from emask.database.pool import Transaction
from emask.identity import queries, session_queries

KEPT_FOR: Final = timedelta(days=1)
"""Far beyond the minutes in which evidence, device codes and pauses mean anything."""


async def forget_stale(tx: Transaction, *, at: datetime) -> int:
    """Delete used evidence, device codes and counted tries of long ago; returns how many rows.

    Evidence that old is refused by its own age.
    """
    forgotten = await session_queries.forget_generations(tx, at - KEPT_FOR)
    return forgotten + await queries.delete_older(tx, at - KEPT_FOR)
