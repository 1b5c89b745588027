"""Carrying out what falls due, in its order, and moving a set clock through it."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

from emask.database.clock import SetClock
from emask.database.pool import Transaction
from emask.delivery.forfeits import next_recollection_end
from emask.draw.ports import BeaconNotReady
from emask.notices.service import Progress, alone, ask_for_receipts, drain, unwatched
from emask.programme import queries
from emask.programme.parcels import catch_up
from emask.programme.steps import END_RECOLLECTION, STEPS, Step
from emask.programme.system import System
from emask.rounds.service import all_rounds
from emask.rules.calendar import Round
from emask.rules.calendar import at as taipei


class NotDueYet(Exception):
    """The step's instant has not come."""

    def __init__(self, due: datetime) -> None:
        super().__init__(f"due at {due.isoformat()}")
        self.due = due


class ClockNotSettable(Exception):
    """The system lives by the machine's clock, which nobody moves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDone:
    """A step that was carried out, and the instant at which it had fallen due."""

    round_id: str
    step: str
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    at: datetime
    round: Round
    step: Step


async def run_due(system: System, until: datetime) -> list[StepDone]:
    """Carry out everything that is due up to and including ``until``, which is now; tidy up.

    A draw whose beacon value is not there yet, and what comes after it, waits for the next call.
    """
    done: list[StepDone] = []
    waiting: set[str] = set()
    while due := await _next_due(system, until, waiting):
        try:
            await due.step.run(system, due.round, until)
        except BeaconNotReady:
            waiting.add(due.round.id)
        else:
            done.append(_done(due))
    await system.tidying.at_most_hourly(system.db, until)
    return done


async def carry_out_until(system: System, *, round: Round, step: str, at: datetime) -> list[str]:
    """Carry out one round's steps up to and including ``step``; the names of those done now.

    Raises:
        NotDueYet: one of them is not due; those before it are done.
        BeaconNotReady: the draw waits for its beacon value.
        KeyError: there is no such step.
    """
    names = [each.name for each in STEPS]
    if step not in names:
        raise KeyError(step)
    async with system.db.transaction() as tx:
        before = (await queries.steps_done(tx)).get(round.id, frozenset())
    done: list[str] = []
    for each in STEPS[: names.index(step) + 1]:
        if each.name in before:
            continue
        due = each.due(round, system.partners.beacon)
        if at < due:
            raise NotDueYet(due)
        await each.run(system, round, at)
        done.append(each.name)
    return done


async def send_notices(system: System, *, most: float = inf, progress: Progress = unwatched) -> int:
    """Send every notice that may go out now, and ask for receipts that are overdue; how many went.

    None if another process is sending. Millions take hours at the pace that providers allow:
    whoever calls this again and again has up to about `most` sent each time.
    """
    sender = system.partners.sms
    async with alone(system.db) as mine:
        if not mine:
            return 0
        sent = await drain(
            system.db, system.clock, system.vault, sender, most=most, progress=progress
        )
        await ask_for_receipts(system.db, system.clock, sender)
    return sent


async def advance_to(
    system: System,
    instant: datetime,
    *,
    send: Callable[[System], Awaitable[object]] = send_notices,
) -> list[StepDone]:
    """Move the set clock to ``instant``, carrying out what is due on the way.

    While a step runs the clock stands where the step is due, parcels are where they are by then,
    and its notices go out before the next one. A round whose beacon value is not there by then
    goes on at ``instant``.

    Args:
        system: must live by a set clock.
        instant: where the clock stands in the end.
        send: sends what notices are due.

    Raises:
        ClockNotSettable: the system lives by the machine's clock.
    """
    clock = system.clock
    if not isinstance(clock, SetClock):
        raise ClockNotSettable
    done: list[StepDone] = []
    waiting: set[str] = set()
    while due := await _next_due(system, instant, waiting):
        await _move(system, clock, due.at)
        try:
            await due.step.run(system, due.round, due.at)
        except BeaconNotReady:
            waiting.add(due.round.id)
            continue
        await catch_up(system)
        await send(system)
        done.append(_done(due))
    await _move(system, clock, instant)
    if waiting:  # of a list that was frozen late, or drawn again
        done += await run_due(system, instant)
    await send(system)
    return done


async def _move(system: System, clock: SetClock, instant: datetime) -> None:
    await clock.set(instant)
    await catch_up(system)


async def _next_due(system: System, until: datetime, without: Iterable[str]) -> _Due | None:
    """The step that fell due first and is not done; of two at once the earlier round's."""
    async with system.db.transaction() as tx:
        rounds = await all_rounds(tx)
        done = await queries.steps_done(tx)
        recollection = await _recollection_over(tx, rounds)
    next_steps = [
        recollection,
        *(
            _first_open(round, done.get(round.id, frozenset()), system)
            for round in rounds
            if round.id not in without
        ),
    ]
    due = [step for step in next_steps if step is not None and step.at <= until]
    return min(due, key=lambda each: each.at, default=None)


def _first_open(round: Round, done: frozenset[str], system: System) -> _Due | None:
    for step in STEPS:
        if step.name not in done:
            return _Due(at=step.due(round, system.partners.beacon), round=round, step=step)
    return None


async def _recollection_over(tx: Transaction, rounds: Iterable[Round]) -> _Due | None:
    """When the first unused re-collection ends, which is no date of a round."""
    ends = await next_recollection_end(tx)
    if ends is None:
        return None
    round_id, last_day = ends
    round = next(each for each in rounds if each.id == round_id)
    return _Due(at=taipei(last_day + timedelta(days=1)), round=round, step=END_RECOLLECTION)


def _done(due: _Due) -> StepDone:
    return StepDone(round_id=due.round.id, step=due.step.name, due=due.at)
