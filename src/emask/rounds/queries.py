"""The SQL of rounds and counter policies."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from psycopg import AsyncCursor
from psycopg.rows import TupleRow

from emask.database.pool import Transaction
from emask.rules.calendar import (
    TAIPEI,
    Channel,
    CounterPolicy,
    DeferredClaim,
    Product,
    Round,
)

_ROUND = (
    "SELECT round_id, opens_at, closes_at, pay_from, pay_until, release_at,"
    " pickup_from, pickup_until, quota, product, pieces, price, handling_fee, interval_days,"
    " child_born_from, deferred_claim, channels, closed_to_buyers_of FROM round"
)
POLICY_COLUMNS: Final = (
    "valid_from",
    "interval_days",
    "adult_pieces",
    "child_pieces",
    "price",
    "child_born_from",
    "odd_even",
    "children_exempt",
    "adult_may_buy_child_masks",
    "either_born_before",
    "proxy_adults",
    "proxy_children",
)
"""Of `counter_policy`, as :func:`policy_in` reads them."""
_POLICY = f"SELECT {', '.join(POLICY_COLUMNS)} FROM counter_policy"


async def upsert_round(tx: Transaction, round: Round) -> bool:
    """Write a round; False, and nothing written, if its list is frozen."""
    cursor = await tx.execute(
        "INSERT INTO round (round_id, opens_at, closes_at, pay_from, pay_until, release_at,"
        " pickup_from, pickup_until, quota, product, pieces, price, handling_fee, interval_days,"
        " child_born_from, deferred_claim, channels, closed_to_buyers_of)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (round_id) DO UPDATE SET"
        " opens_at = excluded.opens_at, closes_at = excluded.closes_at,"
        " pay_from = excluded.pay_from, pay_until = excluded.pay_until,"
        " release_at = excluded.release_at, pickup_from = excluded.pickup_from,"
        " pickup_until = excluded.pickup_until, quota = excluded.quota,"
        " product = excluded.product, pieces = excluded.pieces, price = excluded.price,"
        " handling_fee = excluded.handling_fee, interval_days = excluded.interval_days,"
        " child_born_from = excluded.child_born_from, deferred_claim = excluded.deferred_claim,"
        " channels = excluded.channels, closed_to_buyers_of = excluded.closed_to_buyers_of"
        " WHERE round.frozen_at IS NULL",
        (
            *(round.id, round.opens_at, round.closes_at, round.pay_from, round.pay_until),
            *(round.release_at, round.pickup_from, round.pickup_until, round.quota),
            *(round.product, round.pieces, round.price, round.handling_fee),
            *(round.interval_days, round.child_born_from, round.deferred_claim),
            *(sorted(round.channels), round.closed_to_buyers_of),
        ),
    )
    return cursor.rowcount == 1


async def round_by_id(tx: Transaction, round_id: str) -> Round | None:
    """One round, or None."""
    rounds = await _rounds(await tx.execute(f"{_ROUND} WHERE round_id = %s", (round_id,)))
    return rounds[0] if rounds else None


async def rounds_by_opening(tx: Transaction) -> list[Round]:
    """All rounds, the first to open first."""
    return await _rounds(await tx.execute(f"{_ROUND} ORDER BY opens_at, round_id"))


async def update_quota(tx: Transaction, round_id: str, quota: int) -> bool:
    """Set the packs of a round; False if its list is frozen or there is no such round."""
    cursor = await tx.execute(
        "UPDATE round SET quota = %s WHERE round_id = %s AND frozen_at IS NULL", (quota, round_id)
    )
    return cursor.rowcount == 1


async def upsert_policies(tx: Transaction, policies: Sequence[CounterPolicy]) -> None:
    """Write policies; one of the same first day is replaced."""
    async with tx.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO counter_policy (valid_from, interval_days, adult_pieces, child_pieces,"
            " price, child_born_from, odd_even, children_exempt, adult_may_buy_child_masks,"
            " either_born_before, proxy_adults, proxy_children)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (valid_from) DO UPDATE SET interval_days = excluded.interval_days,"
            " adult_pieces = excluded.adult_pieces, child_pieces = excluded.child_pieces,"
            " price = excluded.price, child_born_from = excluded.child_born_from,"
            " odd_even = excluded.odd_even, children_exempt = excluded.children_exempt,"
            " adult_may_buy_child_masks = excluded.adult_may_buy_child_masks,"
            " either_born_before = excluded.either_born_before,"
            " proxy_adults = excluded.proxy_adults, proxy_children = excluded.proxy_children",
            [
                (
                    *(policy.valid_from, policy.interval_days, policy.adult_pieces),
                    *(policy.child_pieces, policy.price, policy.child_born_from),
                    *(policy.odd_even, policy.children_exempt, policy.adult_may_buy_child_masks),
                    *(policy.either_born_before, policy.proxy_adults, policy.proxy_children),
                )
                for policy in policies
            ],
        )


async def latest_policy(tx: Transaction, day: date) -> CounterPolicy | None:
    """The policy in force on a day, or None before the first."""
    cursor = await tx.execute(
        f"{_POLICY} WHERE valid_from <= %s ORDER BY valid_from DESC LIMIT 1", (day,)
    )
    policies = await _policies(cursor)
    return policies[0] if policies else None


async def policies_by_day(tx: Transaction) -> list[CounterPolicy]:
    """All policies, the earliest first."""
    return await _policies(await tx.execute(f"{_POLICY} ORDER BY valid_from"))


def policy_in(row: Sequence[Any]) -> CounterPolicy:
    """The policy of a row of :data:`POLICY_COLUMNS`."""
    return CounterPolicy(**dict(zip(POLICY_COLUMNS, row, strict=True)))


async def _policies(cursor: AsyncCursor[TupleRow]) -> list[CounterPolicy]:
    return [policy_in(row) for row in await cursor.fetchall()]


async def _rounds(cursor: AsyncCursor[TupleRow]) -> list[Round]:
    return [
        Round(
            id=row[0],
            opens_at=row[1].astimezone(TAIPEI),
            closes_at=row[2].astimezone(TAIPEI),
            pay_from=row[3].astimezone(TAIPEI),
            pay_until=row[4].astimezone(TAIPEI),
            release_at=row[5].astimezone(TAIPEI),
            pickup_from=row[6],
            pickup_until=row[7],
            quota=row[8],
            product=Product(row[9]),
            pieces=row[10],
            price=row[11],
            handling_fee=row[12],
            interval_days=row[13],
            child_born_from=row[14],
            deferred_claim=DeferredClaim(row[15]),
            channels=frozenset(map(Channel, row[16])),
            closed_to_buyers_of=row[17],
        )
        for row in await cursor.fetchall()
    ]
