"""Counter sales that come in many at a time: their timelines are read and written as a set.

The rules are the same (:mod:`emask.rules.interval`); so is what meets whoever lost a race.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from psycopg.types.range import DateRange

from emask.database.pool import Transaction
from emask.entitlement import queries
from emask.entitlement.service import TimelineChanged
from emask.rules.calendar import DayRange, DeferredClaim
from emask.rules.interval import Change, Claim, Source, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedSale:
    """A sale and what it does to its buyer's timeline."""

    person_id: UUID
    sale_id: UUID
    change: Change


async def claims_of_many(tx: Transaction, people: Collection[UUID]) -> dict[UUID, list[Claim]]:
    """Each person's claims, the earliest first; people without any are not named."""
    cursor = await tx.execute(
        "SELECT person_id, lower(during), upper(during), source, round_id, sale_id, collected,"
        " pickup_from, pickup_until, interval_days, deferred_claim"
        " FROM claim LEFT JOIN round USING (round_id)"
        " WHERE person_id = ANY(%s) ORDER BY person_id, during",
        (list(people),),
    )
    found: dict[UUID, list[Claim]] = defaultdict(list)
    async for person_id, start, end, source, round_id, sale_id, collected, *window in cursor:
        claim = Claim(
            during=DayRange(start, end),
            source=Source(source),
            reference=str(sale_id) if round_id is None else round_id,
            window=None if round_id is None else _window(round_id, *window),
            collected=collected,
        )
        found[person_id].append(claim)
    return found


async def claim_many_sales(tx: Transaction, decided: Sequence[DecidedSale]) -> None:
    """Carry out what the rules decided for sales to different people.

    Run it under :meth:`~emask.database.pool.Database.retrying`.
    """
    for sale in decided:
        for move in sale.change.moves:
            if not await queries.move(tx, sale.person_id, move):
                raise TimelineChanged
        await queries.insert_moves(tx, sale.person_id, sale.sale_id, sale.change.moves)
    rows = [
        (sale.person_id, sale.sale_id, DateRange(days.start, days.end))
        for sale in decided
        for days in (sale.change.placed.during,)
    ]
    if rows:
        await tx.execute(
            "INSERT INTO claim (person_id, sale_id, during, source)"
            " SELECT *, 'counter' FROM unnest(%s::uuid[], %s::uuid[], %s::daterange[])",
            [list(column) for column in zip(*rows, strict=True)],
        )


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
