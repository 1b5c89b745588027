"""The SQL of pre-orders. Nothing else in the system writes `preorder`."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from emask.database.pool import Transaction
from emask.language import Language
from emask.preorder.model import Preorder
from emask.rounds.model import Chain
from emask.rules.calendar import TAIPEI, Channel
from emask.rules.states import OrderState


class Row(NamedTuple):
    """A submission as it is written; `mobile` is sealed."""

    person_id: UUID
    round_id: str
    ticket: UUID
    chain: str
    store_code: str
    channel: str
    mobile: bytes
    language: str
    submission_id: UUID


class Placed(NamedTuple):
    """What a submission became; `fresh` tells that no registered entry stood there before."""

    ticket: UUID
    revision: int
    fresh: bool


class Standing(NamedTuple):
    """The registered entry of a person in a round."""

    revision: int
    row: Row


class Facts(NamedTuple):
    """What is known of a submission that was not placed; None stands for "there is none".

    `claimed` tells of a claim on the window's last day.
    """

    birth_date: date | None
    store_name: str | None
    store_open: bool | None
    frozen: bool
    bought_closed_round: bool
    claimed: bool
    standing: Standing | None


SEALED_AS: Final = "mobile"
"""The name of the field under which a pre-order's mobile number is sealed."""

# Whose pack never came, and whose money goes back, has bought nothing.
_BOUGHT: Final = (
    "EXISTS (SELECT FROM orders o WHERE o.person_id = e.person_id"
    " AND o.round_id = r.closed_to_buyers_of AND o.paid_at IS NOT NULL AND o.state <> 'cancelled')"
)
# Every check that refuses is made in the statement that writes, in its snapshot: the round is open
# and not frozen, the channel is offered, the person is of the round's kind, the store is open.
_CHECKED = (
    "INSERT INTO preorder (person_id, round_id, ticket, chain, store_code, channel, mobile,"
    " language, submission_id, placed_at, changed_at)"
    " SELECT e.person_id, e.round_id, e.ticket, e.chain, e.store_code, e.channel, e.mobile,"
    " e.language, e.submission_id, {now}, {now}"
    " FROM {entries} AS e (person_id, round_id, ticket, chain, store_code, channel, mobile,"
    " language, submission_id)"
    " JOIN round r ON r.round_id = e.round_id AND r.opens_at <= {now} AND r.closes_at > {now}"
    " AND r.frozen_at IS NULL AND e.channel = ANY (r.channels)"
    " JOIN person p ON p.person_id = e.person_id"
    " AND (p.birth_date >= r.child_born_from) = (r.product = 'child_mask')"
    " JOIN store s ON s.chain = e.chain AND s.store_code = e.store_code AND s.open"
    f" WHERE NOT {_BOUGHT}"
)
# Only a claim on the window's last day can leave no day of it: the rules decide those few (B7).
_UNCLAIMED = (
    " AND NOT EXISTS (SELECT FROM claim c WHERE c.person_id = e.person_id"
    " AND c.during @> r.pickup_until)"
)
# One order of locking for all writers; a submission that stands already changes nothing.
_WRITTEN = (
    " ORDER BY e.person_id"
    " ON CONFLICT (person_id, round_id) DO UPDATE SET chain = excluded.chain,"
    " store_code = excluded.store_code, channel = excluded.channel, mobile = excluded.mobile,"
    " language = excluded.language, submission_id = excluded.submission_id, state = 'registered',"
    " revision = preorder.revision + 1, changed_at = excluded.changed_at"
    " WHERE preorder.submission_id <> excluded.submission_id OR preorder.state = 'cancelled'"
    " RETURNING person_id, ticket, revision, old.state IS DISTINCT FROM 'registered'"
)
_ARRAYS = (
    "unnest(%(person_id)b::uuid[], %(round_id)b::text[], %(ticket)b::uuid[], %(chain)b::text[],"
    " %(store_code)b::text[], %(channel)b::text[], %(mobile)b::bytea[], %(language)b::text[],"
    " %(submission_id)b::uuid[])"
)
_INSTANT = "%(now)b::timestamptz"


def placing(*, entries: str, now: str) -> str:
    """The statement that places what `entries`, an item of FROM, yields at the instant `now`."""
    return (_CHECKED + _UNCLAIMED + _WRITTEN).format(entries=entries, now=now)


PLACE = placing(entries=_ARRAYS, now=_INSTANT)
PLACE_JUDGED = (_CHECKED + _WRITTEN).format(entries=_ARRAYS, now=_INSTANT)


async def place(tx: Transaction, rows: Sequence[Row], *, now: datetime) -> dict[UUID, Placed]:
    """Place what no rule can be against; who is missing in the answer was not placed.

    Each person may come once.
    """
    return await _place(tx, PLACE, rows, now)


async def place_judged(
    tx: Transaction, rows: Sequence[Row], *, now: datetime
) -> dict[UUID, Placed]:
    """Place people whose claims the rules have judged: all checks but that of claims."""
    return await _place(tx, PLACE_JUDGED, rows, now)


async def _place(
    tx: Transaction, statement: str, rows: Sequence[Row], now: datetime
) -> dict[UUID, Placed]:
    parameters = {"now": now, **_columns(rows)}
    cursor = await tx.execute(statement, parameters, prepare=True, binary=True)
    return {row[0]: Placed(*row[1:]) for row in await cursor.fetchall()}


async def facts(tx: Transaction, rows: Sequence[Row]) -> dict[UUID, Facts]:
    """What may stand against submissions, and what stands of them, by person."""
    cursor = await tx.execute(
        "SELECT e.person_id, p.birth_date, s.name, s.open, r.frozen_at IS NOT NULL,"
        f" {_BOUGHT},"
        " EXISTS (SELECT FROM claim c WHERE c.person_id = e.person_id"
        " AND c.during @> r.pickup_until),"
        " x.revision, x.person_id, x.round_id, x.ticket, x.chain, x.store_code, x.channel,"
        " x.mobile, x.language, x.submission_id"
        " FROM unnest(%(person_id)s::uuid[], %(round_id)s::text[], %(chain)s::text[],"
        " %(store_code)s::text[]) AS e (person_id, round_id, chain, store_code)"
        " LEFT JOIN round r ON r.round_id = e.round_id"
        " LEFT JOIN person p ON p.person_id = e.person_id"
        " LEFT JOIN store s ON s.chain = e.chain AND s.store_code = e.store_code"
        " LEFT JOIN preorder x ON x.person_id = e.person_id AND x.round_id = e.round_id"
        " AND x.state = 'registered'",
        _columns(rows),
    )
    return {
        row[0]: Facts._make((*row[1:7], row[7] and Standing(row[7], Row(*row[8:]))))
        for row in await cursor.fetchall()
    }


def _columns(rows: Sequence[Row]) -> Mapping[str, list[object]]:
    columns = zip(*rows, strict=True)
    return {name: list(column) for name, column in zip(Row._fields, columns, strict=True)}


async def cancel(tx: Transaction, *, person_id: UUID, round_id: str, now: datetime) -> bool:
    """Cancel a registered pre-order while the round takes them; False if nothing was changed."""
    cursor = await tx.execute(
        "UPDATE preorder SET state = 'cancelled', revision = revision + 1, changed_at = %(now)s"
        " FROM round r WHERE preorder.person_id = %(person_id)s"
        " AND preorder.round_id = %(round_id)s AND state = 'registered'"
        " AND r.round_id = preorder.round_id AND r.opens_at <= %(now)s AND r.closes_at > %(now)s"
        " AND r.frozen_at IS NULL",
        {"person_id": person_id, "round_id": round_id, "now": now},
    )
    return cursor.rowcount == 1


async def frozen(tx: Transaction, round_id: str) -> bool:
    """Whether no pre-order of a round may change any more."""
    cursor = await tx.execute(
        "SELECT FROM round WHERE round_id = %s AND frozen_at IS NOT NULL", (round_id,)
    )
    return cursor.rowcount == 1


async def preorder(tx: Transaction, *, person_id: UUID, round_id: str) -> Preorder | None:
    """One person's entry in one round."""
    cursor = await tx.execute(
        "SELECT ticket, chain, store_code, channel, state, revision, placed_at, changed_at,"
        " language FROM preorder WHERE person_id = %s AND round_id = %s",
        (person_id, round_id),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    return Preorder(
        person_id=person_id,
        round_id=round_id,
        ticket=row[0],
        chain=Chain(row[1]),
        store_code=row[2],
        channel=Channel(row[3]),
        state=OrderState(row[4]),
        revision=row[5],
        placed_at=row[6].astimezone(TAIPEI),
        changed_at=row[7].astimezone(TAIPEI),
        language=Language(row[8]),
    )


async def sealed_mobile(tx: Transaction, *, person_id: UUID, round_id: str) -> bytes | None:
    """The number for notices, sealed; None without a pre-order."""
    cursor = await tx.execute(
        "SELECT mobile FROM preorder WHERE person_id = %s AND round_id = %s",
        (person_id, round_id),
    )
    row = await cursor.fetchone()
    return None if row is None else bytes(row[0])
