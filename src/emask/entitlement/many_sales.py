"""Counter sales that come in many at a time: their timelines are read and written as a set.

The rules are the same (:mod:`emask.rules.interval`); so is what meets whoever lost a race.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg.types.range import DateRange

from emask.database.pool import Transaction
from emask.entitlement import queries
from emask.entitlement.queries import CLAIM_COLUMNS, claim_in
from emask.entitlement.service import carry_out
from emask.rules.interval import Change, Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedSale:
    """A sale and what it does to its buyer's timeline."""

    person_id: UUID
    sale_id: UUID
    change: Change


async def claims_of_many(tx: Transaction, people: Collection[UUID]) -> dict[UUID, list[Claim]]:
    """Each person's claims, the earliest first; people without any are not named."""
    cursor = await tx.execute(
        f"SELECT person_id, {CLAIM_COLUMNS} FROM claim LEFT JOIN round USING (round_id)"
        " WHERE person_id = ANY(%s) ORDER BY person_id, during",
        (list(people),),
    )
    found: dict[UUID, list[Claim]] = defaultdict(list)
    async for person_id, *claim in cursor:
        found[person_id].append(claim_in(claim))
    return found


async def claim_many_sales(tx: Transaction, decided: Sequence[DecidedSale]) -> None:
    """Carry out what the rules decided for sales to different people.

    Run it under :meth:`~emask.database.pool.Database.retrying`.
    """
    for sale in decided:
        await carry_out(tx, sale.person_id, sale.change.moves)
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
