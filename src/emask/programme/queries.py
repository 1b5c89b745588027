"""The SQL of the programme's own table, ``round_step``."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from psycopg.types.json import Jsonb

from emask.database.pool import Transaction


async def begin_step(tx: Transaction, *, round_id: str, step: str, at: datetime) -> bool:
    """Note a step as done when this transaction commits; False if it was done before.

    Whoever carries out the same step at the same time waits here for the other to finish.
    """
    cursor = await tx.execute(
        "INSERT INTO round_step (round_id, step, done_at) VALUES (%s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (round_id, step, at),
    )
    return cursor.rowcount == 1


async def note_figures(
    tx: Transaction, *, round_id: str, step: str, figures: Mapping[str, int]
) -> None:
    """Keep what a step did, in figures."""
    await tx.execute(
        "UPDATE round_step SET figures = %s WHERE round_id = %s AND step = %s",
        (Jsonb(figures), round_id, step),
    )


async def figures(tx: Transaction, *, round_id: str, step: str) -> dict[str, int]:
    """What a step did, in figures; none before it is done."""
    cursor = await tx.execute(
        "SELECT figures FROM round_step WHERE round_id = %s AND step = %s", (round_id, step)
    )
    row = await cursor.fetchone()
    return {} if row is None else dict(row[0])


async def steps_done(tx: Transaction) -> dict[str, frozenset[str]]:
    """The names of the steps that are done, by round."""
    cursor = await tx.execute("SELECT round_id, step FROM round_step")
    done: dict[str, set[str]] = defaultdict(set)
    for round_id, step in await cursor.fetchall():
        done[round_id].add(step)
    return {round_id: frozenset(steps) for round_id, steps in done.items()}
