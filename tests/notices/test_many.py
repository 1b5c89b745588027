"""Millions of notices come at once: each group is found by index, whatever the statistics know."""

from datetime import timedelta
from typing import Any

from draw.town import Town
from emask.database.pool import Transaction
from emask.notices import sending_queries as queries
from emask.notices.service import drain
from notices.provider import Provider
from notices.waiting import wait_for_sending

MANY = 20_000


async def come(town: Town) -> None:
    """Many notices, of which the statistics do not know."""
    await town.rows("ALTER TABLE outbox SET (autovacuum_enabled = off)")
    await town.rows(
        "INSERT INTO outbox (person_id, kind, reference, created_at, next_at)"
        " SELECT gen_random_uuid(), 'forfeited', %s, %s, %s FROM generate_series(1, %s)"
        " RETURNING 1",
        *(town.round.id, await town.clock.now(), await town.clock.now(), MANY),
    )


async def plans(tx: Transaction, town: Town) -> str:
    """How a group is taken, and how its outcomes are marked."""
    now = await town.clock.now()
    taking = {"at": now, "most": 500, "provider": "p", "known_since": now}
    keys: list[list[Any]] = [[] for _ in range(4)]
    for person_id, created_at in await town.rows(
        "SELECT person_id, created_at FROM outbox LIMIT 500"
    ):
        for column, value in zip(
            keys, (person_id, "forfeited", town.round.id, created_at), strict=True
        ):
            column.append(value)
    marking = {
        "at": now,
        "ask_at": now,
        **dict(zip(("people", "kinds", "references", "created"), keys, strict=True)),
        "ids": ["1"] * 500,
        "deliveries": [None] * 500,
    }
    lines: list[str] = []
    for statement, values in ((queries.TAKE, taking), (queries.MARK, marking)):
        cursor = await tx.execute(b"EXPLAIN " + statement.encode(), values)
        lines += [str(row[0]) for row in await cursor.fetchall()]
    return "\n".join(lines)


async def test_a_group_is_found_by_index(town: Town) -> None:
    await come(town)
    async with town.db.transaction() as tx:
        await queries.by_index(tx)
        plan = await plans(tx, town)
    assert "Index Scan using outbox_waiting on outbox" in plan
    assert plan.count("Index Scan using outbox_pkey on outbox o") == 2
    assert "Sort" not in plan
    assert "Seq Scan on outbox" not in plan
    assert "Bitmap" not in plan


async def test_left_to_the_statistics_all_of_them_would_be_read_each_time(town: Town) -> None:
    await come(town)
    async with town.db.transaction() as tx:
        plan = await plans(tx, town)
    assert "Sort" in plan


async def test_progress_is_told_group_by_group(town: Town) -> None:
    await wait_for_sending(town, 25)
    told: list[int] = []
    provider = Provider(at_once=10)
    sent = await drain(town.db, town.clock, town.vault, provider, progress=told.append)
    assert (sent, told) == (25, [10, 10, 5])


async def test_a_clock_that_goes_on_is_asked_for_each_group(town: Town) -> None:
    """What falls due while much is sent is sent in the same go."""
    await wait_for_sending(town, 5)
    later = await town.clock.now() + timedelta(minutes=1)
    await town.rows(
        "UPDATE outbox SET next_at = %s WHERE person_id = (SELECT person_id FROM outbox LIMIT 1)"
        " RETURNING 1",
        later,
    )

    class Slow(Provider):
        async def ready(self) -> Any:
            await town.clock.set(later)
            return await super().ready()

    assert await drain(town.db, town.clock, town.vault, Slow(at_once=2)) == 5
