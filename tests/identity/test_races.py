"""What happens twice at once happens once; each guard is shown to be needed by its absence."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar
from uuid import UUID, uuid4

from emask.database.pool import Database, Transaction
from emask.identity import device_queries, queries
from emask.identity.device import enter_device_code, issue_device_code
from emask.identity.phones import bound_phones, release_all
from emask.identity.sign_in import sign_in_with_card
from emask.identity.tries import WRONG_TRIES, TooManyAtOnce
from emask.rules.refusals import Refusal
from identity.world import HUA, MING, PASSWORD, WRONG, World

T = TypeVar("T")
Step = Callable[[Transaction], Awaitable[T]]


async def outcome(attempt: Awaitable[UUID]) -> str:
    try:
        await attempt
    except Refusal as refusal:
        return refusal.code
    except TooManyAtOnce:
        return "not_judged"
    return "in"


async def one_during_the_other(db: Database, first: Step[T], second: Step[T]) -> tuple[T, T]:
    """The second begins while the first has acted and not yet committed."""

    async def begin_second() -> T:
        async with db.transaction() as tx:
            return await second(tx)

    async with db.transaction() as tx:
        of_first = await first(tx)
        waiting = asyncio.create_task(begin_second())
        await asyncio.sleep(0.2)
    return of_first, await waiting


async def without_key(db: Database, table: str) -> None:
    async with db.transaction() as tx:
        await tx.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey")


# ---------------------------------------------------------------- device codes


async def test_a_device_code_entered_on_many_phones_at_once_lets_one_in(world: World) -> None:
    code = await issue_device_code(world.identity, session=await world.session(MING))
    attempts = [world.enter_code(code.digits, handset=f"phone-{number}") for number in range(8)]
    outcomes = await asyncio.gather(*map(outcome, attempts))
    assert sorted(outcomes) == sorted(["in", *["device_code_wrong"] * 7])


async def use_code_by(world: World, statement: str) -> tuple[bool, bool]:
    now = await world.clock.now()
    async with world.identity.db.transaction() as tx:
        await device_queries.add_code(
            tx, b"code", world.id_of(MING), at=now, expires_at=now + timedelta(minutes=10)
        )

    async def use(tx: Transaction) -> bool:
        cursor = await tx.execute(statement, {"code": b"code", "at": now})
        return await cursor.fetchone() is not None

    return await one_during_the_other(world.identity.db, use, use)


async def test_the_statement_alone_decides_between_two_phones(world: World) -> None:
    assert await use_code_by(world, device_queries.USE_CODE) == (True, False)


async def test_without_its_guard_the_statement_lets_both_in(world: World) -> None:
    unguarded = device_queries.USE_CODE.replace(" AND used_at IS NULL", "")
    assert unguarded != device_queries.USE_CODE
    assert await use_code_by(world, unguarded) == (True, True)


# ---------------------------------------------------------------- released phones


async def left_bound(world: World, release: Step[int]) -> int:
    """Release Ming's phones while one has used its code and has not committed yet."""
    now = await world.clock.now()
    code = await issue_device_code(world.identity, session=await world.session(MING))
    granted = await enter_device_code(world.identity, digits=code.digits, handset="phone-1")
    phone = device_queries.BoundDevice(
        person_id=granted.person_id,
        device_id=uuid4(),
        handset=b"phone-1",
        bound_by=granted.bound_by,
        credential_id=b"credential",
        public_key=b"key",
        sign_count=0,
        synced=False,
    )

    async def bind(tx: Transaction) -> int:
        await device_queries.use_code(tx, granted.device_code or b"", at=now)
        return int(await device_queries.save_device(tx, phone, at=now))

    await one_during_the_other(world.identity.db, bind, release)
    async with world.identity.db.transaction() as tx:
        return len(await bound_phones(tx, granted.person_id))


async def test_a_phone_that_is_just_being_bound_is_released_too(world: World) -> None:
    async def release(tx: Transaction) -> int:
        return await release_all(tx, world.id_of(MING), at=await world.clock.now())

    assert await left_bound(world, release) == 0


async def test_without_ending_its_code_first_such_a_phone_stays_bound(world: World) -> None:
    async def release(tx: Transaction) -> int:
        await device_queries.release_devices(tx, world.id_of(MING), at=await world.clock.now())
        return 0

    assert await left_bound(world, release) == 1


# ---------------------------------------------------------------- evidence


async def card_twice_at_once(world: World) -> list[str]:
    await world.register(MING)
    evidence = await world.card(MING)
    attempts = [
        sign_in_with_card(world.identity, evidence=evidence, password=PASSWORD) for _ in range(2)
    ]
    return sorted(await asyncio.gather(*map(outcome, attempts)))


async def test_evidence_used_twice_at_once_is_accepted_once(world: World) -> None:
    assert await card_twice_at_once(world) == ["evidence_replayed", "in"]


async def test_without_its_key_evidence_would_be_accepted_twice(world: World) -> None:
    await without_key(world.identity.db, "used_evidence")
    assert await card_twice_at_once(world) == ["in", "in"]


# ---------------------------------------------------------------- unlocks


async def count_unlock_twice(world: World, statement: str) -> tuple[bool, bool]:
    await world.own_number(MING)
    async with world.identity.db.transaction() as tx:
        row = await (await tx.execute("SELECT device_id FROM device")).fetchone()
    assert row is not None
    unlock = {"person": world.id_of(MING), "device": row[0], "count": 9}

    async def count(tx: Transaction) -> bool:
        return (await tx.execute(statement, unlock)).rowcount == 1

    return await one_during_the_other(world.identity.db, count, count)


async def test_a_count_of_a_passkey_is_seen_once(world: World) -> None:
    """Two answers with one count come from a passkey and its copy."""
    assert await count_unlock_twice(world, device_queries.COUNT_UNLOCK) == (True, False)


async def test_without_its_guard_the_copy_is_let_in_as_well(world: World) -> None:
    guard = "AND (sign_count < %(count)s OR (sign_count = 0 AND %(count)s = 0))"
    assert guard in device_queries.COUNT_UNLOCK
    unguarded = device_queries.COUNT_UNLOCK.replace(guard, "")
    assert await count_unlock_twice(world, unguarded) == (True, True)


# ---------------------------------------------------------------- passkeys


async def bind_twice_at_once(world: World) -> tuple[bool, bool]:
    now = await world.clock.now()

    def save(number: int) -> Step[bool]:
        device = device_queries.BoundDevice(
            person_id=world.id_of(MING),
            device_id=UUID(int=number),
            handset=b"phone-1",
            bound_by="device_code",
            credential_id=bytes([number]),
            public_key=b"",
            sign_count=0,
            synced=False,
        )
        return lambda tx: device_queries.save_device(tx, device, at=now)

    return await one_during_the_other(world.identity.db, save(1), save(2))


async def test_a_phone_keeps_one_passkey_a_person(world: World) -> None:
    assert await bind_twice_at_once(world) == (True, False)


async def test_without_its_index_it_would_keep_two(world: World) -> None:
    async with world.identity.db.transaction() as tx:
        await tx.execute("DROP INDEX device_one_a_handset")
    assert await bind_twice_at_once(world) == (True, True)


# ---------------------------------------------------------------- handsets, A13


async def claim_by_two(world: World) -> tuple[UUID, UUID]:
    def claim(person_id: UUID) -> Step[UUID]:
        return lambda tx: device_queries.claim_own_handset(tx, b"handset", person_id)

    return await one_during_the_other(
        world.identity.db, claim(world.id_of(MING)), claim(world.id_of(HUA))
    )


async def test_a13_two_people_at_once_cannot_both_own_a_handset(world: World) -> None:
    ming = world.id_of(MING)
    assert await claim_by_two(world) == (ming, ming)


async def test_a13_without_its_key_both_would_own_it(world: World) -> None:
    await without_key(world.identity.db, "own_handset")
    assert await claim_by_two(world) == (world.id_of(MING), world.id_of(HUA))


async def test_a13_of_two_sign_ins_at_once_with_one_handset_one_is_let_in(world: World) -> None:
    attempts = [world.own_number(person) for person in (MING, HUA)]
    outcomes = await asyncio.gather(*map(outcome, attempts))
    assert sorted(outcomes) == ["in", "not_own_number"]


# ---------------------------------------------------------------- certificates


async def bind_by_two(world: World) -> tuple[UUID, UUID]:
    now = await world.clock.now()

    def bind(person_id: UUID) -> Step[UUID]:
        return lambda tx: queries.bind_certificate(tx, b"serial", person_id, at=now)

    return await one_during_the_other(
        world.identity.db, bind(world.id_of(MING)), bind(world.id_of(HUA))
    )


async def test_two_people_at_once_cannot_both_bind_a_certificate(world: World) -> None:
    ming = world.id_of(MING)
    assert await bind_by_two(world) == (ming, ming)


async def test_without_its_key_both_would_be_bound(world: World) -> None:
    await without_key(world.identity.db, "certificate_binding")
    assert await bind_by_two(world) == (world.id_of(MING), world.id_of(HUA))


# ---------------------------------------------------------------- guesses


async def test_of_many_guesses_at_once_five_are_judged(world: World) -> None:
    await world.register(MING)
    evidence = await world.card(MING)
    attempts = [
        sign_in_with_card(world.identity, evidence=evidence, password=f"{WRONG} {number}")
        for number in range(20)
    ]
    outcomes = await asyncio.gather(*map(outcome, attempts))
    assert outcomes.count("wrong_password") == WRONG_TRIES
    assert set(outcomes) <= {"wrong_password", "locked_out", "not_judged"}


async def test_counting_after_judging_would_judge_them_all(world: World) -> None:
    """The same statements in the order that looks natural: read the count, judge, count."""
    now, source = await world.clock.now(), world.id_of(MING).bytes
    everybody_has_read = asyncio.Barrier(20)

    async def guess() -> bool:
        async with world.identity.db.transaction() as tx:
            until = await queries.locked_until(tx, "password", source)
        await everybody_has_read.wait()  # all are judged before the first is counted
        async with world.identity.db.transaction() as tx:
            await queries.count_try(
                tx, "password", source, at=now, pause=timedelta(minutes=15), allowed=WRONG_TRIES
            )
        return until is None

    assert sum(await asyncio.gather(*(guess() for _ in range(20)))) == 20


async def test_a_right_password_among_few_wrong_ones_gets_in(world: World) -> None:
    await world.register(MING)
    attempts = [
        sign_in_with_card(world.identity, evidence=await world.card(MING), password=password)
        for password in (WRONG, WRONG, PASSWORD)
    ]
    outcomes = await asyncio.gather(*map(outcome, attempts))
    assert outcomes == ["wrong_password", "wrong_password", "in"]
