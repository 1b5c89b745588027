"""The SQL of open data: each statement reads all that is published of its kind."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from emask.database.pool import Transaction
from emask.opendata.feed import SiteStock


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnRound:
    """A round that has closed, and what came of it so far.

    `published` says whether its draw's result is.
    """

    round_id: str
    closes_at: datetime
    pay_until: datetime
    pickup_ends_at: datetime
    published: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreCounts:
    """How many people of a round chose a store, were drawn, paid and collected there."""

    round_id: str
    chain: str
    store_code: str
    name: str
    address: str
    county: str
    town: str
    registered: int
    drawn: int
    paid: int
    collected: int


async def read_at(tx: Transaction) -> datetime:
    """When this transaction began, by the database's own clock, which all processes share."""
    await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    cursor = await tx.execute("SELECT now()")
    rows = await cursor.fetchall()
    at: datetime = rows[0][0]
    return at


async def stock(tx: Transaction) -> list[SiteStock]:
    """Every active site and what it has left, 0 of what it never had."""
    async with tx.cursor(row_factory=class_row(SiteStock)) as cursor:
        await cursor.execute(
            "SELECT s.site_code, s.name, s.address, s.phone, s.longitude, s.latitude, s.county,"
            " s.town, s.cunli, s.website, s.note, s.custom_note, s.service_periods,"
            " coalesce(adult.pieces, 0) AS adult, coalesce(child.pieces, 0) AS child,"
            " coalesce(greatest(adult.changed_at, child.changed_at), s.changed_at) AS changed_at,"
            " coalesce(own.days, '{}') || coalesce(everybody.days, '{}') AS holidays"
            " FROM counter_site s"
            " LEFT JOIN (SELECT site_code, array_agg(day) AS days FROM counter_holiday"
            "  GROUP BY site_code) AS own ON own.site_code = s.site_code"
            " CROSS JOIN (SELECT array_agg(day) AS days FROM counter_holiday"
            "  WHERE site_code IS NULL) AS everybody"
            " LEFT JOIN counter_stock adult"
            "  ON adult.site_code = s.site_code AND adult.product = 'adult_mask'"
            " LEFT JOIN counter_stock child"
            "  ON child.site_code = s.site_code AND child.product = 'child_mask'"
            ' WHERE s.active ORDER BY s.site_code COLLATE "C"'
        )
        return await cursor.fetchall()


async def closed_rounds(tx: Transaction, now: datetime) -> list[DrawnRound]:
    """The rounds whose registration is over, the first to open first."""
    async with tx.cursor(row_factory=class_row(DrawnRound)) as cursor:
        await cursor.execute(
            "SELECT round_id, closes_at, pay_until,"
            " (pickup_until + 1)::timestamp AT TIME ZONE 'Asia/Taipei' AS pickup_ends_at,"
            " EXISTS (SELECT FROM draw WHERE draw.round_id = round.round_id"
            "  AND published_at IS NOT NULL) AS published"
            " FROM round WHERE closes_at <= %s ORDER BY opens_at, round_id",
            (now,),
        )
        return await cursor.fetchall()


async def store_counts(tx: Transaction, round_ids: list[str]) -> list[StoreCounts]:
    """The figures of rounds by store; stores that nobody chose are left out."""
    async with tx.cursor(row_factory=class_row(StoreCounts)) as cursor:
        await cursor.execute(
            "SELECT round_id, store.chain, store.store_code, name, address, county, town,"
            " registered, drawn, paid, collected FROM ("
            "  SELECT round_id, chain, store_code, sum(registered)::bigint AS registered,"
            "   sum(drawn)::bigint AS drawn, sum(paid)::bigint AS paid,"
            "   sum(collected)::bigint AS collected FROM ("
            "   SELECT round_id, chain, store_code, count(*) AS registered, 0 AS drawn, 0 AS paid,"
            "    0 AS collected"
            "   FROM preorder WHERE round_id = ANY(%(rounds)s) AND state = 'registered'"
            "   GROUP BY round_id, chain, store_code"
            "   UNION ALL"
            "   SELECT round_id, chain, store_code, 0, count(*), count(paid_at),"
            "    count(*) FILTER (WHERE state = 'collected')"
            "   FROM orders WHERE round_id = ANY(%(rounds)s) GROUP BY round_id, chain, store_code"
            "  ) AS found GROUP BY round_id, chain, store_code"
            " ) AS counted JOIN store USING (chain, store_code)"
            ' ORDER BY round_id, store.chain, store.store_code COLLATE "C"',
            {"rounds": round_ids},
        )
        return await cursor.fetchall()
