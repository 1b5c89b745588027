"""The sandbox SMS centre: keeps what it is given to send, each message once."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.rows import class_row

from emask.database.pool import Database
from emask.notices.ports import Sms


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenSms:
    """A message that reached a made-up phone; `seq` grows with the order of arrival."""

    seq: int
    message_id: str
    number: str
    text: str


class SandboxSms:
    """An SMS provider of our own; its table is made by :func:`emask.sandbox.schema.install`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def send(self, messages: Sequence[Sms]) -> list[str]:
        """Take messages and give their provider ids; one that is known arrives no second time."""
        async with self._db.connection() as connection:
            await connection.execute(
                "INSERT INTO sandbox.sms (message_id, number, text)"
                " SELECT * FROM unnest(%b::text[], %b::text[], %b::text[])"
                " ON CONFLICT (message_id) DO NOTHING",
                (
                    [message.message_id for message in messages],
                    [message.number for message in messages],
                    [message.text for message in messages],
                ),
            )
        return [f"sandbox-{message.message_id}" for message in messages]

    async def messages_for(self, number: str, *, after: int = 0) -> list[TakenSms]:
        """What a phone got after message `after`, the oldest first."""
        async with (
            self._db.connection() as connection,
            connection.cursor(row_factory=class_row(TakenSms)) as cursor,
        ):
            await cursor.execute(
                "SELECT seq, message_id, number, text FROM sandbox.sms"
                " WHERE number = %s AND seq > %s ORDER BY seq",
                (number, after),
            )
            return await cursor.fetchall()

    async def count(self) -> int:
        """How many messages it has taken."""
        async with self._db.connection() as connection:
            cursor = await connection.execute("SELECT count(*) FROM sandbox.sms")
            row = await cursor.fetchone()
        return 0 if row is None else int(row[0])
