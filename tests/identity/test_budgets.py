"""Wrong guesses by card and by address."""

import asyncio
from datetime import datetime, timedelta

import pytest

from emask.database.pool import Database
from emask.identity import queries
from emask.identity.tries import (
    PER_ACCOUNT,
    PER_ADDRESS,
    PER_CARD,
    PER_NETWORK,
    Budget,
    TooManyAtOnce,
    Tried,
    within_budget,
)
from emask.rules.people import InvalidEntry
from emask.rules.refusals import (
    EvidenceReplayed,
    LockedOut,
    NotOwnNumber,
    OperatorUnreachable,
    PrepaidLine,
    WrongPassword,
)

HERE, THERE = b"a" * 32, b"b" * 32
THREE = Budget(Tried.ADDRESS, 3, at_once=2)


async def guess(
    db: Database, outcome: Exception | None, at: datetime, *, source: bytes = HERE
) -> None:
    async with within_budget(db, THREE, source=source, at=at):
        await asyncio.sleep(0)
        if outcome is not None:
            raise outcome


async def fail(db: Database, at: datetime, *, source: bytes = HERE) -> None:
    with pytest.raises(WrongPassword):
        await guess(db, WrongPassword(), at, source=source)


async def kept(db: Database) -> list[int]:
    async with db.transaction() as tx:
        cursor = await tx.execute("SELECT tries FROM wrong_try ORDER BY tries")
        return [row[0] for row in await cursor.fetchall()]


async def test_a_spent_budget_judges_nothing_until_the_next_quarter(
    db: Database, opening: datetime
) -> None:
    at = opening + timedelta(minutes=7)
    for _ in range(3):
        await fail(db, at)
    with pytest.raises(LockedOut) as refusal:
        await guess(db, None, at)
    assert refusal.value.until == opening + timedelta(minutes=15)
    await fail(db, at, source=THERE)
    await fail(db, opening + timedelta(minutes=15))


async def test_what_is_right_costs_nothing_and_leaves_nothing(
    db: Database, opening: datetime
) -> None:
    for _ in range(10):
        await guess(db, None, opening)
    assert await kept(db) == []
    await fail(db, opening)
    await guess(db, None, opening)  # and does not win back what others lost
    assert await kept(db) == [1]


@pytest.mark.parametrize(
    "reason",
    [
        *(PrepaidLine(), OperatorUnreachable(), LockedOut(), EvidenceReplayed(), NotOwnNumber()),
        InvalidEntry("password", "too_short"),
    ],
)
async def test_what_is_no_guess_costs_nothing(
    db: Database, opening: datetime, reason: Exception
) -> None:
    for _ in range(4):
        with pytest.raises(type(reason)):
            await guess(db, reason, opening)
    assert await kept(db) == []


async def test_a_number_that_is_not_on_record_is_a_guess(db: Database, opening: datetime) -> None:
    with pytest.raises(InvalidEntry):
        await guess(db, InvalidEntry("household_number", "not_on_record"), opening)
    assert await kept(db) == [1]


async def judged_of_many(db: Database, at: datetime) -> int:
    """Of twelve wrong guesses at once, how many were judged."""

    async def one() -> bool:
        try:
            await guess(db, WrongPassword(), at)
        except (LockedOut, TooManyAtOnce):
            return False
        except WrongPassword:
            return True
        return True

    return sum(await asyncio.gather(*(one() for _ in range(12))))


async def test_of_many_guesses_at_once_few_more_than_the_budget_are_judged(
    db: Database, opening: datetime
) -> None:
    judged = [await judged_of_many(db, opening) for _ in range(5)]
    assert sum(judged) <= THREE.allowed + THREE.at_once - 1
    with pytest.raises(LockedOut):
        await guess(db, None, opening)


async def at_once(db: Database, at: datetime, many: int, budget: Budget) -> list[str]:
    """What as many honest people are told who are all under way before the first is through."""
    all_there, told = asyncio.Event(), list[str]()

    async def one() -> None:
        try:
            async with within_budget(db, budget, source=HERE, at=at):
                told.append("judged")
                if len(told) == many:
                    all_there.set()
                await all_there.wait()
        except (LockedOut, TooManyAtOnce) as refusal:
            told.append(type(refusal).__name__)
            if len(told) == many:
                all_there.set()

    await asyncio.gather(*(one() for _ in range(many)))
    return sorted(told)


async def test_honest_people_at_once_may_be_more_than_the_budget(
    db: Database, opening: datetime
) -> None:
    few_guesses = Budget(Tried.ADDRESS, 2, at_once=8)
    assert await at_once(db, opening, 8, few_guesses) == ["judged"] * 8
    assert await kept(db) == []


async def test_beyond_what_may_be_under_way_nobody_is_locked_out(
    db: Database, opening: datetime
) -> None:
    told = await at_once(db, opening, 5, Budget(Tried.ADDRESS, 2, at_once=3))
    assert told == ["TooManyAtOnce"] * 2 + ["judged"] * 3
    await guess(db, None, opening)  # a moment later


async def test_reading_the_count_before_and_writing_it_after_would_judge_more(
    db: Database, opening: datetime
) -> None:
    judged = 0

    async def careless() -> None:
        nonlocal judged
        async with db.transaction() as tx:
            cursor = await tx.execute("SELECT tries FROM wrong_try WHERE source = %s", (HERE,))
            row = await cursor.fetchone()
        if row is not None and row[0] >= 3:
            return
        await asyncio.sleep(0.05)  # the judging
        judged += 1
        async with db.transaction() as tx:
            await queries.pay_guess(tx, Tried.ADDRESS, HERE, at=opening)

    await asyncio.gather(*(careless() for _ in range(12)))
    assert judged > 3


async def test_right_ones_at_once_are_all_given_back(db: Database, opening: datetime) -> None:
    generous = Budget(Tried.ADDRESS, 50)

    async def one() -> None:
        async with within_budget(db, generous, source=HERE, at=opening):
            await asyncio.sleep(0)

    for _ in range(5):
        await asyncio.gather(*(one() for _ in range(12)))
    assert await kept(db) == []


async def test_a_visitor_who_leaves_meanwhile_has_paid(db: Database, opening: datetime) -> None:
    begun = asyncio.Event()

    async def slow() -> None:
        async with within_budget(db, THREE, source=HERE, at=opening):
            begun.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(slow())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await kept(db) == [1]


def test_an_address_is_shared_by_many_and_a_card_by_nobody() -> None:
    assert (PER_ADDRESS.allowed, PER_CARD.allowed) == (60, 10)
    assert (PER_NETWORK.allowed, PER_ACCOUNT.allowed) == (240, 100)
    assert PER_ADDRESS.at_once > PER_ADDRESS.allowed
