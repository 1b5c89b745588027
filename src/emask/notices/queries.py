"""The SQL of telling: whom to tell, set by set."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from emask.database.pool import Transaction

_TELL: LiteralString = (
    "INSERT INTO outbox (person_id, kind, reference, payload, created_at, next_at) "
)


async def tell_drawn(
    tx: Transaction,
    *,
    kind: str,
    round_id: str,
    selected: bool,
    payload: Mapping[str, object],
    at: datetime,
) -> int:
    """Tell everybody whom the draw selected, or did not select; how many are new."""
    cursor = await tx.execute(
        _TELL + "SELECT person_id, %(kind)s, round_id, %(payload)s, %(at)s, %(at)s"
        " FROM draw_result WHERE round_id = %(round)s AND selected = %(selected)s"
        " ON CONFLICT DO NOTHING",
        {
            "kind": kind,
            "round": round_id,
            "selected": selected,
            "payload": Jsonb(payload),
            "at": at,
        },
    )
    return cursor.rowcount


async def tell_orders(
    tx: Transaction,
    *,
    kind: str,
    round_id: str,
    state: str,
    payload: Mapping[str, object],
    at: datetime,
) -> int:
    """Tell everybody whose order is in one state; how many are new."""
    cursor = await tx.execute(
        _TELL + "SELECT person_id, %(kind)s, round_id, %(payload)s, %(at)s, %(at)s"
        " FROM orders WHERE round_id = %(round)s AND state = %(state)s ON CONFLICT DO NOTHING",
        {"kind": kind, "round": round_id, "state": state, "payload": Jsonb(payload), "at": at},
    )
    return cursor.rowcount


async def tell_delayed(tx: Transaction, *, kind: str, round_id: str, at: datetime) -> int:
    """Tell everybody whose pack is missing in the centre that it comes later; how many are new."""
    cursor = await tx.execute(
        _TELL + "SELECT o.person_id, %(kind)s, o.round_id, '{}', %(at)s, %(at)s"
        " FROM orders o JOIN parcel p USING (person_id, round_id)"
        " WHERE o.round_id = %(round)s AND o.state = 'paid' AND p.hold IS NOT NULL"
        " ON CONFLICT DO NOTHING",
        {"kind": kind, "round": round_id, "at": at},
    )
    return cursor.rowcount


async def tell_reopened(tx: Transaction, *, kind: str, round_id: str, at: datetime) -> int:
    """Tell everybody whose pack was reopened at that instant; how many are new."""
    cursor = await tx.execute(
        _TELL + "SELECT o.person_id, %(kind)s, concat_ws(':', o.round_id, p.reopened_until),"
        " jsonb_build_object('collect_until', p.reopened_until), %(at)s, %(at)s"
        " FROM orders o JOIN parcel p USING (person_id, round_id)"
        " WHERE o.round_id = %(round)s AND o.state = 'paid' AND o.changed_at = %(at)s"
        " AND p.reopened_until IS NOT NULL ON CONFLICT DO NOTHING",
        {"kind": kind, "round": round_id, "at": at},
    )
    return cursor.rowcount


async def tell_arrived(
    tx: Transaction, *, kind: str, round_id: str, collect_until: date, at: datetime
) -> int:
    """Tell everybody whose pack lies at the store its pick-up number and first day; how many.

    Once for each store that it came to, and once more when it came for a re-collection.
    """
    return await _tell_arrived(
        tx, "", {"kind": kind, "round": round_id, "until": collect_until, "at": at}
    )


async def tell_arrived_at(
    tx: Transaction,
    *,
    kind: str,
    round_id: str,
    chain: str,
    store_code: str,
    collect_until: date,
    at: datetime,
) -> int:
    """As :func:`tell_arrived`, of one store: a scanner's word on it takes no look at the others."""
    where = {"kind": kind, "round": round_id, "until": collect_until, "at": at}
    return await _tell_arrived(
        *(tx, " AND p.round_id = %(round)s AND p.chain = %(chain)s AND p.store_code = %(store)s"),
        where | {"chain": chain, "store": store_code},
    )


async def tell_arrived_people(
    tx: Transaction,
    *,
    kind: str,
    round_id: str,
    people: Sequence[UUID],
    collect_until: date,
    at: datetime,
) -> int:
    """As :func:`tell_arrived`, of some people."""
    those = {"kind": kind, "round": round_id, "until": collect_until, "at": at}
    return await _tell_arrived(
        tx, " AND o.person_id = ANY(%(people)s)", those | {"people": list(people)}
    )


async def _tell_arrived(
    tx: Transaction, those: LiteralString, figures: Mapping[str, object]
) -> int:
    cursor = await tx.execute(
        _TELL + "SELECT o.person_id, %(kind)s,"
        " concat_ws(':', o.round_id, p.chain || p.store_code, p.reopened_until),"
        " jsonb_build_object('pickup_number', p.pickup_number, 'collect_from', lower(c.during),"
        "  'collect_until', coalesce(p.reopened_until, %(until)s::date)), %(at)s, %(at)s"
        " FROM orders o JOIN parcel p USING (person_id, round_id)"
        " JOIN claim c USING (person_id, round_id)"
        " WHERE o.round_id = %(round)s AND o.state = 'arrived'" + those + " ON CONFLICT DO NOTHING",
        figures,
    )
    return cursor.rowcount
