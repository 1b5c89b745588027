"""The SQL of packs that never come: which they are, and the end of their orders."""

from datetime import datetime
from typing import LiteralString, NamedTuple
from uuid import UUID

from emask.database.pool import Transaction
from emask.rounds.model import Chain

# What was given up is not given back, unless it was lost while it could still be collected.
_STANDS: LiteralString = (
    " (o.state IN ('paid', 'arrived') OR o.state = 'forfeited' AND p.returned_at IS NULL"
    "  AND lost.since < (coalesce(p.reopened_until, r.pickup_until) + 1)::timestamp"
    "   AT TIME ZONE 'Asia/Taipei')"
)


class LostParcel(NamedTuple):
    """A parcel that its chain has lost, and since when; nobody is named."""

    trade_no: str
    chain: Chain
    store_code: str
    since: datetime


LOST: LiteralString = (
    "SELECT lost.trade_no, lost.chain, lost.store_code, lost.since FROM consignment lost"
    " JOIN orders o USING (person_id, round_id) JOIN parcel p USING (person_id, round_id)"
    " JOIN round r USING (round_id) WHERE lost.round_id = %(round)s AND lost.state = 'lost'"
    " AND lost.decision IS NULL AND lost.ended_at IS NULL AND"
    + _STANDS
    + " ORDER BY lost.since, lost.trade_no LIMIT %(most)s"
)


async def lost_parcels(tx: Transaction, round_id: str, *, most: int) -> list[LostParcel]:
    """Those of a round that something can be decided on, the oldest first."""
    cursor = await tx.execute(LOST, {"round": round_id, "most": most})
    return [
        LostParcel(trade_no, Chain(chain), code, since)
        for trade_no, chain, code, since in await cursor.fetchall()
    ]


END_LOST: LiteralString = (
    "WITH lost AS (UPDATE consignment SET decision = 'refund', decided_at = %(at)s,"
    "  decided_by = %(by)s, ended_at = %(at)s WHERE trade_no = %(trade_no)s AND state = 'lost'"
    "  AND decision IS NULL AND ended_at IS NULL RETURNING person_id, round_id, since)"
    " UPDATE orders o SET state = 'cancelled', changed_at = %(at)s"
    " FROM lost JOIN parcel p USING (person_id, round_id) JOIN round r USING (round_id)"
    " WHERE o.person_id = lost.person_id AND o.round_id = lost.round_id AND"
    + _STANDS
    + " RETURNING o.person_id, o.round_id"
)


async def end_lost(
    tx: Transaction, trade_no: str, *, at: datetime, by: str
) -> tuple[UUID, str] | None:
    """End the order of a lost parcel; whose it is, of which round. None: it is to be rolled back.

    The order is read again once it is held: whoever hands it over first has it.
    """
    cursor = await tx.execute(END_LOST, {"trade_no": trade_no, "at": at, "by": by})
    row = await cursor.fetchone()
    return None if row is None else (row[0], row[1])


class Never(NamedTuple):
    """How many packs of a shortage will never come."""

    round_id: str
    shortage_id: UUID
    packs: int
    at: datetime


async def end_short(tx: Transaction, which: Never) -> list[UUID]:
    """End the orders of those ranked last among who wait for a shortage; whose they are."""
    cursor = await tx.execute(
        "WITH never AS (SELECT p.person_id FROM parcel p JOIN orders o USING (person_id, round_id)"
        "  LEFT JOIN draw_result d ON d.round_id = p.round_id AND d.person_id = p.person_id"
        "  WHERE p.round_id = %(round_id)s AND p.shortage_id = %(shortage_id)s"
        "  AND p.hold = 'short' AND o.state = 'paid'"
        "  ORDER BY d.rank DESC NULLS FIRST, p.person_id DESC LIMIT %(packs)s FOR UPDATE OF p)"
        " UPDATE orders o SET state = 'cancelled', changed_at = %(at)s FROM never"
        " WHERE o.person_id = never.person_id AND o.round_id = %(round_id)s AND o.state = 'paid'"
        " RETURNING o.person_id",
        which._asdict(),
    )
    return [person_id for (person_id,) in await cursor.fetchall()]
