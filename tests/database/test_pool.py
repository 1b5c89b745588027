"""Transactions, and whole use cases run again after a lost race."""

import asyncio

import pytest
from psycopg.errors import (
    DeadlockDetected,
    ExclusionViolation,
    RaiseException,
    SerializationFailure,
    UniqueViolation,
)

from emask.database.pool import Database, Transaction


@pytest.fixture
async def accounts(db: Database) -> None:
    async with db.connection() as connection:
        await connection.execute("CREATE TABLE account AS VALUES (1, 0), (2, 0)")


async def balances(db: Database) -> list[int]:
    async with db.connection() as connection:
        cursor = await connection.execute("SELECT column2 FROM account ORDER BY column1")
        return [balance for (balance,) in await cursor.fetchall()]


async def credit(tx: Transaction, account: int) -> None:
    await tx.execute("UPDATE account SET column2 = column2 + 1 WHERE column1 = %s", (account,))


@pytest.mark.usefixtures("accounts")
async def test_a_transaction_is_committed_at_its_end(db: Database) -> None:
    async with db.transaction() as tx:
        await credit(tx, 1)
    assert await balances(db) == [1, 0]


@pytest.mark.usefixtures("accounts")
async def test_a_transaction_that_raises_is_rolled_back(db: Database) -> None:
    async def failing() -> None:
        async with db.transaction() as tx:
            await credit(tx, 1)
            raise LookupError

    with pytest.raises(LookupError):
        await failing()
    assert await balances(db) == [0, 0]


@pytest.mark.usefixtures("accounts")
@pytest.mark.parametrize("lost", [ExclusionViolation, SerializationFailure, DeadlockDetected])
async def test_a_lost_race_is_run_whole_and_again(db: Database, lost: type[Exception]) -> None:
    attempts = 0

    async def use_case(tx: Transaction) -> str:
        nonlocal attempts
        attempts += 1
        await credit(tx, 1)
        if attempts < 3:
            raise lost
        return "done"

    assert await db.retrying(use_case) == "done"
    assert attempts == 3
    assert await balances(db) == [1, 0]  # what the lost attempts wrote is gone


@pytest.mark.usefixtures("accounts")
async def test_after_eight_lost_races_it_gives_up(db: Database) -> None:
    attempts = 0

    async def use_case(tx: Transaction) -> None:
        nonlocal attempts
        attempts += 1
        await credit(tx, 1)
        raise ExclusionViolation

    with pytest.raises(ExclusionViolation):
        await db.retrying(use_case)
    assert attempts == 8
    assert await balances(db) == [0, 0]


@pytest.mark.parametrize("fault", [UniqueViolation, RaiseException, ValueError])
async def test_any_other_fault_is_not_run_again(db: Database, fault: type[Exception]) -> None:
    attempts = 0

    async def use_case(tx: Transaction) -> None:
        nonlocal attempts
        attempts += 1
        raise fault

    with pytest.raises(fault):
        await db.retrying(use_case)
    assert attempts == 1


async def crossing(db: Database, mode: str) -> tuple[BaseException | None, BaseException | None]:
    """Two transactions that lock two rows in opposite order, each holding one at first."""
    both_hold_one = asyncio.Barrier(2)
    first_attempts = {1, 2}

    async def use_case(tx: Transaction, account: int) -> None:
        await credit(tx, account)
        if account in first_attempts:
            first_attempts.discard(account)
            await both_hold_one.wait()
        await credit(tx, 3 - account)

    async def once(account: int) -> None:
        async with db.transaction() as tx:
            await tx.execute("SET LOCAL deadlock_timeout = '50ms'")
            await use_case(tx, account)

    async def again(account: int) -> None:
        await db.retrying(lambda tx: use_case(tx, account))

    act = again if mode == "retrying" else once
    first, second = await asyncio.gather(act(1), act(2), return_exceptions=True)
    return first, second


@pytest.mark.usefixtures("accounts")
async def test_a_deadlock_ends_with_both_done(db: Database) -> None:
    assert await crossing(db, "retrying") == (None, None)
    assert await balances(db) == [2, 2]


@pytest.mark.usefixtures("accounts")
async def test_without_retrying_a_deadlock_ends_with_one_lost(db: Database) -> None:
    outcomes = await crossing(db, "once")
    assert {type(outcome) for outcome in outcomes} == {DeadlockDetected, type(None)}
    assert await balances(db) == [1, 1]
