"""Notices are queued with the fact they tell of, each once."""

from datetime import datetime
from uuid import UUID, uuid4

import pytest

from emask.database.outbox import enqueue
from emask.database.pool import Database, Transaction

PERSON = uuid4()


async def tell(
    tx: Transaction, at: datetime, *, person_id: UUID = PERSON, reference: str = "2020-1"
) -> None:
    await enqueue(
        tx, person_id=person_id, kind="paid", reference=reference, payload={"total": 22}, at=at
    )


async def rows(db: Database) -> list[tuple[object, ...]]:
    async with db.connection() as connection:
        cursor = await connection.execute(
            "SELECT person_id, kind, reference, payload, created_at, next_at, state FROM outbox"
        )
        return list(await cursor.fetchall())


async def test_a_notice_waits_to_be_sent(db: Database, opening: datetime) -> None:
    async with db.transaction() as tx:
        await tell(tx, opening)
    assert await rows(db) == [
        (PERSON, "paid", "2020-1", {"total": 22}, opening, opening, "waiting")
    ]


async def test_the_same_notice_is_queued_once(db: Database, opening: datetime) -> None:
    async with db.transaction() as tx:
        await tell(tx, opening)
        await tell(tx, opening)
        await tell(tx, opening, reference="2020-2")
        await tell(tx, opening, person_id=uuid4())
    assert len(await rows(db)) == 3


async def test_a_fact_that_fails_tells_nobody(db: Database, opening: datetime) -> None:
    async def failing(tx: Transaction) -> None:
        await tell(tx, opening)
        raise LookupError

    with pytest.raises(LookupError):
        await db.retrying(failing)
    assert await rows(db) == []
