"""Rounds and policies in the database."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import date, datetime

import pytest

from emask.database.pool import Database
from emask.database.throwaway import ThrowawayDatabases
from emask.rounds.catalogue import BUILT_IN, built_in_policies, built_in_round
from emask.rounds.service import (
    NoPolicy,
    PickupsOverlap,
    RoundFrozen,
    UnknownRound,
    all_policies,
    all_rounds,
    current_round,
    load_round,
    next_round,
    policy_on,
    save_policies,
    save_round,
    set_quota,
)
from emask.rules.calendar import Channel, DeferredClaim, Product, Round, at

FIRST = built_in_round("2020-1")


@pytest.fixture(scope="module")
def database_url(databases: ThrowawayDatabases) -> Iterator[str]:
    """One database for all tests here, emptied after each."""
    with databases.database() as url:
        yield url


@pytest.fixture(autouse=True)
async def _emptied(db: Database) -> AsyncIterator[None]:
    yield
    async with db.transaction() as tx:
        await tx.execute("DELETE FROM round")
        await tx.execute("DELETE FROM counter_policy")


async def save(db: Database, *rounds: Round) -> None:
    async with db.transaction() as tx:
        for each in rounds:
            await save_round(tx, each)


async def save_built_in(db: Database) -> None:
    await save(db, *map(built_in_round, BUILT_IN))


async def freeze(db: Database, round_id: str) -> None:
    async with db.connection() as connection:
        await connection.execute(
            "UPDATE round SET frozen_at = closes_at WHERE round_id = %s", (round_id,)
        )


async def test_a_round_comes_back_as_it_was_saved(db: Database) -> None:
    unusual = replace(
        FIRST,
        id="unusual",
        pickup_from=date(2020, 5, 1),
        pickup_until=date(2020, 5, 3),
        product=Product.CHILD_MASK,
        deferred_claim=DeferredClaim.WINDOW_START,
        channels=frozenset({Channel.KIOSK, Channel.COUNTER}),
        closed_to_buyers_of="2020-1",
    )
    await save(db, FIRST, unusual)
    async with db.transaction() as tx:
        assert await load_round(tx, "2020-1") == FIRST
        assert await load_round(tx, "unusual") == unusual


async def test_times_come_back_in_taipei_time_whatever_the_server_s_zone(db: Database) -> None:
    await save(db, FIRST)
    async with db.transaction() as tx:
        await tx.execute("SET LOCAL timezone = 'UTC'")
        assert (await load_round(tx, "2020-1")).opens_at.isoformat() == "2020-03-12T09:00:00+08:00"


async def test_an_unknown_round_is_named(db: Database) -> None:
    async with db.transaction() as tx:
        with pytest.raises(UnknownRound, match="2020-7"):
            await load_round(tx, "2020-7")


async def test_a_round_may_be_changed_until_its_list_is_frozen(db: Database) -> None:
    changed = replace(FIRST, pay_until=at(date(2020, 3, 21), 22))
    await save(db, FIRST, changed)
    await freeze(db, "2020-1")
    await save(db, changed)  # nothing new: nothing to refuse
    with pytest.raises(RoundFrozen):
        await save(db, FIRST)
    async with db.transaction() as tx:
        assert await load_round(tx, "2020-1") == changed


async def test_pickup_windows_follow_one_another(db: Database) -> None:
    other = replace(
        FIRST, id="other", pickup_from=FIRST.pickup_until, pickup_until=date(2020, 4, 3)
    )
    with pytest.raises(PickupsOverlap):
        await save(db, FIRST, other)


async def test_a_round_closed_to_buyers_of_an_unknown_one_is_refused(db: Database) -> None:
    with pytest.raises(UnknownRound, match="2019-9"):
        await save(db, replace(FIRST, closed_to_buyers_of="2019-9"))


async def test_the_quota_is_set_until_the_list_is_frozen(db: Database) -> None:
    await save(db, FIRST)
    async with db.transaction() as tx:
        await set_quota(tx, "2020-1", 3)
        assert (await load_round(tx, "2020-1")).quota == 3
        with pytest.raises(ValueError, match="quota"):
            await set_quota(tx, "2020-1", 0)
        with pytest.raises(UnknownRound):
            await set_quota(tx, "2020-7", 3)
    await freeze(db, "2020-1")
    async with db.transaction() as tx:
        with pytest.raises(RoundFrozen):
            await set_quota(tx, "2020-1", 4)


async def test_rounds_are_told_by_opening(db: Database) -> None:
    await save(db, *map(built_in_round, reversed(BUILT_IN)))
    async with db.transaction() as tx:
        assert [each.id for each in await all_rounds(tx)] == list(BUILT_IN)
        assert await next_round(tx, FIRST) == built_in_round("2020-2")
        assert await next_round(tx, built_in_round("2020-nine")) is None


@pytest.mark.parametrize(
    ("now", "current"),
    [
        (at(date(2020, 1, 1)), "2020-1"),  # none has opened: the next
        (at(date(2020, 3, 12), 9), "2020-1"),
        (at(date(2020, 3, 18), 21), "2020-1"),  # closed, and none else has opened
        (at(date(2020, 3, 19), 9), "2020-2"),  # in registration beats everything
        (at(date(2020, 3, 26)), "2020-2"),  # both run: the latest opened
        (at(date(2020, 4, 8), 23), "2020-2"),
        (at(date(2020, 4, 9)), "2020-nine"),  # both are over: the next
        (at(date(2020, 5, 5), 23), "2020-nine"),
        (at(date(2021, 1, 1)), "2020-nine"),  # all are over: the last
    ],
)
async def test_the_current_round_is_the_one_people_come_for(
    db: Database, now: datetime, current: str
) -> None:
    await save_built_in(db)
    async with db.transaction() as tx:
        found = await current_round(tx, now)
    assert found is not None
    assert found.id == current


async def test_without_rounds_there_is_no_current_one(db: Database) -> None:
    async with db.transaction() as tx:
        assert await current_round(tx, at(date(2020, 3, 12))) is None


async def test_a_policy_holds_until_the_next_one(db: Database) -> None:
    policies = built_in_policies()
    async with db.transaction() as tx:
        await save_policies(tx, policies)
        assert await all_policies(tx) == list(policies)
        for policy in policies:
            assert await policy_on(tx, policy.valid_from) == policy
        assert (await policy_on(tx, date(2020, 3, 4))).adult_pieces == 2
        assert (await policy_on(tx, date(2020, 4, 8))).adult_pieces == 3
        assert (await policy_on(tx, date(2021, 1, 1))).valid_from == policies[-1].valid_from


async def test_before_the_first_policy_nothing_is_sold(db: Database) -> None:
    async with db.transaction() as tx:
        await save_policies(tx, built_in_policies())
        with pytest.raises(NoPolicy):
            await policy_on(tx, date(2020, 2, 5))


async def test_a_policy_of_the_same_first_day_is_replaced(db: Database) -> None:
    policy = built_in_policies()[0]
    async with db.transaction() as tx:
        await save_policies(tx, [policy])
        await save_policies(tx, [replace(policy, adult_pieces=1)])
        assert (await policy_on(tx, policy.valid_from)).adult_pieces == 1
