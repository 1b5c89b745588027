"""Freeze, commit, draw, publish, verify.

The list's root is published before the named beacon round exists, so nobody can choose either to
suit the other; the result is a pure function of both (:mod:`emask.rules.draw`).
"""

import asyncio
import time
from datetime import datetime, timedelta
from uuid import UUID

from emask.database.pool import Database, Transaction
from emask.draw import lists, queries
from emask.draw.model import DrawPlace, DrawRecord
from emask.draw.ports import Beacon, BeaconNotReady, BeaconValue
from emask.rules.calendar import Round
from emask.rules.draw import ALGORITHM, merkle_root, order_of_draw

COMMITMENT = timedelta(minutes=10)
"""How long a commitment stands in public before the beacon round that it names."""
SHORTEST_COMMITMENT = timedelta(seconds=30)
"""Longer than it takes to build the tree of a list of eight million."""

_PATIENCE = 60.0  # seconds for earlier transactions to end
_GLANCE = 0.02  # seconds between two looks at them


class StillOpen(Exception):
    """The round takes pre-orders; its list is frozen at closing."""


class StillWriting(Exception):
    """A transaction that began before the freeze does not end; freeze again."""


class NotFrozen(LookupError):
    """The round's list is not frozen, so nothing can be drawn from it."""


class NotDrawn(LookupError):
    """The round's draw has no result yet."""


class AlreadyDrawn(Exception):
    """A draw is run once; a second run needs a published reason."""


class AlreadyPublished(Exception):
    """People have been told their result; it stands."""


class ListChanged(Exception):
    """The list is not the one that was frozen; it must not be drawn from."""


class BeaconNotTrusted(Exception):
    """Not the beacon, or not the value, that the commitment names."""


def commitment_of(round: Round) -> timedelta:
    """How long the round's commitment stands: less where the result is due soon after closing."""
    halfway = (round.pay_from - round.closes_at) / 2
    return max(SHORTEST_COMMITMENT, min(COMMITMENT, halfway))


async def freeze(db: Database, *, round: Round, at: datetime, beacon: Beacon) -> DrawRecord:
    """Freeze a closed round's list and commit to it; doing it again changes nothing.

    The caller must hold no transaction open: all that began before the freeze are waited for.

    Raises:
        StillOpen: the round has not closed.
        StillWriting: an earlier transaction does not end; nothing is lost, freeze again.
    """
    if at < round.closes_at:
        raise StillOpen(round.id)
    async with db.transaction() as tx:
        await queries.set_frozen(tx, round.id, at)
        record = await queries.latest_run(tx, round.id)
    if record is not None:
        return record
    await _earlier_transactions_over(db)
    async with db.transaction() as tx:
        blocks = await lists.frozen_list(tx, round.id)
    root = await asyncio.to_thread(merkle_root, lists.tickets_in(blocks))
    commitment = DrawRecord(
        round_id=round.id,
        run=1,
        reason=None,
        algorithm=ALGORITHM,
        entries=lists.count_in(blocks),
        quota=round.quota,
        root=root,
        beacon=beacon.name,
        beacon_key=beacon.public_key,
        beacon_round=beacon.round_after(at + commitment_of(round)),
        committed_at=at,
    )
    async with db.transaction() as tx:
        await queries.insert_run(tx, commitment)
        return await _latest(tx, round.id)


async def run_draw(db: Database, *, round: Round, at: datetime, beacon: Beacon) -> DrawRecord:
    """Draw by the value of the named beacon round.

    The value is written before the result is built, so a draw that was broken off ends with the
    same result when it is run again.

    Raises:
        NotFrozen: nothing was committed to.
        AlreadyDrawn: the result is there.
        BeaconNotReady: the named beacon round lies ahead.
        BeaconNotTrusted: another beacon, or a value that does not verify.
        ListChanged: the list has lost or gained entries.
    """
    async with db.transaction() as tx:
        record = await _latest(tx, round.id)
    if record.result_root is not None:
        raise AlreadyDrawn(round.id)
    if record.seed is None:
        value = await _value_named_by(record, beacon, at)
        async with db.transaction() as tx:
            await queries.write_seed(
                tx, record, seed=value.randomness, signature=value.signature, at=at
            )
    return await _build_result(db, record)


async def draw_again(
    db: Database, *, round: Round, at: datetime, beacon: Beacon, reason: str
) -> DrawRecord:
    """Commit the same list to a second run, for a reason that is published with it.

    Raises:
        NotDrawn: the run before is not complete.
        AlreadyPublished: its result is public and stands.
        ValueError: no reason.
    """
    if not reason.strip():
        raise ValueError("reason: a second run needs one")
    async with db.transaction() as tx:
        before = await _latest(tx, round.id)
        if before.result_root is None:
            raise NotDrawn(round.id)
        if before.published_at is not None:
            raise AlreadyPublished(round.id)
        commitment = DrawRecord(
            round_id=round.id,
            run=before.run + 1,
            reason=reason.strip(),
            algorithm=before.algorithm,
            entries=before.entries,
            quota=before.quota,
            root=before.root,
            beacon=beacon.name,
            beacon_key=beacon.public_key,
            beacon_round=beacon.round_after(at + COMMITMENT),
            committed_at=at,
        )
        await queries.insert_run(tx, commitment)
        return await _latest(tx, round.id)


async def publish(tx: Transaction, *, round_id: str, at: datetime) -> None:
    """Let everybody see the result; doing it again changes nothing. Raises NotDrawn."""
    record = await queries.latest_run(tx, round_id)
    if record is None or record.result_root is None:
        raise NotDrawn(round_id)
    await queries.set_published(tx, record, at)


async def record_of(tx: Transaction, round_id: str) -> DrawRecord | None:
    """The run that counts, or None before the round is frozen."""
    return await queries.latest_run(tx, round_id)


async def runs_of(tx: Transaction, round_id: str) -> list[DrawRecord]:
    """Every run of a round's draw; a second one says why."""
    return await queries.runs(tx, round_id)


async def place_of(tx: Transaction, *, round_id: str, person_id: UUID) -> DrawPlace | None:
    """A person's place; None before publication and for who is not on the list."""
    return await queries.place(tx, round_id, person_id)


async def verify(db: Database, round_id: str, beacon: Beacon) -> list[str]:
    """Recompute a stored draw from its list by the rules; what does not agree, in words.

    Raises:
        NotFrozen, NotDrawn: there is nothing to verify.
    """
    async with db.transaction() as tx:
        record = await _latest(tx, round_id)
        if record.seed is None or record.signature is None or record.result_root is None:
            raise NotDrawn(round_id)
        frozen = await lists.frozen_list(tx, round_id)
        drawn = await lists.drawn_list(tx, round_id=round_id, last=record.entries)
        misplaced = await queries.misplaced(tx, round_id)
        wrongly_selected = await queries.wrongly_selected(tx, record)
    tickets = list(lists.tickets_in(frozen))
    stored = list(lists.tickets_in(drawn))
    root = await asyncio.to_thread(merkle_root, tickets)
    order = await asyncio.to_thread(order_of_draw, tickets, record.seed, record.root)
    value = BeaconValue(
        round=record.beacon_round, randomness=record.seed, signature=record.signature
    )
    selected = min(record.quota, record.entries)
    checks = {
        "the beacon is not the one committed to": _is_committed(record, beacon),
        "the beacon's value does not verify": await asyncio.to_thread(beacon.verify, value),
        "the list has another number of entries": len(tickets) == record.entries,
        "the list has another root": root == record.root,
        "the ranks are not those of the rules": stored == order,
        "the number of selected is wrong": record.selected == selected,
        "the selected have another root": merkle_root(stored[:selected]) == record.result_root,
        f"results that are not those of the own ticket: {misplaced}": misplaced == 0,
        f"results that disagree with the quota: {wrongly_selected}": wrongly_selected == 0,
    }
    return [problem for problem, agrees in checks.items() if not agrees]


async def _build_result(db: Database, record: DrawRecord) -> DrawRecord:
    async with db.transaction() as tx:
        record = await queries.lock_run(tx, record)
        if record.result_root is not None:
            raise AlreadyDrawn(record.round_id)
        if await queries.create_results(tx, record) != record.entries:
            raise ListChanged(record.round_id)
        selected = min(record.quota, record.entries)
        blocks = await lists.drawn_list(
            tx, round_id=record.round_id, last=selected, results=queries.results_table(record)
        )
        # One core hashes while the database's builds the key.
        rooting = asyncio.create_task(asyncio.to_thread(merkle_root, lists.tickets_in(blocks)))
        try:
            await queries.key_results(tx, record)
        finally:
            result_root = await rooting
        for earlier in (await queries.runs(tx, record.round_id))[-2:-1]:
            await queries.detach_results(tx, earlier)
        await queries.attach_results(tx, record)
        await queries.write_result(tx, record, selected=selected, result_root=result_root)
        return await _latest(tx, record.round_id)


async def _value_named_by(record: DrawRecord, beacon: Beacon, at: datetime) -> BeaconValue:
    if not _is_committed(record, beacon):
        raise BeaconNotTrusted("another beacon than the one committed to")
    if at < beacon.instant_of(record.beacon_round):
        raise BeaconNotReady(f"beacon round {record.beacon_round} lies ahead")
    value = await beacon.value_of(record.beacon_round)
    named = value.round == record.beacon_round
    if not (named and await asyncio.to_thread(beacon.verify, value)):
        raise BeaconNotTrusted("the beacon's value does not verify")
    return value


def _is_committed(record: DrawRecord, beacon: Beacon) -> bool:
    return (beacon.name, beacon.public_key) == (record.beacon, record.beacon_key)


async def _latest(tx: Transaction, round_id: str) -> DrawRecord:
    record = await queries.latest_run(tx, round_id)
    if record is None:
        raise NotFrozen(round_id)
    return record


async def _earlier_transactions_over(db: Database, *, patience: float = _PATIENCE) -> None:
    """Wait until whoever may not have seen the freeze has committed or given up.

    Waiting for transactions, not for locks: one that has looked at the round but not yet written
    holds no lock that would show.
    """
    patience_ends = time.monotonic() + patience
    async with db.connection() as connection:
        frozen = await queries.database_time(connection)
        while await queries.transactions_before(connection, frozen):
            if time.monotonic() > patience_ends:
                raise StillWriting
            await asyncio.sleep(_GLANCE)
