"""The SQL of what logistics centres confirm of their shipments."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from emask.database.pool import Transaction
from emask.rounds.model import Chain


class Labelled(NamedTuple):
    """The shipment that a label belongs to; `packs` are those that the centre has."""

    round_id: str
    chain: Chain
    store_code: str
    store_name: str
    open: bool
    packs: int


_HAS = (
    "packs - (SELECT count(*) FROM parcel p WHERE p.round_id = s.round_id AND p.chain = s.chain"
    " AND p.store_code = s.store_code AND hold = 'short')::integer"
)


async def labelled(tx: Transaction, number: str) -> Labelled | None:
    """The shipment of a number, whoever's it is."""
    cursor = await tx.execute(
        "SELECT round_id, chain, store_code, name, open, " + _HAS + " FROM shipment s"
        " JOIN store USING (chain, store_code) WHERE number = %s",
        (number,),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    round_id, chain, *rest = row
    return Labelled(round_id, Chain(chain), *rest)


async def person_of_bag(tx: Transaction, shipment: Labelled, bag: int) -> UUID | None:
    """Whose bag this is; None if it has gone to another store since its label was printed."""
    cursor = await tx.execute(
        "SELECT person_id FROM parcel"
        " WHERE round_id = %s AND chain = %s AND store_code = %s AND bag_number = %s",
        (shipment.round_id, shipment.chain, shipment.store_code, bag),
    )
    row = await cursor.fetchone()
    return row[0] if row else None


class Confirmed(NamedTuple):
    """A step of some shipments of one round and chain, by whom and when."""

    round_id: str
    chain: Chain
    step: str
    stores: Sequence[str]
    at: datetime
    by: str


async def note(tx: Transaction, confirmed: Confirmed) -> list[str]:
    """Note a step; the stores of which it is new."""
    cursor = await tx.execute(
        "INSERT INTO shipment_confirmation"
        " (round_id, chain, store_code, step, confirmed_at, confirmed_by)"
        " SELECT round_id, chain, store_code, %(step)s, %(at)s, %(by)s FROM shipment"
        " WHERE round_id = %(round_id)s AND chain = %(chain)s AND store_code = ANY(%(stores)s)"
        " ORDER BY store_code ON CONFLICT DO NOTHING RETURNING store_code",
        confirmed._asdict(),
    )
    return [code for (code,) in await cursor.fetchall()]


async def ship(tx: Transaction, confirmed: Confirmed) -> None:
    """Shipments leave their centre."""
    await tx.execute(
        "UPDATE shipment SET state = 'shipped', shipped_at = %(at)s"
        " WHERE round_id = %(round_id)s AND chain = %(chain)s AND store_code = ANY(%(stores)s)"
        " AND state = 'packed'",
        confirmed._asdict(),
    )


async def still_to_hear_of(tx: Transaction, confirmed: Confirmed) -> list[str]:
    """The stores of which a step is not noted, or to which packs were sent after the others."""
    cursor = await tx.execute(
        "SELECT store_code FROM unnest(%(stores)s::text[]) AS told (store_code)"
        " WHERE NOT EXISTS (SELECT FROM shipment_confirmation c WHERE c.round_id = %(round_id)s"
        "  AND c.chain = %(chain)s AND c.store_code = told.store_code AND c.step = %(step)s)"
        " OR EXISTS (SELECT FROM parcel p JOIN orders o USING (person_id, round_id)"
        "  WHERE round_id = %(round_id)s AND p.chain = %(chain)s"
        "  AND p.store_code = told.store_code AND p.hold = 'later' AND p.reopened_at IS NULL"
        "  AND o.state = 'paid')",
        confirmed._asdict(),
    )
    return [code for (code,) in await cursor.fetchall()]


class Told(NamedTuple):
    """A line of a centre's file: its number, and what it says."""

    line: int
    store_code: str
    step: str
    packs: int


class Doubt(NamedTuple):
    """A line of which something is wrong: the store's packs and state, None if it has none."""

    told: Told
    packs: int | None
    open: bool | None


async def doubts(
    tx: Transaction, told: Sequence[Told], *, round_id: str, chain: Chain
) -> list[Doubt]:
    """The lines that name no shipment, another number of packs, or a closed store to send to."""
    cursor = await tx.execute(
        "SELECT line, t.store_code, step, t.packs, has, open FROM unnest(%(lines)s::integer[],"
        "  %(stores)s::text[], %(steps)s::text[], %(packs)s::integer[])"
        "  AS t (line, store_code, step, packs)"
        " LEFT JOIN (SELECT store_code, open, " + _HAS + " AS has FROM shipment s"
        "  JOIN store USING (chain, store_code)"
        "  WHERE round_id = %(round)s AND chain = %(chain)s AND packs > 0) sent"
        " USING (store_code)"
        " WHERE has IS DISTINCT FROM t.packs OR (NOT open AND step <> 'packed') ORDER BY line",
        {
            "lines": [each.line for each in told],
            "stores": [each.store_code for each in told],
            "steps": [each.step for each in told],
            "packs": [each.packs for each in told],
            "round": round_id,
            "chain": chain,
        },
    )
    return [Doubt(Told(*row[:4]), *row[4:]) for row in await cursor.fetchall()]
