"""A partner's message takes effect once, however often and however closely it comes."""

import asyncio
from datetime import datetime

import pytest

from emask.database.inbox import first_time
from emask.database.pool import Database, Transaction


async def note(tx: Transaction, at: datetime, *, partner: str = "bank", number: str = "1") -> bool:
    return await first_time(tx, partner=partner, message_id=number, received_at=at)


async def test_a_message_is_new_once(db: Database, opening: datetime) -> None:
    async with db.transaction() as tx:
        assert await note(tx, opening)
        assert not await note(tx, opening)
    async with db.transaction() as tx:
        assert not await note(tx, opening)
        assert await note(tx, opening, number="2")
        assert await note(tx, opening, partner="sms")


@pytest.mark.parametrize(("end", "second_is_new"), [("COMMIT", False), ("ROLLBACK", True)])
async def test_a_copy_waits_for_the_first_to_take_effect(
    db: Database, opening: datetime, end: str, *, second_is_new: bool
) -> None:
    async def copy() -> bool:
        async with db.transaction() as tx:
            return await note(tx, opening)

    async with db.connection() as first:
        await first.execute("BEGIN")
        assert await note(first, opening)
        second = asyncio.create_task(copy())
        await asyncio.wait([second], timeout=0.3)
        assert not second.done()
        await first.execute(end)
    assert await second is second_is_new


async def test_a_plain_look_would_not_wait(db: Database, opening: datetime) -> None:
    """What the insertion is for: a look before the first commits finds nothing."""
    async with db.transaction() as tx, db.connection() as elsewhere:
        await note(tx, opening)
        cursor = await elsewhere.execute("SELECT count(*) FROM inbox")
        assert await cursor.fetchall() == [(0,)]
