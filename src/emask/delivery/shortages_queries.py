"""The SQL of shortages: who waits and who gets theirs, by the rank of the draw."""

from datetime import date, datetime
from uuid import UUID

from psycopg.rows import dict_row

from emask.database.pool import Transaction
from emask.delivery.model import Shortage
from emask.rounds.model import Chain

_SENDABLE = (
    " FROM parcel p JOIN orders o USING (person_id, round_id)"
    " JOIN shipment s ON s.round_id = p.round_id AND s.chain = p.chain"
    "  AND s.store_code = p.store_code"
    " JOIN store ON store.chain = p.chain AND store.store_code = p.store_code AND store.open"
    " LEFT JOIN draw_result d ON d.round_id = p.round_id AND d.person_id = p.person_id"
    " WHERE p.round_id = %(round)s AND p.chain = %(chain)s AND p.hold IS NULL"
    " AND (%(store)s::text IS NULL OR p.store_code = %(store)s)"
    " AND o.state = 'paid' AND s.state = 'packed'"
)


async def sendable(tx: Transaction, *, round_id: str, chain: Chain, store_code: str | None) -> int:
    """The packs that have yet to leave a centre, for all of its stores or one."""
    cursor = await tx.execute(
        "SELECT count(*)" + _SENDABLE, {"round": round_id, "chain": chain, "store": store_code}
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def keep(
    tx: Transaction,
    *,
    round_id: str,
    chain: Chain,
    store_code: str | None,
    packs: int,
    at: datetime,
    by: str,
) -> UUID:
    """Keep a shortage; its id."""
    cursor = await tx.execute(
        "INSERT INTO shortage (round_id, chain, store_code, packs, reported_at, reported_by)"
        " VALUES (%s, %s, %s, %s, %s, %s) RETURNING shortage_id",
        (round_id, chain, store_code, packs, at, by),
    )
    row = await cursor.fetchone()
    if row is None:
        raise LookupError("an insert returned no row")
    return UUID(str(row[0]))


async def hold_last(
    tx: Transaction,
    shortage_id: UUID,
    *,
    round_id: str,
    chain: Chain,
    store_code: str | None,
    packs: int,
) -> int:
    """Keep back the packs of those whom the draw ranked last; how many."""
    cursor = await tx.execute(
        "UPDATE parcel SET hold = 'short', shortage_id = %(shortage)s FROM ("
        "  SELECT p.person_id" + _SENDABLE + " ORDER BY d.rank DESC NULLS FIRST,"
        "  p.person_id DESC LIMIT %(packs)s) last"
        " WHERE parcel.person_id = last.person_id AND parcel.round_id = %(round)s",
        {
            "shortage": shortage_id,
            "round": round_id,
            "chain": chain,
            "store": store_code,
            "packs": packs,
        },
    )
    return cursor.rowcount


async def shortages(tx: Transaction, round_id: str, chain: Chain | None = None) -> list[Shortage]:
    """The shortages of a round, the newest first."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "SELECT shortage_id, chain, store_code, packs, reported_at, reported_by,"
            " (SELECT count(*) FROM parcel p JOIN orders o USING (person_id, round_id)"
            "  WHERE p.shortage_id = shortage.shortage_id AND p.round_id = %(round)s"
            "  AND hold = 'short' AND o.state = 'paid') AS waiting FROM shortage"
            " WHERE round_id = %(round)s AND (%(chain)s::text IS NULL OR chain = %(chain)s)"
            " ORDER BY reported_at DESC, shortage_id",
            {"round": round_id, "chain": chain},
        )
        rows = await cursor.fetchall()
    return [Shortage(**row | {"chain": Chain(row["chain"])}) for row in rows]


async def release_first(
    tx: Transaction, shortage_id: UUID, *, packs: int, round_id: str, last_day: date
) -> int:
    """Send the packs of those who were ranked first among who wait; how many.

    Whose shipment has left gets theirs later, and until `last_day` if that is after the round's.
    """
    cursor = await tx.execute(
        "UPDATE parcel p SET"
        " hold = CASE WHEN first.gone THEN 'later' END,"
        " reopened_until = CASE WHEN (first.gone OR first.begun)"
        "   AND first.pickup_until < %(last_day)s"
        "  THEN %(last_day)s ELSE p.reopened_until END"
        " FROM (SELECT p.person_id, s.state <> 'packed' AS gone, r.pickup_until,"
        "   r.pickup_from < %(last_day)s - (r.pickup_until - r.pickup_from) AS begun"
        "  FROM parcel p JOIN orders o USING (person_id, round_id) JOIN round r USING (round_id)"
        "  JOIN shipment s ON s.round_id = p.round_id AND s.chain = p.chain"
        "   AND s.store_code = p.store_code"
        "  LEFT JOIN draw_result d ON d.round_id = p.round_id AND d.person_id = p.person_id"
        "  WHERE p.round_id = %(round)s AND p.shortage_id = %(shortage)s AND p.hold = 'short'"
        "  AND o.state = 'paid' ORDER BY d.rank NULLS LAST, p.person_id LIMIT %(packs)s) first"
        " WHERE p.person_id = first.person_id AND p.round_id = %(round)s",
        {"shortage": shortage_id, "packs": packs, "round": round_id, "last_day": last_day},
    )
    return cursor.rowcount


async def end(tx: Transaction, shortage_id: UUID, *, at: datetime, by: str) -> None:
    """Nobody waits any more."""
    await tx.execute(
        "UPDATE shortage SET ended_at = %s, ended_by = %s"
        " WHERE shortage_id = %s AND ended_at IS NULL",
        (at, by, shortage_id),
    )
