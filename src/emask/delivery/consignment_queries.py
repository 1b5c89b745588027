"""The SQL of parcels as the chains know them: any number of them in one statement."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import LiteralString, NamedTuple
from uuid import UUID

from psycopg.rows import class_row

from emask.database.pool import Transaction
from emask.delivery.ports import CreatedParcel, StatusMessage
from emask.rounds.model import Chain

_NEWER: LiteralString = (
    " (latest.state <> 'in_transit', latest.since, parcel_rank(latest.state),"
    '  latest.code COLLATE "C")'
    " > (c.state <> 'in_transit', c.since, parcel_rank(c.state), c.code COLLATE \"C\")"
)
"""As :func:`emask.delivery.counting.counting` weighs messages."""


async def consign_shipped(tx: Transaction, round_id: str, at: datetime) -> int:
    """Make a consignment of every parcel that has left its centre and has none; how many."""
    cursor = await tx.execute(
        "INSERT INTO consignment (person_id, round_id, nth, chain, store_code, made_at, due_at)"
        " SELECT p.person_id, p.round_id, 1 + (SELECT count(*) FROM consignment c"
        "  WHERE c.person_id = p.person_id AND c.round_id = p.round_id),"
        " p.chain, p.store_code, %(at)s, %(at)s"
        " FROM parcel p JOIN orders o USING (person_id, round_id)"
        " JOIN shipment s ON s.round_id = p.round_id AND s.chain = p.chain"
        "  AND s.store_code = p.store_code"
        " JOIN store ON store.chain = p.chain AND store.store_code = p.store_code"
        " WHERE p.round_id = %(round)s AND p.hold IS DISTINCT FROM 'short' AND o.state = 'paid'"
        " AND s.state <> 'packed' AND store.open AND NOT EXISTS (SELECT FROM consignment c"
        "  WHERE c.person_id = p.person_id AND c.round_id = p.round_id AND c.ended_at IS NULL)"
        " ON CONFLICT DO NOTHING",
        {"round": round_id, "at": at},
    )
    return cursor.rowcount


async def add_statuses(
    tx: Transaction, messages: Sequence[StatusMessage], at: datetime
) -> frozenset[str]:
    """Append messages, and let the one that counts count; the numbers that are known.

    Rows are held in the order of their numbers, so that two who add do not wait for each other.
    """
    told = {
        "trade_nos": [each.trade_no.upper() for each in messages],
        "codes": [each.code for each in messages],
        "since": [each.updated_at for each in messages],
        "states": [each.state.value for each in messages],
        "at": at,
    }
    cursor = await tx.execute(
        "SELECT trade_no FROM consignment WHERE trade_no = ANY(%(trade_nos)s)"
        " ORDER BY trade_no FOR UPDATE",
        told,
    )
    known = frozenset(trade_no for (trade_no,) in await cursor.fetchall())
    await tx.execute(
        "WITH told AS (INSERT INTO consignment_status (trade_no, code, since, state, told_at)"
        "  SELECT m.trade_no, m.code, m.since, m.state, %(at)s"
        "  FROM unnest(%(trade_nos)s::text[], %(codes)s::text[], %(since)s::timestamptz[],"
        "   %(states)s::text[]) m (trade_no, code, since, state)"
        "  WHERE m.trade_no = ANY(%(known)s) ON CONFLICT DO NOTHING RETURNING *),"
        " latest AS (SELECT DISTINCT ON (trade_no) * FROM told ORDER BY trade_no,"
        "  state <> 'in_transit' DESC, since DESC, parcel_rank(state) DESC,"
        '  code COLLATE "C" DESC)'
        " UPDATE consignment c SET code = latest.code, state = latest.state, since = latest.since"
        " FROM latest WHERE c.trade_no = latest.trade_no AND (c.state IS NULL OR" + _NEWER + ")",
        {**told, "known": list(known)},
    )
    return known


class News(NamedTuple):
    """A consignment whose state is news; `arrived` if its order has only now come to its store."""

    person_id: UUID
    round_id: str
    chain: str
    store_code: str
    state: str
    arrived: bool


async def settle_news(tx: Transaction, most: int, at: datetime) -> list[News]:
    """Draw the consequences of some states that are news: orders arrive, parcels are returned.

    An order arrives at the store that it is now to be collected at, no other. What a chain tells
    of by its number is not missing in the centre, whatever was counted there.
    """
    async with tx.cursor(row_factory=class_row(News)) as cursor:
        await cursor.execute(
            "WITH news AS (SELECT trade_no FROM consignment WHERE settled IS DISTINCT FROM state"
            "  ORDER BY trade_no LIMIT %(most)s FOR UPDATE SKIP LOCKED),"
            " settled AS (UPDATE consignment c SET settled = c.state,"
            "  returned_at = CASE WHEN c.state IN"
            "   ('going_back', 'back_at_centre', 'returned_to_sender')"
            "   AND c.since >= (coalesce(p.reopened_until, r.pickup_until) + 1)::timestamp"
            "    AT TIME ZONE 'Asia/Taipei' THEN c.since END,"
            "  ended_at = CASE WHEN c.state IN ('back_at_centre', 'returned_to_sender')"
            "   THEN coalesce(c.ended_at, c.since) ELSE c.ended_at END"
            "  FROM news, parcel p, round r WHERE c.trade_no = news.trade_no"
            "  AND p.person_id = c.person_id AND p.round_id = c.round_id"
            "  AND r.round_id = c.round_id"
            "  RETURNING c.person_id, c.round_id, c.chain, c.store_code, c.state, c.ended_at),"
            " come AS (UPDATE orders o SET state = 'arrived', changed_at = %(at)s FROM settled s"
            "  WHERE s.state IN ('arrived', 'collected') AND s.ended_at IS NULL"
            "  AND o.person_id = s.person_id AND o.round_id = s.round_id AND o.state = 'paid'"
            "  AND o.chain = s.chain AND o.store_code = s.store_code"
            "  RETURNING o.person_id, o.round_id),"
            " found AS (UPDATE parcel p SET hold = NULL FROM come WHERE p.hold = 'short'"
            "  AND p.person_id = come.person_id AND p.round_id = come.round_id)"
            " SELECT s.person_id, s.round_id, s.chain, s.store_code, s.state,"
            "  come.person_id IS NOT NULL AS arrived"
            " FROM settled s LEFT JOIN come USING (person_id, round_id)",
            {"most": most, "at": at},
        )
        return await cursor.fetchall()


async def orders_there(tx: Transaction, chain: Chain, store_code: str) -> bool:
    """Whether anybody is to collect at an open store what has not come there yet."""
    cursor = await tx.execute(
        "SELECT FROM orders JOIN store USING (chain, store_code)"
        " WHERE chain = %s AND store_code = %s AND open AND state = 'paid' LIMIT 1",
        (chain, store_code),
    )
    return await cursor.fetchone() is not None


async def follow_unasked(tx: Transaction, at: datetime) -> None:
    """Let what no chain knows of go where its parcel goes now, and end what another chain has."""
    await tx.execute(
        "UPDATE consignment c SET chain = p.chain, store_code = p.store_code FROM parcel p"
        " WHERE c.due_at IS NOT NULL AND c.asked_at IS NULL AND p.person_id = c.person_id"
        " AND p.round_id = c.round_id AND (p.chain, p.store_code) <> (c.chain, c.store_code)"
    )
    await tx.execute(
        "UPDATE consignment c SET ended_at = %s FROM parcel p"
        " WHERE c.parcel_no IS NOT NULL AND c.ended_at IS NULL AND p.person_id = c.person_id"
        " AND p.round_id = c.round_id AND p.chain <> c.chain",
        (at,),
    )


class Redirected(NamedTuple):
    """A parcel that its chain knows, and the store of that chain it is to go to now."""

    trade_no: str
    parcel_no: str
    chain: str
    payment_no: str
    validation_no: str
    person_id: UUID
    to_store: str

    @property
    def created(self) -> CreatedParcel:
        """As the chain knows it."""
        return CreatedParcel(
            trade_no=self.trade_no,
            parcel_no=self.parcel_no,
            chain=Chain(self.chain),
            payment_no=self.payment_no,
            validation_no=self.validation_no,
        )


async def redirected(tx: Transaction, most: int) -> list[Redirected]:
    """Some parcels whose chain has to be told of another store; not those it refused that for."""
    async with tx.cursor(row_factory=class_row(Redirected)) as cursor:
        await cursor.execute(
            "SELECT trade_no, parcel_no, c.chain, coalesce(payment_no, '') AS payment_no,"
            " coalesce(validation_no, '') AS validation_no, person_id, p.store_code AS to_store"
            " FROM consignment c JOIN parcel p USING (person_id, round_id)"
            " WHERE parcel_no IS NOT NULL AND ended_at IS NULL AND refusal IS NULL"
            " AND p.chain = c.chain AND p.store_code <> c.store_code LIMIT %s",
            (most,),
        )
        return await cursor.fetchall()


async def note_redirected(tx: Transaction, trade_no: str, store_code: str) -> None:
    """It goes to another store from now on."""
    await tx.execute(
        "UPDATE consignment SET store_code = %s WHERE trade_no = %s", (store_code, trade_no)
    )


async def note_refusal(tx: Transaction, trade_no: str, sealed: bytes) -> None:
    """Its chain does not do what it was asked; somebody has to look at it."""
    await tx.execute(
        "UPDATE consignment SET due_at = NULL, refusal = %s WHERE trade_no = %s",
        (sealed, trade_no),
    )


class Silent(NamedTuple):
    """A parcel that its chain has told nothing of for long, and what it told last."""

    trade_no: str
    parcel_no: str
    chain: str
    code: str | None
    state: str | None
    since: datetime | None


async def take_silent(
    tx: Transaction, *, quiet: timedelta, most: int, at: datetime
) -> list[Silent]:
    """Some parcels under way of which nothing new was heard; each is given out once in `quiet`."""
    async with tx.cursor(row_factory=class_row(Silent)) as cursor:
        await cursor.execute(
            "WITH silent AS (SELECT trade_no FROM consignment WHERE parcel_no IS NOT NULL"
            "  AND ended_at IS NULL AND state IS DISTINCT FROM 'collected'"
            "  AND state IS DISTINCT FROM 'lost'"
            "  AND greatest(made_at, since, inquired_at) < %(before)s"
            "  LIMIT %(most)s FOR UPDATE SKIP LOCKED)"
            " UPDATE consignment c SET inquired_at = %(at)s FROM silent"
            " WHERE c.trade_no = silent.trade_no"
            " RETURNING c.trade_no, c.parcel_no, c.chain, c.code, c.state, c.since",
            {"before": at - quiet, "most": most, "at": at},
        )
        return await cursor.fetchall()
