"""Made-up phones, and a provider without any wire that brings messages to them, each once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Self

from psycopg.rows import class_row

from emask.database.pool import Database
from emask.notices.ports import Delivery, Handed, Receipt, Sms

_FOR_EVER: Final = timedelta(days=36_500)
_AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenSms:
    """A message that reached a made-up phone; `seq` grows with the order of arrival."""

    seq: int
    message_id: str
    number: str
    text: str


class SandboxSms:
    """An `SmsProvider` of our own, and an `SmsSender` by itself.

    Its table is made by :func:`emask.sandbox.schema.install`.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    @property
    def name(self) -> str:
        """How the outbox calls it."""
        return "sandbox"

    @property
    def remembers(self) -> timedelta:
        """It forgets nothing."""
        return _FOR_EVER

    @property
    def at_once(self) -> int:
        """As many as one statement bears."""
        return _AT_ONCE

    @property
    def providers(self) -> Sequence[Self]:
        """Itself."""
        return (self,)

    async def ready(self) -> Sequence[Self]:
        """Itself, at any time."""
        return (self,)

    async def aclose(self) -> None:
        """Nothing is open."""

    async def query(self, provider_ids: Sequence[str]) -> list[Receipt]:
        """Everything arrives here as soon as it is sent."""
        return [
            Receipt(provider_id=each, delivery=Delivery.DELIVERED, at=None) for each in provider_ids
        ]

    async def send(self, messages: Sequence[Sms]) -> list[Handed]:
        """Take messages; one that is known arrives no second time, and keeps its id."""
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
        return [Handed(message.message_id) for message in messages]

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
