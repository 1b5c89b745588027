"""The seal on a round's hand-overs: one entry of the audit log for all of them.

Each hand-over is a row of ``collection``, append-only, with its clerk, time and document. Chaining
every one of them to the audit log makes all tills of the country wait for one another (measured:
half as many a second), so the log takes the digest of all rows when collection is over, with those
of ``collection_undone``, each of which is an entry of its own as well: they are few. From then on
none can be changed, added or removed without its showing.
"""

from datetime import datetime

from emask.database import audit_log
from emask.database.pool import Transaction
from emask.delivery import seal_queries as queries
from emask.rules.calendar import Round


async def seal_collections(tx: Transaction, *, round: Round, at: datetime) -> None:
    """Enter the digest of a round's hand-overs into the audit log; once, when they are over."""
    if at < round.pickup_ends_at or await queries.sealed_digest(tx, round.id):
        return
    digest = await queries.digest(tx, round.id, before=round.pickup_ends_at)
    await audit_log.record(
        tx,
        at=at,
        actor="system",
        act=queries.SEAL,
        subject=round.id,
        detail=digest._asdict(),
    )


async def seal_holds(tx: Transaction, *, round: Round) -> bool:
    """Whether a round's hand-overs are those that were sealed; true as long as there is no seal."""
    sealed = await queries.sealed_digest(tx, round.id)
    return sealed in (None, await queries.digest(tx, round.id, before=round.pickup_ends_at))
