"""Messages of partners: each takes effect once, however often it arrives."""

from datetime import datetime

from emask.database.pool import Transaction


async def first_time(
    tx: Transaction, *, partner: str, message_id: str, received_at: datetime
) -> bool:
    """Note a partner's message; False if it was noted before.

    A copy that arrives while the first is still being worked on waits for it to commit.
    """
    cursor = await tx.execute(
        "INSERT INTO inbox (partner, message_id, received_at) VALUES (%s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (partner, message_id, received_at),
    )
    return cursor.rowcount == 1
