"""Notices that wait to be sent."""

from collections import Counter
from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from draw.town import Entry, Town, somebody

Payload = dict[str, object]


async def wait_for_sending(
    town: Town, number: int, *, kind: str = "forfeited", payload: Payload | None = None
) -> list[Entry]:
    """`number` people's notices that are due now."""
    entries = [somebody() for _ in range(number)]
    await town.enter(entries)
    now = await town.clock.now()
    for entry in entries:
        await queue(town, entry, kind=kind, payload=payload or {}, at=now)
    return entries


async def queue(town: Town, entry: Entry, *, kind: str, payload: Payload, at: datetime) -> None:
    await town.rows(
        "INSERT INTO outbox (person_id, kind, reference, payload, created_at, next_at)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        *(entry.person_id, kind, town.round.id, Jsonb(payload), at, at),
    )


async def states(town: Town) -> Counter[str]:
    return Counter(str(row[0]) for row in await town.rows("SELECT state FROM outbox"))


async def later(town: Town, minutes: int) -> None:
    await town.clock.set(await town.clock.now() + timedelta(minutes=minutes))
