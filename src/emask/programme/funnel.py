"""How many came how far in a round, and the money of it."""

from emask.database.pool import Transaction

FUNNEL = (
    *("registered", "selected", "not_selected", "paid", "lapsed", "packed", "arrived"),
    *("collected", "forfeited", "cancelled"),
)
"""The stages in their order; each counts everybody who ever came so far."""

_STATEMENT = """
    SELECT
        (SELECT count(*) FROM preorder WHERE round_id = %(round)s AND state = 'registered'),
        (SELECT count(*) FROM draw_result WHERE round_id = %(round)s AND selected),
        (SELECT count(*) FROM draw_result WHERE round_id = %(round)s AND NOT selected),
        orders.paid, orders.lapsed, parcels.packed, parcels.arrived,
        (SELECT count(*) FROM handed_over WHERE round_id = %(round)s),
        orders.forfeited,
        (SELECT count(*) FROM preorder WHERE round_id = %(round)s AND state = 'cancelled')
            + orders.never_came
    FROM (
        SELECT count(paid_at) AS paid,
               count(*) FILTER (WHERE state = 'lapsed') AS lapsed,
               count(*) FILTER (WHERE state = 'forfeited') AS forfeited,
               count(*) FILTER (WHERE state = 'cancelled') AS never_came
        FROM orders WHERE round_id = %(round)s
    ) AS orders, (
        SELECT count(*) AS packed, count(shipment.arrived_at) AS arrived
        FROM parcel LEFT JOIN shipment USING (round_id, chain, store_code)
        WHERE round_id = %(round)s
    ) AS parcels
"""


async def funnel_of(tx: Transaction, round_id: str) -> dict[str, int]:
    """The figures of :data:`FUNNEL` for one round, as they stand now."""
    cursor = await tx.execute(_STATEMENT, {"round": round_id})
    row = await cursor.fetchone()
    return dict(zip(FUNNEL, row or [0] * len(FUNNEL), strict=True))
