"""The SQL of what goes otherwise: forfeits, re-collections, another store."""

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from emask.database.pool import Transaction
from emask.rounds.model import Chain


async def forfeit(tx: Transaction, round_id: str, *, day: date, at: datetime) -> int:
    """Forfeit what nobody collected by its last day; returns how many.

    Claims stay as they are. What never reached its store is among them: it is refused from then
    on like the others, and can be opened again like them. Only who waits for a pack that was
    missing gives nothing up.
    """
    cursor = await tx.execute(
        "UPDATE orders o SET state = 'forfeited', changed_at = %(at)s"
        " FROM parcel p JOIN round r USING (round_id)"
        " WHERE o.round_id = %(round)s AND p.round_id = %(round)s"
        " AND o.state IN ('paid', 'arrived')"
        " AND p.person_id = o.person_id AND p.round_id = o.round_id"
        " AND coalesce(p.reopened_until, r.pickup_until) < %(day)s"
        " AND p.hold IS DISTINCT FROM 'short'",
        {"at": at, "round": round_id, "day": day},
    )
    return cursor.rowcount


async def first_recollection(tx: Transaction) -> tuple[str, date] | None:
    """Round and last day of the re-collection that ends first, of those not used yet.

    Only one that :func:`forfeit` ends: any other would fall due again and again.
    """
    cursor = await tx.execute(
        "SELECT round_id, reopened_until FROM parcel JOIN orders USING (person_id, round_id)"
        " WHERE reopened_until IS NOT NULL AND state IN ('paid', 'arrived')"
        " AND hold IS DISTINCT FROM 'short'"
        " ORDER BY reopened_until LIMIT 1"
    )
    row = await cursor.fetchone()
    return None if row is None else (row[0], row[1])


class Reopening(NamedTuple):
    """Which forfeited orders of a round are sent out once more, until when.

    None stands for any: one person's, those of one chain, those to stores of one county.
    """

    round_id: str
    until: date
    at: datetime
    person_id: UUID | None = None
    chain: Chain | None = None
    county: str | None = None


async def reopen_forfeited(tx: Transaction, which: Reopening) -> int:
    """Send forfeited orders out again, each at most once; how many.

    One that was given up after its pack had come late has not been sent out again yet.
    A bag that the centre has back leaves its stock; any other is on its way back or at its store.
    The stores of a county are looked up once, not for every order: how many are forfeited, the
    planner cannot know so soon.
    """
    cursor = await tx.execute(
        "WITH again AS (UPDATE orders o SET state = 'paid', changed_at = %(at)s"
        "  FROM parcel p WHERE o.round_id = %(round_id)s AND o.state = 'forfeited'"
        "  AND (%(person_id)s::uuid IS NULL OR o.person_id = %(person_id)s)"
        "  AND (%(chain)s::text IS NULL OR o.chain = %(chain)s)"
        "  AND (%(county)s::text IS NULL OR (p.chain, p.store_code) IN ("
        "   SELECT chain, store_code FROM store WHERE county = %(county)s))"
        "  AND p.person_id = o.person_id AND p.round_id = o.round_id"
        "  AND p.reopened_at IS NULL"
        "  RETURNING o.person_id, o.round_id, p.chain, p.returned_at IS NOT NULL AS was_back),"
        " taken AS (UPDATE centre_stock c SET packs = c.packs - back.packs"
        "  FROM (SELECT chain, count(*) AS packs FROM again WHERE was_back GROUP BY chain) back"
        "  WHERE c.chain = back.chain AND c.round_id = %(round_id)s)"
        " UPDATE parcel p SET reopened_until = %(until)s, reopened_at = %(at)s,"
        " returned_at = NULL, counted = false FROM again"
        " WHERE p.person_id = again.person_id AND p.round_id = again.round_id",
        which._asdict(),
    )
    return cursor.rowcount


class Redirection(NamedTuple):
    """The store that an order is to be collected at from now on."""

    person_id: UUID
    round_id: str
    chain: Chain
    store_code: str
    at: datetime


async def hold_packing(tx: Transaction) -> None:
    """Wait until no packing is under way, and keep it waiting until this transaction ends."""
    await tx.execute("LOCK TABLE parcel IN ROW EXCLUSIVE MODE")


async def redirect_order(tx: Transaction, to: Redirection) -> bool:
    """Give an order its new store; False if it is collected or forfeited by now.

    What had arrived is on its way again.
    """
    cursor = await tx.execute(
        "UPDATE orders SET chain = %(chain)s, store_code = %(store_code)s, changed_at = %(at)s,"
        " state = CASE state WHEN 'arrived' THEN 'paid' ELSE state END"
        " WHERE person_id = %(person_id)s AND round_id = %(round_id)s"
        " AND state IN ('awaiting_payment', 'paid', 'arrived')",
        to._asdict(),
    )
    return cursor.rowcount == 1


MOVE = (
    "UPDATE parcel p SET chain = s.chain, store_code = s.store_code, bag_number = s.last_bag,"
    " hold = CASE WHEN hold = 'short' THEN hold WHEN s.state <> 'packed' THEN 'later' END"
    " FROM shipment s WHERE p.person_id = %(person_id)s AND p.round_id = %(round_id)s"
    " AND s.round_id = p.round_id AND s.chain = %(chain)s AND s.store_code = %(store_code)s"
    " AND (p.chain, p.store_code) <> (s.chain, s.store_code)"
)


async def redirect_parcel(tx: Transaction, to: Redirection) -> None:
    """Move a parcel, if there is one, from its shipment to the new store's, as its last bag.

    The first statement holds the shipment that it joins, so the second sees its last number. One
    that has left does not have it: it goes after that, as what was missing does.
    """
    await tx.execute(
        "WITH parcel AS (SELECT round_id, chain, store_code FROM parcel"
        "  WHERE person_id = %(person_id)s AND round_id = %(round_id)s"
        "  AND (chain, store_code) <> (%(chain)s, %(store_code)s)),"
        " left_out AS (UPDATE shipment s SET packs = packs - 1 FROM parcel p"
        "  WHERE s.round_id = p.round_id AND s.chain = p.chain AND s.store_code = p.store_code)"
        " INSERT INTO shipment AS s (round_id, chain, store_code, packs, last_bag, packed_at)"
        " SELECT round_id, %(chain)s, %(store_code)s, 1, 1, %(at)s FROM parcel"
        " ON CONFLICT (round_id, chain, store_code)"
        " DO UPDATE SET packs = s.packs + 1, last_bag = s.last_bag + 1",
        to._asdict(),
    )
    await tx.execute(MOVE, to._asdict())


async def follow_shortage(tx: Transaction, to: Redirection) -> None:
    """Let a missing pack that has moved to another chain be missing in that one's centre.

    It waits with what that centre itself has not got for any of its stores, or alone.
    """
    await tx.execute(
        "WITH moved AS (SELECT p.person_id, p.round_id, p.chain"
        "  FROM parcel p JOIN shortage USING (shortage_id)"
        "  WHERE p.person_id = %(person_id)s AND p.round_id = %(round_id)s"
        "  AND p.hold = 'short' AND shortage.chain <> p.chain),"
        " theirs AS (UPDATE shortage SET packs = packs + 1 WHERE shortage_id = ("
        "  SELECT shortage_id FROM shortage JOIN moved USING (round_id, chain)"
        "  WHERE store_code IS NULL AND ended_at IS NULL ORDER BY reported_at DESC LIMIT 1)"
        "  RETURNING shortage_id),"
        " its_own AS (INSERT INTO shortage (round_id, chain, packs, reported_at, reported_by)"
        "  SELECT round_id, chain, 1, %(at)s, 'emask' FROM moved"
        "  WHERE NOT EXISTS (SELECT FROM theirs) RETURNING shortage_id)"
        " UPDATE parcel p SET shortage_id = there.shortage_id"
        " FROM moved, (TABLE theirs UNION ALL TABLE its_own) there"
        " WHERE p.person_id = moved.person_id AND p.round_id = moved.round_id",
        to._asdict(),
    )
