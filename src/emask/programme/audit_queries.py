"""The SQL of the audit: each statement counts the rows that break one invariant.

They read only, whole tables at a time, and hold at every commit: also in the middle of a round
and after a crash.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import LiteralString

from emask.database.clock import NOW
from emask.database.pool import Transaction

_PAID = "('paid', 'arrived', 'collected', 'forfeited')"

INVARIANTS: Mapping[str, LiteralString] = MappingProxyType(
    {
        "nobody_twice": """
            SELECT count(*) FROM (
                (SELECT 1 FROM preorder GROUP BY person_id, round_id HAVING count(*) > 1)
                UNION ALL
                (SELECT 1 FROM preorder GROUP BY round_id, ticket HAVING count(*) > 1)
                UNION ALL
                (SELECT 1 FROM draw_result GROUP BY round_id, person_id HAVING count(*) > 1)
                UNION ALL
                (SELECT 1 FROM orders GROUP BY round_id, person_id HAVING count(*) > 1)
                UNION ALL
                (SELECT 1 FROM parcel GROUP BY round_id, person_id HAVING count(*) > 1)
            ) AS twice""",
        # the frozen list and the drawn one are the same people with the same tickets
        "everybody_drawn": """
            SELECT count(*) FROM (SELECT DISTINCT round_id FROM draw
                                  WHERE drawn_at IS NOT NULL) AS draw
            JOIN preorder USING (round_id)
            FULL JOIN draw_result AS result USING (round_id, person_id)
            WHERE (preorder.state IS DISTINCT FROM 'cancelled' OR result.ticket IS NOT NULL)
              AND (preorder.ticket IS DISTINCT FROM result.ticket
                   OR preorder.state IS DISTINCT FROM 'registered')""",
        "selected_within_quota": """
            SELECT count(*) FROM (
                SELECT DISTINCT ON (round_id) * FROM draw WHERE drawn_at IS NOT NULL
                ORDER BY round_id, run DESC
            ) AS draw
            LEFT JOIN (
                SELECT round_id, count(*) AS entries, count(*) FILTER (WHERE selected) AS selected,
                       max(rank) FILTER (WHERE selected) AS last_selected,
                       count(DISTINCT rank) AS ranks, max(rank) AS last_rank
                FROM draw_result GROUP BY round_id
            ) AS result USING (round_id)
            WHERE draw.selected <> least(draw.quota, draw.entries)
               OR draw.selected <> coalesce(result.selected, 0)
               OR draw.selected <> coalesce(result.last_selected, 0)
               OR draw.entries <> coalesce(result.entries, 0)
               OR draw.entries <> coalesce(result.ranks, 0)
               OR draw.entries <> coalesce(result.last_rank, 0)""",
        "orders_are_the_selected": """
            SELECT count(*) FROM (
                SELECT result.round_id, result.person_id FROM draw_result AS result
                JOIN round_step AS published
                  ON published.round_id = result.round_id AND published.step = 'publish'
                WHERE result.selected
            ) AS selected
            FULL JOIN orders USING (round_id, person_id)
            WHERE selected IS NULL OR orders.person_id IS NULL""",
        "paid_and_lapsed_are_the_selected": """
            SELECT count(*) FROM orders
            JOIN round_step AS released
              ON released.round_id = orders.round_id AND released.step = 'lapse'
            WHERE orders.state = 'awaiting_payment'""",
        # B1, B7-B10
        "claims_apart": """
            SELECT count(*) FROM (
                SELECT during, lag(during) OVER (
                    PARTITION BY person_id ORDER BY lower(during)) AS before
                FROM claim
            ) AS timeline
            WHERE during && before""",
        # B8: who has paid, and nobody else, has claimed
        "paid_orders_are_claimed": f"""
            SELECT count(*) FROM (
                SELECT person_id, round_id FROM orders WHERE state IN {_PAID}
            ) AS paid
            FULL JOIN (
                SELECT person_id, round_id, count(*) AS claims FROM claim
                WHERE source = 'preorder' GROUP BY person_id, round_id
            ) AS claimed USING (person_id, round_id)
            WHERE paid IS NULL OR claimed.claims IS DISTINCT FROM 1""",
        "claims_within_pickup": """
            SELECT count(*) FROM claim JOIN round USING (round_id)
            WHERE lower(during) NOT BETWEEN pickup_from AND pickup_until""",
        "sales_are_claimed": """
            SELECT count(*) FROM (
                SELECT person_id, sale_id FROM counter_sale WHERE undone_at IS NULL
            ) AS sold
            FULL JOIN (
                SELECT person_id, sale_id FROM claim WHERE source = 'counter'
            ) AS claimed USING (person_id, sale_id)
            WHERE sold IS NULL OR claimed IS NULL""",
        "packed_are_the_paid": """
            SELECT count(*) FROM (
                SELECT person_id, round_id FROM orders
                JOIN round_step AS packed USING (round_id)
                WHERE packed.step = 'pack' AND paid_at IS NOT NULL
            ) AS paid
            FULL JOIN parcel USING (person_id, round_id)
            WHERE paid IS NULL OR parcel.person_id IS NULL""",
        "collected_and_forfeited_are_the_packed": """
            SELECT count(*) FROM (
                SELECT orders.state, handed_over.person_id IS NOT NULL AS handed_over,
                       ended.step IS NOT NULL AND parcel.reopened_until IS NULL
                           AND parcel.hold IS DISTINCT FROM 'short' AS over,
                       parcel.returned_at IS NOT NULL AS returned
                FROM parcel JOIN orders USING (person_id, round_id)
                LEFT JOIN handed_over USING (person_id, round_id)
                LEFT JOIN round_step AS ended
                  ON ended.round_id = parcel.round_id AND ended.step = 'forfeit'
            ) AS pack
            WHERE (state = 'collected') <> handed_over
               OR (returned AND state NOT IN ('forfeited', 'cancelled'))
               OR (over AND state IN ('paid', 'arrived'))""",
        # a pack is at most in one parcel under way at a chain, and that one was packed for it
        "consigned_once": """
            SELECT count(*) FROM (
                SELECT person_id, round_id FROM consignment WHERE ended_at IS NULL
                GROUP BY person_id, round_id HAVING count(*) > 1
                UNION ALL
                SELECT consignment.person_id, round_id FROM consignment
                LEFT JOIN orders USING (person_id, round_id)
                WHERE orders.paid_at IS NULL
            ) AS wrong""",
        # of all that a chain told of a parcel, the last that is understood counts
        "consignments_stand_as_told": """
            SELECT count(*) FROM consignment AS kept FULL JOIN (
                SELECT DISTINCT ON (trade_no) trade_no, state, code, since FROM consignment_status
                ORDER BY trade_no, state <> 'in_transit' DESC, since DESC,
                    parcel_rank(state) DESC, code COLLATE "C" DESC
            ) AS told USING (trade_no)
            WHERE (kept.state, kept.code, kept.since)
                IS DISTINCT FROM (told.state, told.code, told.since)""",
        "collected_claims_are_marked": """
            SELECT count(*) FROM claim
            LEFT JOIN handed_over USING (person_id, round_id)
            WHERE claim.source = 'preorder'
              AND claim.collected <> (handed_over.person_id IS NOT NULL)""",
        # B4, B15: a pack is handed over once, where it lies
        "handed_over_once": """
            SELECT count(*) FROM (
                SELECT 1 FROM handed_over GROUP BY person_id, round_id HAVING count(*) > 1
            ) AS twice""",
        "handed_over_where_it_lies": """
            SELECT count(*) FROM handed_over JOIN parcel USING (person_id, round_id)
            JOIN shipment ON shipment.round_id = parcel.round_id
             AND shipment.chain = parcel.chain AND shipment.store_code = parcel.store_code
            WHERE (handed_over.chain, handed_over.store_code)
                <> (parcel.chain, parcel.store_code)
               OR shipment.packed_at > handed_over.collected_at""",
        # B10
        "handed_over_within_the_claim": """
            SELECT count(*) FROM handed_over JOIN claim USING (person_id, round_id)
            WHERE (collected_at AT TIME ZONE 'Asia/Taipei')::date < lower(during)""",
        # B6
        "stock_is_what_came_back": """
            SELECT count(*) FROM (
                SELECT chain, round_id, count(*) AS packs FROM parcel
                WHERE returned_at IS NOT NULL GROUP BY chain, round_id
            ) AS back
            FULL JOIN centre_stock AS stock USING (chain, round_id)
            WHERE coalesce(back.packs, 0) <> coalesce(stock.packs, 0)""",
        # every dollar has paid an order or goes back; that of a pack that never came does both
        "money_is_accounted_for": f"""
            SELECT count(*) FROM (
                SELECT event.kind = 'paid' AND event.outcome <> 'simulated'
                           AND event.amount > 0 AS received,
                       event.outcome = 'settles' AS settles,
                       event.amount = orders.amount AND orders.state IN {_PAID} AS pays,
                       refund.amount = event.amount AS refunded,
                       event.outcome = 'settles' AND orders.state = 'cancelled' AS given_back,
                       refund.event_id IS NOT NULL AS has_refund
                FROM payment_event AS event
                JOIN orders USING (person_id, round_id)
                LEFT JOIN refund USING (person_id, event_id)
            ) AS money
            WHERE (received AND settles AND NOT pays AND NOT given_back)
               OR (received AND (settles AND NOT given_back) = has_refund)
               OR (NOT received AND (settles OR has_refund))
               OR (has_refund AND NOT refunded)""",
        "paid_orders_have_their_money": """
            SELECT count(*) FROM (
                SELECT person_id, round_id FROM orders WHERE paid_at IS NOT NULL
            ) AS paid
            FULL JOIN (
                SELECT person_id, round_id FROM payment_event WHERE outcome = 'settles'
            ) AS settled USING (person_id, round_id)
            WHERE paid IS NULL OR settled IS NULL""",
        # what a gateway's own account of a day says else than the ledger, somebody has explained
        "differences_are_explained": """
            SELECT count(*) FROM reconciliation_difference WHERE explanation IS NULL""",
        "reconciled_sums_agree": """
            SELECT count(*) FROM reconciliation AS day
            LEFT JOIN (
                SELECT gateway, day, count(*) AS rows, sum(amount) AS total
                FROM settlement_row GROUP BY gateway, day
            ) AS file USING (gateway, day)
            LEFT JOIN (
                SELECT gateway, day, sum(file_amount - ledger_amount) AS total
                FROM reconciliation_difference GROUP BY gateway, day
            ) AS difference USING (gateway, day)
            WHERE file_rows <> coalesce(file.rows, 0)
               OR file_total <> coalesce(file.total, 0)
               OR file_total - ledger_total <> coalesce(difference.total, 0)""",
        # nobody has to look up by themselves how the draw went
        "everybody_drawn_is_told": """
            SELECT count(*) FROM draw_result AS result
            JOIN round_step AS published
              ON published.round_id = result.round_id AND published.step = 'publish'
            LEFT JOIN outbox ON outbox.person_id = result.person_id
              AND outbox.reference = result.round_id
              AND outbox.kind = CASE WHEN result.selected THEN 'selected' ELSE 'not_selected' END
            WHERE outbox.person_id IS NULL""",
    }
)


async def offending(tx: Transaction, invariant: str) -> int:
    """How many rows break an invariant of :data:`INVARIANTS`."""
    cursor = await tx.execute(INVARIANTS[invariant])
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def days_not_reconciled(tx: Transaction) -> list[str]:
    """Past days with money that nobody has reconciled since all of it was known: how they are told.

    No fault by itself: a day's file is there on the day after.
    """
    cursor = await tx.execute(
        "SELECT money.gateway || ' ' || money.day FROM ("
        "  SELECT gateway, (valued_at AT TIME ZONE 'Asia/Taipei')::date AS day,"
        "  max(known_at) AS known_at FROM payment_event"
        "  WHERE kind = 'paid' AND outcome <> 'simulated' GROUP BY 1, 2) AS money"
        " LEFT JOIN reconciliation AS done ON done.gateway = money.gateway"
        "  AND done.day = money.day AND done.done_at >= money.known_at"
        " WHERE done.day IS NULL AND money.day <"
        f"  ({NOW} AT TIME ZONE 'Asia/Taipei')::date"
        " ORDER BY money.day, money.gateway"
    )
    return [day for (day,) in await cursor.fetchall()]


async def rounds_drawn(tx: Transaction) -> list[str]:
    """The rounds whose draw was carried out and can be recomputed."""
    cursor = await tx.execute(
        "SELECT DISTINCT round_id FROM draw WHERE drawn_at IS NOT NULL ORDER BY round_id"
    )
    return [round_id for (round_id,) in await cursor.fetchall()]
