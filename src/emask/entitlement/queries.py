"""The SQL of claims. Nothing else in the system writes `claim` and `claim_move`."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg.types.range import DateRange

from emask.database.pool import Transaction
from emask.rules.calendar import DayRange, DeferredClaim
from emask.rules.interval import Claim, Move, Source, Window

CLAIM_COLUMNS: Final = (
    "lower(claim.during), upper(claim.during), claim.source, claim.round_id, claim.sale_id,"
    " claim.collected, round.pickup_from, round.pickup_until, round.interval_days,"
    " round.deferred_claim"
)
"""Of `claim` and the `round` that it belongs to, if any, as :func:`claim_in` reads them."""
CLAIM_WIDTH: Final = 10


async def claims(tx: Transaction, person_id: UUID) -> list[Claim]:
    """A person's claims, first day first, each pre-order's with the window of its round."""
    cursor = await tx.execute(
        f"SELECT {CLAIM_COLUMNS} FROM claim LEFT JOIN round USING (round_id)"
        " WHERE person_id = %s ORDER BY during",
        (person_id,),
    )
    return [claim_in(row) for row in await cursor.fetchall()]


def claim_in(row: Sequence[Any]) -> Claim:
    """The claim of a row of :data:`CLAIM_COLUMNS`."""
    start, end, source, round_id, sale_id, collected, *window = row
    return Claim(
        during=DayRange(start, end),
        source=Source(source),
        reference=str(sale_id) if round_id is None else round_id,
        window=None if round_id is None else _window(round_id, *window),
        collected=collected,
    )


async def insert_sale(tx: Transaction, person_id: UUID, sale_id: UUID, during: DayRange) -> None:
    """Claim days for a counter sale."""
    await tx.execute(
        "INSERT INTO claim (person_id, during, source, sale_id) VALUES (%s, %s, 'counter', %s)",
        (person_id, _range(during), sale_id),
    )


async def delete_sale(tx: Transaction, person_id: UUID, sale_id: UUID) -> bool:
    """Give a counter sale's days back; False if it has no claim."""
    cursor = await tx.execute(
        "DELETE FROM claim WHERE person_id = %s AND sale_id = %s", (person_id, sale_id)
    )
    return cursor.rowcount == 1


async def insert_preorder(
    tx: Transaction, person_id: UUID, round_id: str, during: DayRange
) -> None:
    """Claim days for a paid pre-order."""
    await tx.execute(
        "INSERT INTO claim (person_id, during, source, round_id) VALUES (%s, %s, 'preorder', %s)",
        (person_id, _range(during), round_id),
    )


DELETE_PREORDERS: LiteralString = (
    "DELETE FROM claim WHERE person_id = ANY(%s) AND round_id = %s AND NOT collected"
)


async def delete_preorders(tx: Transaction, people: Sequence[UUID], round_id: str) -> int:
    """Give the days of some pre-orders back that were not collected; how many."""
    cursor = await tx.execute(DELETE_PREORDERS, (list(people), round_id))
    return cursor.rowcount


async def move(tx: Transaction, person_id: UUID, step: Move) -> bool:
    """Move a pre-order's claim; False if it is collected or no longer where it was read."""
    cursor = await tx.execute(
        "UPDATE claim SET during = %s"
        " WHERE person_id = %s AND round_id = %s AND during = %s AND NOT collected"
        " RETURNING true",
        (_range(step.after), person_id, step.reference, _range(step.before)),
    )
    return await cursor.fetchone() is not None


async def mark_collected(tx: Transaction, person_id: UUID, round_id: str) -> bool:
    """Fix a pre-order's claim where it stands; False if it has none."""
    cursor = await tx.execute(
        "UPDATE claim SET collected = true WHERE person_id = %s AND round_id = %s",
        (person_id, round_id),
    )
    return cursor.rowcount == 1


async def mark_uncollected(tx: Transaction, person_id: UUID, round_id: str) -> bool:
    """Let a pre-order's claim move again; False if it has none."""
    cursor = await tx.execute(
        "UPDATE claim SET collected = false WHERE person_id = %s AND round_id = %s",
        (person_id, round_id),
    )
    return cursor.rowcount == 1


async def moves_of_sale(tx: Transaction, person_id: UUID, sale_id: UUID) -> list[Move]:
    """What a counter sale moved."""
    cursor = await tx.execute(
        "SELECT round_id, lower(before), upper(before), lower(after), upper(after)"
        " FROM claim_move WHERE person_id = %s AND sale_id = %s",
        (person_id, sale_id),
    )
    return [
        Move(reference=round_id, before=DayRange(*days[:2]), after=DayRange(*days[2:]))
        for round_id, *days in await cursor.fetchall()
    ]


async def insert_moves(
    tx: Transaction, person_id: UUID, sale_id: UUID, moves: Sequence[Move]
) -> None:
    """Remember what a counter sale moved; most move nothing, and cost no round trip."""
    if not moves:
        return
    async with tx.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO claim_move (person_id, sale_id, round_id, before, after)"
            " VALUES (%s, %s, %s, %s, %s)",
            [
                (person_id, sale_id, step.reference, _range(step.before), _range(step.after))
                for step in moves
            ],
        )


async def delete_moves(tx: Transaction, person_id: UUID, sale_id: UUID) -> None:
    """Forget what a counter sale moved."""
    await tx.execute(
        "DELETE FROM claim_move WHERE person_id = %s AND sale_id = %s", (person_id, sale_id)
    )


def _range(days: DayRange) -> DateRange:
    return DateRange(days.start, days.end)


def _window(
    round_id: str, pickup_from: date, pickup_until: date, interval_days: int, deferred: str
) -> Window:
    return Window(
        round_id=round_id,
        pickup_from=pickup_from,
        pickup_until=pickup_until,
        interval_days=interval_days,
        deferred=DeferredClaim(deferred),
    )
