"""Freezing: what the list is, that nothing slips past it, and what is committed to."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from draw.town import Entry, Town, crowd, somebody
from emask.database.pool import Transaction
from emask.draw import lists, queries, service
from emask.draw.service import StillOpen, StillWriting
from emask.language import Language
from emask.preorder.intake import Intake
from emask.preorder.model import Entry as Submission
from emask.preorder.service import cancel_preorder
from emask.rounds.catalogue import built_in_round
from emask.rounds.model import Chain
from emask.rounds.service import save_round
from emask.rules.calendar import Channel
from emask.rules.draw import ALGORITHM, merkle_root
from emask.rules.refusals import Closed


def tickets(entries: list[Entry]) -> list[bytes]:
    return sorted(entry.ticket.bytes for entry in entries)


async def test_the_list_is_the_registered_tickets_of_the_round(town: Town) -> None:
    entries = crowd(300)
    other = built_in_round("2020-2")
    async with town.db.transaction() as tx:
        await save_round(tx, other)
    await town.enter([*entries, somebody(state="cancelled")])
    await town.enter([somebody()], other)

    record = await town.freeze()

    assert (record.entries, record.quota, record.run, record.reason) == (300, 20, 1, None)
    assert record.root == merkle_root(tickets(entries))
    assert record.algorithm == ALGORITHM
    assert record.seed is None
    frozen_at = await town.value("SELECT frozen_at FROM round WHERE round_id = %s", town.round.id)
    assert frozen_at == town.round.closes_at


async def test_the_commitment_stands_ten_minutes_before_the_beacon_round(town: Town) -> None:
    record = await town.freeze()
    ahead = town.beacon.instant_of(record.beacon_round) - record.committed_at
    assert timedelta(minutes=10) < ahead <= timedelta(minutes=10, seconds=3)
    assert (record.beacon, record.beacon_key) == ("sandbox", town.beacon.public_key)


async def test_an_empty_list_has_the_root_of_nothing(town: Town) -> None:
    record = await town.freeze()
    assert (record.entries, record.root) == (0, merkle_root([]))


async def test_no_list_is_frozen_before_closing(town: Town) -> None:
    at = town.round.closes_at - timedelta(seconds=1)
    with pytest.raises(StillOpen):
        await service.freeze(town.db, round=town.round, at=at, beacon=town.beacon)


async def test_freezing_again_changes_nothing(town: Town) -> None:
    await town.enter(crowd(5))
    record = await town.freeze()
    later = town.round.closes_at + timedelta(minutes=3)
    again = await service.freeze(town.db, round=town.round, at=later, beacon=town.beacon)
    assert again == record


async def test_a_freeze_that_died_halfway_is_finished_by_the_next(town: Town) -> None:
    await town.enter(crowd(5))
    async with town.db.transaction() as tx:
        await queries.set_frozen(tx, town.round.id, town.round.closes_at)
    record = await town.freeze()
    assert record.entries == 5


async def write_late(tx: Transaction, town: Town, entry: Entry) -> None:
    """What an intake does whose statement began before the freeze and ends after it."""
    await tx.execute(
        "INSERT INTO preorder (person_id, round_id, ticket, chain, store_code, channel, mobile,"
        " language, submission_id, placed_at, changed_at)"
        " VALUES (%s, %s, %s, 'SE', '100001', 'computer', '', 'zh', %s, %s, %s)",
        (
            *(entry.person_id, town.round.id, entry.ticket, entry.ticket),
            *(town.round.opens_at, town.round.opens_at),
        ),
    )


async def test_who_was_writing_at_the_freeze_is_on_the_list(town: Town) -> None:
    entries, late = crowd(5), somebody()
    await town.enter(entries)
    async with town.db.transaction() as tx:
        await write_late(tx, town, late)
        freezing = asyncio.create_task(town.freeze())
        await asyncio.wait([freezing], timeout=0.3)
        assert not freezing.done()
    record = await freezing
    assert record.root == merkle_root(tickets([*entries, late]))


async def test_who_had_looked_but_not_written_is_waited_for_too(town: Town) -> None:
    late = somebody()
    async with town.db.transaction() as tx:
        await tx.execute("SELECT frozen_at FROM round")
        freezing = asyncio.create_task(town.freeze())
        await asyncio.wait([freezing], timeout=0.3)
        assert not freezing.done()
        await write_late(tx, town, late)
    assert (await freezing).entries == 1


async def test_without_waiting_the_late_writer_would_be_lost(town: Town) -> None:
    """The negative control: the freeze's steps without the wait between them."""
    late = somebody()
    async with town.db.transaction() as writing:
        await write_late(writing, town, late)
        async with town.db.transaction() as tx:
            await queries.set_frozen(tx, town.round.id, town.round.closes_at)
        async with town.db.transaction() as tx:
            frozen = await lists.frozen_list(tx, town.round.id)
    async with town.db.transaction() as tx:
        there = await lists.frozen_list(tx, town.round.id)
    assert (lists.count_in(frozen), lists.count_in(there)) == (0, 1)


async def test_patience_has_an_end(town: Town) -> None:
    async with town.db.transaction() as tx:
        await tx.execute("SELECT 1")
        with pytest.raises(StillWriting):
            await service._earlier_transactions_over(town.db, patience=0.1)


async def test_a_frozen_list_takes_neither_entries_nor_cancellations(town: Town) -> None:
    """Even when the clock says that the round is open, as after an early freeze."""
    entry = somebody()
    await town.enter([entry])
    record = await town.freeze()
    await town.clock.set(town.round.closes_at - timedelta(hours=1))

    with pytest.raises(Closed):
        await cancel_preorder(
            town.db, town.clock, person_id=entry.person_id, round_id=town.round.id
        )
    async with Intake(town.db, town.clock, town.vault) as intake:
        with pytest.raises(Closed):
            await intake.submit(await submission(town, entry.person_id))
        with pytest.raises(Closed):
            await intake.submit(await submission(town, somebody().person_id))

    async with town.db.transaction() as tx:
        frozen = await lists.frozen_list(tx, town.round.id)
    assert merkle_root(lists.tickets_in(frozen)) == record.root


async def submission(town: Town, person_id: UUID) -> Submission:
    await town.rows(
        "INSERT INTO person (person_id, birth_date, residency, id_number, name)"
        " VALUES (%s, '1983-07-15', 'national', '', '') ON CONFLICT DO NOTHING",
        person_id,
    )
    return Submission(
        person_id=person_id,
        round_id=town.round.id,
        chain=Chain.FM,
        store_code="200001",
        mobile="0987654321",
        channel=Channel.COMPUTER,
        language=Language.ZH,
        submission_id=somebody().ticket,
    )


async def test_lists_come_in_the_order_of_tickets_however_long(town: Town) -> None:
    entries = crowd(2000)
    await town.enter(entries)
    async with town.db.transaction() as tx:
        blocks = await lists.frozen_list(tx, town.round.id)
    assert list(lists.tickets_in(blocks)) == tickets(entries)
    assert lists.count_in(blocks) == 2000
    assert len(blocks) <= 256  # blocks, not rows
