"""What the people of a rehearsal look up, for a whole round at once; nothing is written here."""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from psycopg.sql import SQL, Identifier

from emask.database.pool import Database, Transaction
from emask.rounds.model import Chain


class Pack(NamedTuple):
    """A pack at its store, as its owner's message and the shared timeline tell of it."""

    person_id: UUID
    pickup_number: str
    chain: Chain
    store_code: str
    earliest: date


async def open_stores(tx: Transaction) -> list[tuple[Chain, str]]:
    """All stores that can be chosen."""
    cursor = await tx.execute(
        "SELECT chain, store_code FROM store WHERE open ORDER BY chain, store_code"
    )
    return [(Chain(chain), code) for chain, code in await cursor.fetchall()]


async def selling_sites(tx: Transaction) -> list[str]:
    """All counters that have adult masks."""
    cursor = await tx.execute(
        "SELECT site_code FROM counter_stock WHERE product = 'adult_mask' AND pieces > 0"
        " ORDER BY site_code"
    )
    return [code for (code,) in await cursor.fetchall()]


async def awaiting_payment(tx: Transaction, round_id: str) -> list[UUID]:
    """Who has been told to pay and has not."""
    cursor = await tx.execute(
        "SELECT person_id FROM orders WHERE round_id = %s AND state = 'awaiting_payment'",
        (round_id,),
    )
    return [person_id for (person_id,) in await cursor.fetchall()]


async def packs_at_stores(tx: Transaction, round_id: str) -> list[Pack]:
    """The packs of a round that wait at their stores."""
    cursor = await tx.execute(
        "SELECT person_id, pickup_number, p.chain, p.store_code, lower(c.during)"
        " FROM orders o JOIN parcel p USING (person_id, round_id)"
        " JOIN claim c USING (person_id, round_id)"
        " WHERE round_id = %s AND o.state = 'arrived'",
        (round_id,),
    )
    return [
        Pack(person_id, number, Chain(chain), code, earliest)
        for person_id, number, chain, code, earliest in await cursor.fetchall()
    ]


async def refresh_statistics(db: Database) -> None:
    """What the database's own housekeeping does over days: tell the planner what is there.

    Tables without rows are left alone, as it leaves them: the planner would take them to stay so.
    """
    async with db.connection() as connection:
        cursor = await connection.execute(
            "SELECT schemaname, relname FROM pg_stat_user_tables WHERE n_mod_since_analyze > 0"
        )
        for name in await cursor.fetchall():
            await connection.execute(SQL("ANALYZE {}").format(Identifier(*name)))
