"""The timeline as it stands in the database: the examples of the Q&A (B7-B10) end to end."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from uuid import UUID, uuid4

import pytest
from psycopg.errors import ExclusionViolation, UniqueViolation

from emask.database.pool import Database
from emask.database.throwaway import ThrowawayDatabases
from emask.entitlement.service import (
    NoClaim,
    claim_counter_sale,
    claim_paid_preorder,
    claims_of,
    mark_collected,
    next_purchase_date,
    undo_counter_sale,
)
from emask.rounds.service import save_round
from emask.rules.calendar import DayRange, DeferredClaim, Round
from emask.rules.interval import NoDayLeft, Source, Window
from emask.rules.refusals import AlreadyBought, IntervalNotOver, WouldVoidPreorder

PAID_ON = date(2020, 3, 20)


@pytest.fixture(scope="module")
def database_url(databases: ThrowawayDatabases) -> Iterator[str]:
    """One database for all tests here: each has a person of its own."""
    with databases.database() as url:
        yield url


def march(day: int) -> date:
    return date(2020, 3, day)


def april(day: int) -> date:
    return date(2020, 4, day)


async def pay(db: Database, person_id: UUID, round: Round, today: date = PAID_ON) -> DayRange:
    change = await db.retrying(
        lambda tx: claim_paid_preorder(tx, person_id=person_id, round=round, today=today)
    )
    return change.placed.during


async def sell(db: Database, person_id: UUID, day: date) -> UUID:
    sale_id = uuid4()
    await db.retrying(
        lambda tx: claim_counter_sale(
            tx, person_id=person_id, sale_id=sale_id, day=day, interval_days=7
        )
    )
    return sale_id


async def timeline(db: Database, person_id: UUID) -> list[tuple[str, date, date]]:
    async with db.transaction() as tx:
        claims = await claims_of(tx, person_id)
    return [(claim.source, claim.during.start, claim.during.end) for claim in claims]


async def moves_kept(db: Database, person_id: UUID) -> int:
    async with db.connection() as connection:
        cursor = await connection.execute(
            "SELECT FROM claim_move WHERE person_id = %s", (person_id,)
        )
        return len(await cursor.fetchall())


async def test_a_claim_comes_back_with_the_window_of_its_round(
    db: Database, person_id: UUID, first: Round
) -> None:
    await pay(db, person_id, first)
    async with db.transaction() as tx:
        (claim,) = await claims_of(tx, person_id)
    assert claim.window == Window.of(first)
    assert (claim.source, claim.reference, claim.collected) == (Source.PREORDER, "2020-1", False)


async def test_claims_of_others_are_not_told(db: Database, person_id: UUID, first: Round) -> None:
    await pay(db, uuid4(), first)
    assert await timeline(db, person_id) == []


async def test_b8_a_paid_preorder_counts_from_the_first_day_of_collection(
    db: Database, person_id: UUID, first: Round
) -> None:
    assert await pay(db, person_id, first) == DayRange(march(26), april(2))
    async with db.transaction() as tx:
        today = march(21)
        assert await next_purchase_date(tx, person_id=person_id, today=today) == april(2)
        later = april(5)
        assert await next_purchase_date(tx, person_id=person_id, today=later) == later


async def test_b10_a_counter_purchase_defers_the_preorder(
    db: Database, person_id: UUID, first: Round
) -> None:
    await pay(db, person_id, first)
    await sell(db, person_id, march(22))
    assert await timeline(db, person_id) == [
        ("counter", march(22), march(29)),
        ("preorder", march(29), april(5)),
    ]


async def test_a_purchase_defers_two_rounds_at_once(
    db: Database, person_id: UUID, first: Round, second: Round
) -> None:
    await pay(db, person_id, first)
    await pay(db, person_id, second)
    await sell(db, person_id, march(25))
    assert await timeline(db, person_id) == [
        ("counter", march(25), april(1)),
        ("preorder", april(1), april(8)),
        ("preorder", april(8), april(15)),
    ]
    assert await moves_kept(db, person_id) == 2


async def test_undoing_a_sale_restores_all_that_it_moved(
    db: Database, person_id: UUID, first: Round, second: Round
) -> None:
    await pay(db, person_id, first)
    await pay(db, person_id, second)
    before = await timeline(db, person_id)
    sale_id = await sell(db, person_id, march(25))
    undo = {"person_id": person_id, "sale_id": sale_id}
    moves = await db.retrying(lambda tx: undo_counter_sale(tx, **undo))
    assert [move.reference for move in moves] == ["2020-1", "2020-2"]
    assert await timeline(db, person_id) == before
    assert await moves_kept(db, person_id) == 0
    assert await db.retrying(lambda tx: undo_counter_sale(tx, **undo)) == ()


async def test_undoing_a_sale_leaves_alone_what_was_collected_since(
    db: Database, person_id: UUID, first: Round
) -> None:
    await pay(db, person_id, first)
    sale_id = await sell(db, person_id, march(22))
    async with db.transaction() as tx:
        await mark_collected(tx, person_id=person_id, round_id=first.id)
        assert await undo_counter_sale(tx, person_id=person_id, sale_id=sale_id) == ()
    assert await timeline(db, person_id) == [("preorder", march(29), april(5))]


@pytest.mark.parametrize(
    ("day", "refusal"),
    [(march(19), IntervalNotOver), (march(26), AlreadyBought), (april(1), AlreadyBought)],
)
async def test_a_refused_sale_writes_nothing(
    db: Database, person_id: UUID, first: Round, day: date, refusal: type[Exception]
) -> None:
    await sell(db, person_id, march(14))
    await pay(db, person_id, first)
    before = await timeline(db, person_id)
    with pytest.raises(refusal):
        await sell(db, person_id, day)
    assert await timeline(db, person_id) == before


async def test_a_sale_that_would_void_a_preorder_writes_nothing(
    db: Database, person_id: UUID, first: Round
) -> None:
    short = replace(first, pickup_until=march(28))
    async with db.transaction() as tx:
        await save_round(tx, short)
    await pay(db, person_id, short)
    with pytest.raises(WouldVoidPreorder):
        await sell(db, person_id, march(22))
    assert await timeline(db, person_id) == [("preorder", march(26), april(2))]


async def test_a_payment_without_a_day_left_writes_nothing(
    db: Database, person_id: UUID, first: Round
) -> None:
    await sell(db, person_id, march(26))
    with pytest.raises(NoDayLeft):
        await pay(db, person_id, first)
    assert await timeline(db, person_id) == [("counter", march(26), april(2))]


async def test_a_payment_defers_a_later_round(
    db: Database, person_id: UUID, first: Round, second: Round
) -> None:
    await sell(db, person_id, march(21))
    await pay(db, person_id, second)
    await pay(db, person_id, first, today=march(22))
    assert await timeline(db, person_id) == [
        ("counter", march(21), march(28)),
        ("preorder", march(28), april(4)),
        ("preorder", april(4), april(11)),
    ]


async def test_a_round_may_count_a_deferred_claim_from_its_window(
    db: Database, person_id: UUID, first: Round
) -> None:
    kind = replace(first, deferred_claim=DeferredClaim.WINDOW_START)
    async with db.transaction() as tx:
        await save_round(tx, kind)
    await pay(db, person_id, kind)
    await sell(db, person_id, march(22))
    assert await timeline(db, person_id) == [
        ("counter", march(22), march(29)),
        ("preorder", march(29), april(2)),
    ]


async def test_what_is_collected_stands_fast(db: Database, person_id: UUID, first: Round) -> None:
    await pay(db, person_id, first)
    async with db.transaction() as tx:
        await mark_collected(tx, person_id=person_id, round_id=first.id)
    with pytest.raises(AlreadyBought):
        await sell(db, person_id, march(22))


async def test_collecting_without_a_claim_is_an_error(db: Database, person_id: UUID) -> None:
    async with db.transaction() as tx:
        with pytest.raises(NoClaim):
            await mark_collected(tx, person_id=person_id, round_id="2020-1")


async def test_a_preorder_is_claimed_once(db: Database, person_id: UUID, first: Round) -> None:
    long = replace(first, id="long", pickup_from=date(2020, 6, 1), pickup_until=date(2020, 6, 14))
    async with db.transaction() as tx:
        await save_round(tx, long)
    await pay(db, person_id, long)
    with pytest.raises(UniqueViolation):
        await pay(db, person_id, long)


async def test_the_database_refuses_an_overlap_whoever_writes_it(
    db: Database, person_id: UUID
) -> None:
    await sell(db, person_id, march(12))
    async with db.connection() as connection:
        with pytest.raises(ExclusionViolation):
            await connection.execute(
                "INSERT INTO claim (person_id, during, source, sale_id)"
                " VALUES (%s, '[2020-03-18,2020-03-25)', 'counter', %s)",
                (person_id, uuid4()),
            )
