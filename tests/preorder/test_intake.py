"""Placing, amending, sending again; what forms a batch."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import cast
from uuid import UUID, uuid4

import pytest

from emask.database.vault import Vault
from emask.language import Language
from emask.preorder.intake import Intake, IntakeFull
from emask.preorder.model import Entry, Placement, Receipt, SubmissionReused
from emask.preorder.service import cancel_preorder, mobile_of, preorder_of
from emask.rules.calendar import Channel
from emask.rules.people import InvalidEntry
from emask.rules.refusals import Closed
from emask.rules.states import OrderState
from preorder.world import (
    FIRST,
    OTHER,
    OURS,
    SECOND,
    StillClock,
    World,
    day,
    entry,
    statement_waits,
    until,
)


async def test_a_submission_is_placed_and_kept(
    world: World, intake: Intake, vault: Vault, still: StillClock
) -> None:
    person = await world.person()
    receipt = await intake.submit(entry(person))
    async with world.db.transaction() as tx:
        kept = await preorder_of(tx, person_id=person, round_id=FIRST.id)
        mobile = await mobile_of(tx, vault, person_id=person, round_id=FIRST.id)
    assert kept is not None
    assert receipt == Receipt(Placement.PLACED, kept.ticket, 1)
    assert (kept.chain, kept.store_code) == OURS
    assert (kept.channel, kept.state) == (Channel.COMPUTER, OrderState.REGISTERED)
    assert kept.placed_at == kept.changed_at == still.instant
    assert mobile == "0912345678"


async def test_the_number_is_sealed(world: World, intake: Intake) -> None:
    await intake.submit(entry(await world.person()))
    assert await world.count("position('0912345678'::bytea in mobile) > 0") == 0


async def test_submitting_again_amends_and_keeps_the_ticket(
    world: World, intake: Intake, still: StillClock
) -> None:
    person = await world.person()
    first = await intake.submit(entry(person))
    still.instant = day(3, 18, 19)
    second = await intake.submit(entry(person, store=OTHER))
    assert second == Receipt(Placement.AMENDED, first.ticket, 2)
    async with world.db.transaction() as tx:
        kept = await preorder_of(tx, person_id=person, round_id=FIRST.id)
    assert kept is not None
    assert (kept.chain, kept.store_code) == OTHER
    assert (kept.placed_at, kept.changed_at) == (FIRST.opens_at, still.instant)


async def test_sent_again_it_changes_nothing(world: World, intake: Intake) -> None:
    sent = entry(await world.person())
    first = await intake.submit(sent)
    again = await intake.submit(sent)
    assert again == Receipt(Placement.REPLAYED, first.ticket, 1)


async def test_sent_again_after_closing_it_is_still_acknowledged(
    world: World, intake: Intake, still: StillClock
) -> None:
    sent = entry(await world.person())
    first = await intake.submit(sent)
    still.instant = FIRST.closes_at
    assert (await intake.submit(sent)).ticket == first.ticket
    with pytest.raises(Closed):
        await intake.submit(sent._replace(submission_id=uuid4()))


@pytest.mark.parametrize(
    "other",
    [
        {"store_code": OTHER[1], "chain": OTHER[0]},
        {"mobile": "0987654321"},
        {"channel": Channel.MOBILE},
        {"language": Language.EN},
    ],
)
async def test_a_submission_id_stands_for_one_order(
    world: World, intake: Intake, other: dict[str, object]
) -> None:
    sent = entry(await world.person())
    await intake.submit(sent)
    with pytest.raises(SubmissionReused):
        await intake.submit(Entry(**{**sent._asdict(), **other}))
    assert await world.count("revision = 1 AND chain = 'SE'") == 1


async def test_a_cancelled_preorder_is_registered_again(
    world: World, intake: Intake, still: StillClock
) -> None:
    sent = entry(await world.person())
    first = await intake.submit(sent)
    await cancel_preorder(world.db, still, person_id=sent.person_id, round_id=FIRST.id)
    # the very same submission too: to call it replayed would tell of an order that is cancelled
    again = await intake.submit(sent)
    assert again == Receipt(Placement.PLACED, first.ticket, 3)
    assert await world.count("state = 'registered'") == 1


async def test_each_round_has_an_entry_of_its_own(
    world: World, intake: Intake, still: StillClock
) -> None:
    person = await world.person()
    still.instant = SECOND.opens_at
    with pytest.raises(Closed):
        await intake.submit(entry(person))
    receipt = await intake.submit(entry(person, round=SECOND))
    assert receipt.placement is Placement.PLACED


async def test_a_number_that_is_none_is_not_queued(world: World, intake: Intake) -> None:
    with pytest.raises(InvalidEntry, match="mobile"):
        await intake.submit(entry(await world.person())._replace(mobile="02 2345 6789"))


# ------------------------------------------------------------------ batches


@asynccontextmanager
async def held(world: World, person_id: UUID) -> AsyncIterator[None]:
    """Another transaction has a person's pre-order in hand; a statement that meets it waits."""
    async with world.db.transaction() as tx:
        await tx.execute(
            "INSERT INTO preorder (person_id, round_id, ticket, chain, store_code, channel, mobile,"
            " language, submission_id, placed_at, changed_at)"
            " VALUES (%s, %s, %s, 'SE', '100001', 'computer', '', 'zh', %s, now(), now())",
            (person_id, FIRST.id, uuid4(), uuid4()),
        )
        yield


def submitting(intake: Intake, entries: list[Entry]) -> "list[asyncio.Task[Receipt]]":
    return [asyncio.create_task(intake.submit(each)) for each in entries]


async def test_what_arrives_meanwhile_is_the_next_batch(world: World, intake: Intake) -> None:
    first, *others = await world.people(301)
    async with held(world, first):
        sent = submitting(intake, [entry(first)])
        await until(lambda: statement_waits(world))
        sent += submitting(intake, [entry(other) for other in others])
        await asyncio.sleep(0.1)
        assert not any(task.done() for task in sent)  # one statement in flight
    await asyncio.gather(*sent)
    async with world.db.transaction() as tx:
        cursor = await tx.execute("SELECT count(*) FROM preorder GROUP BY xmin::text ORDER BY 1")
        sizes = [row[0] for row in await cursor.fetchall()]
    assert sizes == [1, 44, 256]


async def test_two_submissions_of_one_person_take_two_batches(world: World, intake: Intake) -> None:
    first, person = await world.people(2)
    async with held(world, first):
        sent = submitting(intake, [entry(first)])
        await until(lambda: statement_waits(world))
        sent += submitting(intake, [entry(person), entry(person, store=OTHER)])
    _, placed, amended = await asyncio.gather(*sent)
    assert (placed.placement, placed.revision) == (Placement.PLACED, 1)
    assert (amended.placement, amended.revision) == (Placement.AMENDED, 2)
    assert await world.count("chain = 'FM'") == 1


async def test_a_full_queue_turns_away_and_serves_again(
    world: World, still: StillClock, vault: Vault
) -> None:
    first, *others = await world.people(5)
    async with Intake(world.db, still, vault, queue=3) as intake:
        async with held(world, first):
            sent = submitting(intake, [entry(first)])
            await until(lambda: statement_waits(world))
            sent += submitting(intake, [entry(other) for other in others[:3]])
            await asyncio.sleep(0)
            with pytest.raises(IntakeFull) as full:
                await intake.submit(entry(others[3]))
        await asyncio.gather(*sent)
        await intake.submit(entry(others[3]))
    assert full.value.retry_after > 0


async def test_one_bad_value_does_not_fail_a_batch(world: World, intake: Intake) -> None:
    first, *others = await world.people(6)
    bad = entry(others[2])._replace(language=cast("Language", SimpleNamespace(value="xx")))
    async with held(world, first):
        sent = submitting(intake, [entry(first)])
        await until(lambda: statement_waits(world))
        sent += submitting(intake, [entry(others[0]), bad, *map(entry, others[3:])])
    outcomes = await asyncio.gather(*sent, return_exceptions=True)
    failed = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert [str(error) for error in failed] == ["no such entry can be kept (23514)"]
    assert len([each for each in outcomes if isinstance(each, Receipt)]) == 4


async def test_who_goes_away_does_not_disturb_the_others(world: World, intake: Intake) -> None:
    first, gone, other = await world.people(3)
    async with held(world, first):
        sent = submitting(intake, [entry(first)])
        await until(lambda: statement_waits(world))
        leaving, staying = submitting(intake, [entry(gone), entry(other)])
        await asyncio.sleep(0)
        leaving.cancel()
    assert (await staying).placement is Placement.PLACED
    await asyncio.gather(*sent)


async def test_closing_the_intake_places_what_waits(
    world: World, still: StillClock, vault: Vault
) -> None:
    people = await world.people(20)
    async with Intake(world.db, still, vault, batch=4) as intake:
        sent = submitting(intake, [entry(person) for person in people])
        await asyncio.sleep(0)
    assert all(task.done() for task in sent)
    assert await world.count() == 20
    with pytest.raises(IntakeFull):
        await intake.submit(entry(people[0]))
