"""The SQL of collection: one person's pack, kiosk attempts, handing over."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from emask.database.pool import Transaction
from emask.delivery.model import Parcel
from emask.delivery.standing import Order, Standing
from emask.rounds.model import Chain
from emask.rules.people import Document, Residency
from emask.rules.states import OrderState


async def standing(tx: Transaction, person_id: UUID, round_id: str) -> Standing | None:
    """Where a person's pack of a round stands; None without such a person or round."""
    cursor = await tx.execute(
        "SELECT pe.residency, coalesce(pre.state = 'registered', false),"
        " coalesce(pre.state = 'cancelled', false), EXISTS ("
        "  SELECT FROM draw WHERE draw.round_id = r.round_id AND published_at IS NOT NULL),"
        " r.pay_from, r.pay_until, r.pickup_from, r.pickup_until, lower(cl.during),"
        " p.reopened_until, coalesce(p.hold = 'short', false), co.collected_at, co.clerk,"
        " o.state, o.chain, o.store_code, s.name, s.open"
        " FROM round r"
        " JOIN person pe ON pe.person_id = %(person)s"
        " LEFT JOIN preorder pre ON pre.person_id = pe.person_id AND pre.round_id = r.round_id"
        " LEFT JOIN orders o ON o.person_id = pe.person_id AND o.round_id = r.round_id"
        " LEFT JOIN store s ON s.chain = o.chain AND s.store_code = o.store_code"
        " LEFT JOIN parcel p ON p.person_id = o.person_id AND p.round_id = o.round_id"
        " LEFT JOIN claim cl ON cl.person_id = o.person_id AND cl.round_id = o.round_id"
        " LEFT JOIN handed_over co ON co.person_id = o.person_id AND co.round_id = o.round_id"
        " WHERE r.round_id = %(round)s",
        {"person": person_id, "round": round_id},
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    residency, preordered, cancelled, drawn, *dates, state, chain, code, name, is_open = row
    pay_from, pay_until, pickup_from, pickup_until, claimed_from, *collected = dates
    reopened_until, short, collected_at, collected_by = collected
    order = state and Order(
        state=OrderState(state),
        chain=Chain(chain),
        store_code=code,
        store_name=name,
        store_open=is_open,
    )
    return Standing(
        residency=Residency(residency),
        preordered=preordered,
        cancelled=cancelled,
        drawn=drawn,
        order=order,
        pay_from=pay_from,
        pay_until=pay_until,
        pickup_from=pickup_from,
        pickup_until=pickup_until,
        claimed_from=claimed_from,
        reopened_until=reopened_until,
        short=short,
        collected_at=collected_at,
        collected_by=collected_by,
    )


async def parcels_of(tx: Transaction, person_id: UUID) -> list[Parcel]:
    """A person's parcels of all rounds."""
    cursor = await tx.execute(
        "SELECT round_id, chain, store_code, bag_number, pickup_number, reopened_until,"
        " hold IS NOT DISTINCT FROM 'short' FROM parcel WHERE person_id = %s",
        (person_id,),
    )
    return [
        Parcel(
            person_id=person_id,
            round_id=round_id,
            chain=Chain(chain),
            store_code=store_code,
            bag_number=bag_number,
            pickup_number=number,
            reopened_until=until,
            short=short,
        )
        for round_id, chain, store_code, bag_number, number, until, short in await cursor.fetchall()
    ]


async def round_of_entry(tx: Transaction, person_id: UUID, beginning: str) -> str | None:
    """The round of a person's entry whose number begins so, the latest first; None without one."""
    cursor = await tx.execute(
        "SELECT round_id FROM preorder WHERE person_id = %s AND left(ticket::text, 8) = %s"
        " ORDER BY placed_at DESC LIMIT 1",
        (person_id, beginning),
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def count_attempt(
    tx: Transaction, person_id: UUID, *, at: datetime, most: int, lock: timedelta
) -> bool:
    """Count one pick-up number tried; False, and not counted, while the person is locked out.

    Counted before it is compared, so that a burst of guesses gets no more of them than `most`.
    """
    cursor = await tx.execute(
        "INSERT INTO pickup_attempt AS a (person_id, attempts, last_at)"
        " VALUES (%(person)s, 1, %(at)s)"
        " ON CONFLICT (person_id) DO UPDATE SET last_at = excluded.last_at,"
        " attempts = CASE WHEN a.last_at <= %(free)s THEN 1 ELSE a.attempts + 1 END"
        " WHERE a.attempts < %(most)s OR a.last_at <= %(free)s",
        {"person": person_id, "at": at, "free": at - lock, "most": most},
    )
    return cursor.rowcount == 1


async def last_attempt(tx: Transaction, person_id: UUID) -> datetime | None:
    """When a pick-up number was last tried and not found right."""
    cursor = await tx.execute(
        "SELECT last_at FROM pickup_attempt WHERE person_id = %s", (person_id,)
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def forget_attempt(tx: Transaction, person_id: UUID) -> None:
    """The last one was no guess at a pick-up number; those before it still count."""
    await tx.execute(
        "WITH first AS (DELETE FROM pickup_attempt WHERE person_id = %(person)s AND attempts = 1)"
        " UPDATE pickup_attempt SET attempts = attempts - 1"
        " WHERE person_id = %(person)s AND attempts > 1",
        {"person": person_id},
    )


async def clear_attempts(tx: Transaction, person_id: UUID) -> None:
    """The right pick-up number was given."""
    await tx.execute("DELETE FROM pickup_attempt WHERE person_id = %s", (person_id,))


class Handover(NamedTuple):
    """What is kept of a pack handed over; of a proxy no more than that there was one (B4)."""

    person_id: UUID
    round_id: str
    at: datetime
    chain: Chain
    store_code: str
    document: Document
    by_proxy: bool
    clerk: str


COLLECT = (
    "WITH handed AS (UPDATE orders SET state = 'collected', changed_at = %(at)s"
    " WHERE person_id = %(person_id)s AND round_id = %(round_id)s"
    " AND chain = %(chain)s AND store_code = %(store_code)s"
    " AND state = 'arrived' RETURNING person_id, round_id, chain, store_code)"
    " INSERT INTO collection (person_id, round_id, nth, chain, store_code, collected_at, document,"
    " by_proxy, clerk)"
    " SELECT person_id, round_id, 1 + (SELECT count(*) FROM collection_undone u"
    "  WHERE u.person_id = handed.person_id AND u.round_id = handed.round_id),"
    " chain, store_code, %(at)s, %(document)s, %(by_proxy)s, %(clerk)s FROM handed"
)


async def collect(tx: Transaction, handover: Handover) -> bool:
    """Hand over a pack that is at its store; False if it no longer is."""
    cursor = await tx.execute(COLLECT, handover._asdict())
    return cursor.rowcount == 1
