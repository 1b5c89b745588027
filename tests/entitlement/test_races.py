"""Two writers of one person's timeline at the same moment, and what happens without the guard."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from uuid import UUID, uuid4

import pytest
from psycopg.errors import ExclusionViolation

from emask.database.pool import Database, Transaction
from emask.entitlement.service import (
    claim_counter_sale,
    claim_paid_preorder,
    claims_of,
    mark_collected,
    undo_counter_sale,
)
from emask.rules.calendar import DayRange, Round
from emask.rules.interval import Claim
from emask.rules.refusals import AlreadyBought, IntervalNotOver

UseCase = Callable[[Transaction], Awaitable[object]]
PAID_ON = date(2020, 3, 20)


def selling(person_id: UUID, day: date) -> UseCase:
    return lambda tx: claim_counter_sale(
        tx, person_id=person_id, sale_id=uuid4(), day=day, interval_days=7
    )


def paying(person_id: UUID, round: Round) -> UseCase:
    return lambda tx: claim_paid_preorder(tx, person_id=person_id, round=round, today=PAID_ON)


async def at_once(db: Database, first: UseCase, second: UseCase) -> BaseException | None:
    """How `second` failed, if it did, having gone as far as it could before `first` committed."""
    async with db.transaction() as tx:
        await first(tx)
        other = asyncio.create_task(db.retrying(second))
        await ends_or_waits(db, other)
    await asyncio.wait([other])
    return other.exception()


async def ends_or_waits(db: Database, other: asyncio.Task[object]) -> None:
    for _ in range(2000):
        if other.done() or await somebody_waits(db):
            return
        await asyncio.sleep(0.005)
    raise TimeoutError


async def somebody_waits(db: Database) -> bool:
    async with db.connection() as connection:
        cursor = await connection.execute(
            "SELECT 1 FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return await cursor.fetchone() is not None


async def without_the_temporal_key(db: Database) -> None:
    async with db.connection() as connection:
        await connection.execute("ALTER TABLE claim DROP CONSTRAINT claim_pkey")


async def timeline(db: Database, person_id: UUID) -> list[Claim]:
    async with db.transaction() as tx:
        return await claims_of(tx, person_id)


def overlap(claims: list[Claim]) -> bool:
    return any(
        one.during.overlaps(other.during)
        for number, one in enumerate(claims)
        for other in claims[number + 1 :]
    )


async def test_two_sales_at_once_leave_one_claim(db: Database, person_id: UUID) -> None:
    sale = selling(person_id, date(2020, 3, 14))
    assert isinstance(await at_once(db, sale, sale), IntervalNotOver)
    assert len(await timeline(db, person_id)) == 1


async def test_without_the_temporal_key_two_sales_at_once_leave_two(
    db: Database, person_id: UUID
) -> None:
    await without_the_temporal_key(db)
    sale = selling(person_id, date(2020, 3, 14))
    assert await at_once(db, sale, sale) is None
    claims = await timeline(db, person_id)
    assert len(claims) == 2
    assert overlap(claims)


async def test_without_retrying_the_loser_sees_the_database_s_own_error(
    db: Database, person_id: UUID
) -> None:
    sale = selling(person_id, date(2020, 3, 14))

    async def once() -> object:
        async with db.transaction() as own:
            return await sale(own)

    async with db.transaction() as tx:
        await sale(tx)
        other = asyncio.create_task(once())
        await ends_or_waits(db, other)
    with pytest.raises(ExclusionViolation):
        await other


async def test_ten_counters_at_once_sell_to_one_person_once(db: Database, person_id: UUID) -> None:
    sales = [db.retrying(selling(person_id, date(2020, 3, day))) for day in range(10, 20)]
    outcomes = await asyncio.gather(*sales, return_exceptions=True)
    sold = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    claims = await timeline(db, person_id)
    assert len(claims) == len(sold)
    assert 1 <= len(sold) <= 2  # ten days hold at most two intervals of seven days
    assert not overlap(claims)
    assert all(isinstance(each, IntervalNotOver) for each in outcomes if each not in sold)


BOTH = [
    DayRange(date(2020, 3, 20), date(2020, 3, 27)),
    DayRange(date(2020, 3, 27), date(2020, 4, 3)),
]


@pytest.mark.parametrize("first_act", ["payment", "sale"])
async def test_a_payment_and_a_sale_at_once_end_one_behind_the_other(
    db: Database, person_id: UUID, first: Round, first_act: str
) -> None:
    payment, sale = paying(person_id, first), selling(person_id, date(2020, 3, 20))
    acts = (payment, sale) if first_act == "payment" else (sale, payment)
    assert await at_once(db, *acts) is None
    assert [claim.during for claim in await timeline(db, person_id)] == BOTH


@pytest.mark.parametrize("first_act", ["payment", "sale"])
async def test_without_the_temporal_key_a_payment_and_a_sale_at_once_overlap(
    db: Database, person_id: UUID, first: Round, first_act: str
) -> None:
    await without_the_temporal_key(db)
    payment, sale = paying(person_id, first), selling(person_id, date(2020, 3, 20))
    acts = (payment, sale) if first_act == "payment" else (sale, payment)
    assert await at_once(db, *acts) is None
    assert overlap(await timeline(db, person_id))


async def test_two_rounds_paid_at_once_end_one_behind_the_other(
    db: Database, person_id: UUID, first: Round, second: Round
) -> None:
    await db.retrying(selling(person_id, date(2020, 3, 21)))
    rounds = paying(person_id, first), paying(person_id, second)
    assert await at_once(db, *rounds) is None
    starts = [claim.during.start for claim in await timeline(db, person_id)]
    assert starts == [date(2020, 3, 21), date(2020, 3, 28), date(2020, 4, 4)]


async def test_two_sales_that_move_one_preorder_at_once(
    db: Database, person_id: UUID, first: Round
) -> None:
    await db.retrying(paying(person_id, first))
    sales = [selling(person_id, date(2020, 3, day)) for day in (20, 22)]
    assert isinstance(await at_once(db, *sales), IntervalNotOver)
    assert [claim.during for claim in await timeline(db, person_id)] == BOTH


async def deferred_preorder(db: Database, person_id: UUID, round: Round) -> UUID:
    """A sale of 22 March that deferred the round's pre-order to the 29th."""
    sale_id = uuid4()
    await db.retrying(paying(person_id, round))
    await db.retrying(
        lambda tx: claim_counter_sale(
            tx, person_id=person_id, sale_id=sale_id, day=date(2020, 3, 22), interval_days=7
        )
    )
    return sale_id


async def test_a_sale_undone_while_the_preorder_is_handed_over_leaves_it(
    db: Database, person_id: UUID, first: Round
) -> None:
    sale_id = await deferred_preorder(db, person_id, first)
    assert (
        await at_once(
            db,
            lambda tx: mark_collected(tx, person_id=person_id, round_id=first.id),
            lambda tx: undo_counter_sale(tx, person_id=person_id, sale_id=sale_id),
        )
        is None
    )
    (claim,) = await timeline(db, person_id)
    assert claim.during.start == date(2020, 3, 29)


async def test_a_move_that_did_not_look_again_would_move_what_was_handed_over(
    db: Database, person_id: UUID, first: Round
) -> None:
    await deferred_preorder(db, person_id, first)
    assert (
        await at_once(
            db,
            lambda tx: mark_collected(tx, person_id=person_id, round_id=first.id),
            lambda tx: tx.execute(
                "UPDATE claim SET during = '[2020-03-30,2020-04-06)'"
                " WHERE person_id = %s AND round_id = %s",
                (person_id, first.id),
            ),
        )
        is None
    )
    claim = (await timeline(db, person_id))[-1]
    assert claim.collected
    assert claim.during.start == date(2020, 3, 30)


async def test_a_sale_and_a_handover_at_once(db: Database, person_id: UUID, first: Round) -> None:
    await db.retrying(paying(person_id, first))
    failure = await at_once(
        db,
        lambda tx: mark_collected(tx, person_id=person_id, round_id=first.id),
        selling(person_id, date(2020, 3, 22)),
    )
    assert isinstance(failure, AlreadyBought)
