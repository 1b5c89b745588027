"""Drawing: the order is that of the rules, it is run once, and it ends well however it began."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import count
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from draw.town import Entry, Town, crowd, somebody
from emask.draw import queries, service
from emask.draw.model import DrawRecord
from emask.draw.ports import BeaconNotReady, BeaconValue
from emask.draw.service import (
    AlreadyDrawn,
    AlreadyPublished,
    BeaconNotTrusted,
    ListChanged,
    NotDrawn,
    NotFrozen,
)
from emask.rounds.service import save_round
from emask.rules.draw import merkle_root, order_of_draw
from emask.sandbox.beacon import SandboxBeacon

_examples = count(1)


def by_the_rules(entries: list[Entry], record: DrawRecord) -> list[tuple[bytes, bool]]:
    assert record.seed is not None
    order = order_of_draw([each.ticket.bytes for each in entries], record.seed, record.root)
    return [(ticket, rank <= record.quota) for rank, ticket in enumerate(order, 1)]


@pytest.mark.parametrize("number", [0, 1, 19, 20, 21, 500])
async def test_the_database_draws_as_the_rules_do(town: Town, number: int) -> None:
    entries = crowd(number)
    await town.enter([*entries, somebody(state="cancelled")])
    record = await town.draw()
    results = await town.results()
    assert results == by_the_rules(entries, record)
    assert record.selected == min(number, 20)
    assert record.result_root == merkle_root(ticket for ticket, selected in results if selected)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    tickets=st.lists(st.uuids(), unique=True, max_size=40),
    quota=st.integers(1, 45),
)
async def test_any_list_and_quota(town: Town, tickets: list[UUID], quota: int) -> None:
    """Each example is a round of its own: pick-ups must not overlap, so the one before goes."""
    round_id = f"any-{next(_examples)}"
    await town.rows("DELETE FROM draw")
    await town.rows("DELETE FROM round")
    example = replace(town, round=replace(town.round, id=round_id, quota=quota))
    await example.build()
    entries = [replace(somebody(), ticket=ticket) for ticket in tickets]
    await example.enter(entries)
    record = await example.draw()
    assert await example.results() == by_the_rules(entries, record)


async def test_everybody_sees_the_own_place_once_it_is_published(town: Town) -> None:
    entries = crowd(30)
    await town.enter(entries)
    record = await town.draw()
    place = {ticket: rank for rank, (ticket, _) in enumerate(by_the_rules(entries, record), 1)}

    async with town.db.transaction() as tx:
        unseen = await service.place_of(tx, round_id=town.round.id, person_id=entries[0].person_id)
    assert unseen is None

    await town.publish()
    async with town.db.transaction() as tx:
        for entry in entries:
            seen = await service.place_of(tx, round_id=town.round.id, person_id=entry.person_id)
            assert seen is not None
            rank = place[entry.ticket.bytes]
            assert (seen.rank, seen.selected) == (rank, rank <= 20)
            assert (seen.entries, seen.quota) == (30, 20)
        stranger = somebody().person_id
        assert await service.place_of(tx, round_id=town.round.id, person_id=stranger) is None


async def test_publishing_twice_keeps_the_first_time(town: Town) -> None:
    await town.draw()
    await town.publish()
    async with town.db.transaction() as tx:
        await service.publish(tx, round_id=town.round.id, at=town.round.pay_until)
        record = await service.record_of(tx, town.round.id)
    assert record is not None
    assert record.published_at == town.round.pay_from


async def test_nothing_is_drawn_or_published_out_of_turn(town: Town) -> None:
    at = town.round.pay_from
    with pytest.raises(NotFrozen):
        await service.run_draw(town.db, round=town.round, at=at, beacon=town.beacon)
    with pytest.raises(NotFrozen):
        await service.verify(town.db, town.round.id, town.beacon)
    await town.freeze()
    with pytest.raises(NotDrawn):
        await service.verify(town.db, town.round.id, town.beacon)
    with pytest.raises(NotDrawn):
        await town.publish()


async def test_nothing_is_drawn_before_the_named_beacon_round(town: Town) -> None:
    record = await town.freeze()
    early = town.beacon.instant_of(record.beacon_round) - timedelta(microseconds=1)
    with pytest.raises(BeaconNotReady):
        await service.run_draw(town.db, round=town.round, at=early, beacon=town.beacon)


class ForgedBeacon(SandboxBeacon):
    """Gives away a value that its organiser would rather have."""

    async def value_of(self, round: int) -> BeaconValue:
        return replace(await super().value_of(round), randomness=bytes(32))


class StaleBeacon(SandboxBeacon):
    """Gives away the value of the round before."""

    async def value_of(self, round: int) -> BeaconValue:
        return await super().value_of(round - 1)


@pytest.mark.parametrize(
    ("kind", "secret"),
    [
        (ForgedBeacon, b"a secret of the tests, 32 bytes."),
        (StaleBeacon, b"a secret of the tests, 32 bytes."),
        (SandboxBeacon, b"another secret of somebody else."),
    ],
)
async def test_a_value_that_was_not_committed_to_is_refused(
    town: Town, kind: type[SandboxBeacon], secret: bytes
) -> None:
    record = await town.freeze()
    at = town.beacon.instant_of(record.beacon_round)
    await town.clock.set(at)
    with pytest.raises(BeaconNotTrusted):
        await service.run_draw(
            town.db, round=town.round, at=at, beacon=kind(town.clock, secret=secret)
        )
    async with town.db.transaction() as tx:
        assert await service.record_of(tx, town.round.id) == record


async def test_a_draw_is_run_once(town: Town) -> None:
    await town.enter(crowd(30))
    record = await town.draw()
    results = await town.results()
    with pytest.raises(AlreadyDrawn):
        await town.run_draw(record)
    assert await town.results() == results


async def test_of_two_at_once_one_draws(town: Town) -> None:
    entries = crowd(200)
    await town.enter(entries)
    record = await town.freeze()
    outcomes = await asyncio.gather(
        town.run_draw(record), town.run_draw(record), return_exceptions=True
    )
    drawn = [each for each in outcomes if isinstance(each, DrawRecord)]
    assert len(drawn) == 1
    assert sum(isinstance(each, AlreadyDrawn) for each in outcomes) == 1
    assert await town.results() == by_the_rules(entries, drawn[0])


async def die_while_building(town: Town, record: DrawRecord) -> None:
    async with town.db.transaction() as tx:
        await queries.create_results(tx, record)
        raise ConnectionError


async def test_a_draw_that_was_broken_off_ends_as_it_would_have(town: Town) -> None:
    """The value is stored, the table half made, the process dies; the next one finishes."""
    entries = crowd(100)
    await town.enter(entries)
    record = await town.freeze()
    at = town.beacon.instant_of(record.beacon_round)
    await town.clock.set(at)
    value = await town.beacon.value_of(record.beacon_round)
    async with town.db.transaction() as tx:
        await queries.write_seed(
            tx, record, seed=value.randomness, signature=value.signature, at=at
        )
    with pytest.raises(ConnectionError):
        await die_while_building(town, replace(record, seed=value.randomness))

    later = at + timedelta(hours=1)
    finished = await service.run_draw(
        town.db, round=town.round, at=later, beacon=StaleBeacon(town.clock, secret=bytes(32))
    )

    assert finished.seed == value.randomness
    assert finished.drawn_at == at
    assert await town.results() == by_the_rules(entries, finished)
    assert await service.verify(town.db, town.round.id, town.beacon) == []


async def test_a_list_that_lost_an_entry_is_not_drawn_from(town: Town) -> None:
    entries = crowd(10)
    await town.enter(entries)
    record = await town.freeze()
    await town.rows("DELETE FROM preorder WHERE person_id = %s", entries[3].person_id)
    with pytest.raises(ListChanged):
        await town.run_draw(record)


async def test_a_second_run_takes_the_same_list_and_a_published_reason(town: Town) -> None:
    entries = crowd(50)
    await town.enter(entries)
    first = await town.draw()
    at = town.beacon.instant_of(first.beacon_round) + timedelta(hours=1)
    with pytest.raises(ValueError, match="reason"):
        await service.draw_again(town.db, round=town.round, at=at, beacon=town.beacon, reason="  ")

    again = await service.draw_again(
        town.db, round=town.round, at=at, beacon=town.beacon, reason="信標公布的數值有誤"
    )
    assert (again.run, again.root, again.seed) == (2, first.root, None)
    with pytest.raises(NotDrawn):
        await town.publish()
    second = await town.run_draw(again)

    assert await town.results() == by_the_rules(entries, second)
    assert second.seed != first.seed
    assert await service.verify(town.db, town.round.id, town.beacon) == []
    async with town.db.transaction() as tx:
        runs = await service.runs_of(tx, town.round.id)
    assert [(run.run, run.reason) for run in runs] == [(1, None), (2, "信標公布的數值有誤")]


async def test_a_third_run_replaces_the_second(town: Town) -> None:
    await town.enter(crowd(5))
    record = await town.draw()
    for _ in range(2):
        assert record.drawn_at is not None
        at = record.drawn_at + timedelta(hours=1)
        commitment = await service.draw_again(
            town.db, round=town.round, at=at, beacon=town.beacon, reason="again"
        )
        record = await town.run_draw(commitment)
    assert record.run == 3
    assert len(await town.results()) == 5


async def test_what_people_were_told_is_not_drawn_again(town: Town) -> None:
    await town.freeze()
    at = town.round.pay_from
    with pytest.raises(NotDrawn):
        await service.draw_again(
            town.db, round=town.round, at=at, beacon=town.beacon, reason="why not"
        )
    async with town.db.transaction() as tx:
        record = await service.record_of(tx, town.round.id)
    assert record is not None
    await town.run_draw(record)
    await town.publish()
    with pytest.raises(AlreadyPublished):
        await service.draw_again(
            town.db, round=town.round, at=at, beacon=town.beacon, reason="why not"
        )


async def test_two_rounds_are_drawn_side_by_side(town: Town) -> None:
    following = replace(
        town.round,
        id="2020-x",
        quota=3,
        pickup_from=town.round.pickup_until + timedelta(days=1),
        pickup_until=town.round.pickup_until + timedelta(days=7),
    )
    other = replace(town, round=following)
    async with town.db.transaction() as tx:
        await save_round(tx, following)
    ours, theirs = crowd(30), [somebody() for _ in range(10)]
    await town.enter(ours)
    await other.enter(theirs)
    first, second = await town.draw(), await other.draw()
    assert await town.results() == by_the_rules(ours, first)
    assert await other.results() == by_the_rules(theirs, second)
