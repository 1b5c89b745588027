"""The SQL of what became of a round's packs."""

from dataclasses import dataclass

from psycopg.rows import class_row

from emask.database.pool import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFigures:
    """The figures of one chain's stores in one county."""

    chain: str
    county: str
    paid: int
    arrived: int
    by_owner: int
    by_proxy: int
    forfeited: int
    returned: int


async def by_store(tx: Transaction, round_id: str) -> list[StoreFigures]:
    """One pass over the round's orders, by chain and county."""
    async with tx.cursor(row_factory=class_row(StoreFigures)) as cursor:
        await cursor.execute(
            "SELECT chain, county, sum(paid)::bigint AS paid, sum(arrived)::bigint AS arrived,"
            " sum(by_owner)::bigint AS by_owner, sum(by_proxy)::bigint AS by_proxy,"
            " sum(forfeited)::bigint AS forfeited, sum(returned)::bigint AS returned FROM ("
            "  SELECT o.chain, o.store_code, count(*) AS paid,"
            "  count(*) FILTER (WHERE o.state IN ('arrived', 'collected')"
            "   OR o.state = 'forfeited' AND p.hold IS DISTINCT FROM 'short'"
            "    AND (s.state = 'arrived' OR EXISTS (SELECT FROM consignment c"
            "     JOIN consignment_status told USING (trade_no) WHERE c.person_id = o.person_id"
            "     AND c.round_id = o.round_id AND told.state = 'arrived'))) AS arrived,"
            "  count(h.person_id) FILTER (WHERE NOT h.by_proxy) AS by_owner,"
            "  count(h.person_id) FILTER (WHERE h.by_proxy) AS by_proxy,"
            "  count(*) FILTER (WHERE o.state = 'forfeited') AS forfeited,"
            "  count(*) FILTER (WHERE o.state = 'forfeited' AND p.returned_at IS NOT NULL)"
            "   AS returned"
            "  FROM orders o LEFT JOIN parcel p USING (person_id, round_id)"
            "  LEFT JOIN shipment s ON s.round_id = p.round_id AND s.chain = p.chain"
            "   AND s.store_code = p.store_code"
            "  LEFT JOIN handed_over h ON h.person_id = o.person_id AND h.round_id = o.round_id"
            "  WHERE o.round_id = %s AND o.state NOT IN ('awaiting_payment', 'lapsed', 'cancelled')"
            "  GROUP BY o.chain, o.store_code) of_store JOIN store USING (chain, store_code)"
            " GROUP BY chain, county ORDER BY chain, county",
            (round_id,),
        )
        return await cursor.fetchall()
