"""What falls due in a round, in its order: closing, draw, notices, lapses, packing, collection.

Each step is carried out once and noted in ``round_step``. A step that is one transaction notes
itself in it; freezing and drawing take several and are safe to begin again.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from emask.database.pool import Transaction
from emask.delivery import packing
from emask.delivery.forfeits import forfeit_uncollected
from emask.draw import service as draw
from emask.draw.ports import Beacon
from emask.notices import service as notices
from emask.payment import service as payment
from emask.payment import sweep
from emask.programme import queries
from emask.programme.system import System
from emask.rounds.stores import tell_of_closed_stores
from emask.rules.calendar import Round
from emask.rules.calendar import at as taipei

Figures = dict[str, int]

_SHIPPING_HOUR = 8
_NOTICE_HOUR = 8
_LAST_WORD = timedelta(hours=1)
"""So long before the release gateways are asked for the last time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that falls due: when, and how it is carried out."""

    name: str
    due: Callable[[Round, Beacon], datetime]
    run: Callable[[System, Round, datetime], Awaitable[None]]


def _in_one_transaction(
    name: str, act: Callable[[Transaction, Round, datetime], Awaitable[Mapping[str, int]]]
) -> Callable[[System, Round, datetime], Awaitable[None]]:
    async def run(system: System, round: Round, at: datetime) -> None:
        async def once(tx: Transaction) -> None:
            # The row comes first: another process that carries out the same step waits for it.
            if await queries.begin_step(tx, round_id=round.id, step=name, at=at):
                figures = await act(tx, round, at)
                await queries.note_figures(tx, round_id=round.id, step=name, figures=figures)

        # A step takes a round's rows as they lie, a family's payment takes its own by person.
        await system.db.retrying(once)

    return run


async def _close(system: System, round: Round, at: datetime) -> None:
    record = await draw.freeze(system.db, round=round, at=at, beacon=system.partners.beacon)
    await _note(system, round, "close", at, {"entries": record.entries})


async def _draw(system: System, round: Round, at: datetime) -> None:
    with suppress(draw.AlreadyDrawn):  # by somebody who ended before noting it
        await draw.run_draw(system.db, round=round, at=at, beacon=system.partners.beacon)
    await _note(system, round, "draw", at, {})


async def _note(system: System, round: Round, name: str, at: datetime, figures: Figures) -> None:
    async with system.db.transaction() as tx:
        if await queries.begin_step(tx, round_id=round.id, step=name, at=at):
            await queries.note_figures(tx, round_id=round.id, step=name, figures=figures)


async def _publish(system: System, round: Round, at: datetime) -> None:
    with suppress(draw.AlreadyDrawn):  # unless somebody has committed to a second run
        await draw.run_draw(system.db, round=round, at=at, beacon=system.partners.beacon)
    await _publish_and_tell(system, round, at)


async def _tell_result(tx: Transaction, round: Round, at: datetime) -> Figures:
    await draw.publish(tx, round_id=round.id, at=at)
    orders = await payment.open_orders(tx, round=round, at=at)
    await tell_of_closed_stores(tx)
    await notices.notify_draw(tx, round=round, at=at)
    return {"orders": orders}


_publish_and_tell = _in_one_transaction("publish", _tell_result)


async def _remind(tx: Transaction, round: Round, at: datetime) -> Figures:
    await notices.notify_unpaid(tx, round=round, at=at)
    return {}


async def _ask_gateways(system: System, round: Round, at: datetime) -> None:
    """Ask about every trade that is open, while what they tell still counts."""
    gateways, sums = system.partners.gateways, Counter[str]()
    while await system.clock.now() < round.release_at:
        swept = await sweep.sweep(system.db, system.clock, gateways, round=round)
        sums.update(asked=swept.asked, told=swept.told)
        if swept.answered == 0:  # nothing is left to ask, or nobody answers
            break
    await _note(system, round, "ask_gateways", at, dict(sums))


async def _lapse(tx: Transaction, round: Round, at: datetime) -> Figures:
    """What is unpaid lapses, also where a gateway could not be asked; how often is kept."""
    unanswered = await sweep.unanswered(tx, round=round)
    lapsed = await payment.lapse_unpaid(tx, round=round, at=at)
    return {"lapsed": lapsed, "unanswered": unanswered}


async def _pack(tx: Transaction, round: Round, at: datetime) -> Figures:
    packed = await packing.pack(tx, round=round, at=at)
    return {str(chain): packs for chain, packs in packed.items()}


async def _ship(tx: Transaction, round: Round, at: datetime) -> Figures:
    await packing.ship(tx, round=round, at=at)
    return {}


async def _arrive(system: System, round: Round, at: datetime) -> None:
    """By the calendar, where no chain tells parcel by parcel."""
    if system.partners.carrier is None:
        await _arrive_and_tell(system, round, at)
    else:
        await _note(system, round, "arrive", at, {})


async def _all_arrive(tx: Transaction, round: Round, at: datetime) -> Figures:
    arrived = await packing.arrive(tx, round=round, at=at)
    await notices.notify_arrival(tx, round=round, at=at)
    await notices.notify_delays(tx, round=round, at=at)
    return {"arrived": arrived}


_arrive_and_tell = _in_one_transaction("arrive", _all_arrive)


async def _last_day(tx: Transaction, round: Round, at: datetime) -> Figures:
    await notices.notify_last_day(tx, round=round, at=at)
    return {}


async def _forfeit(tx: Transaction, round: Round, at: datetime) -> Figures:
    forfeited = await forfeit_uncollected(tx, round=round, at=at)
    await notices.notify_forfeits(tx, round=round, at=at)
    return {"forfeited": forfeited}


async def _end_recollection(system: System, round: Round, at: datetime) -> None:
    async with system.db.transaction() as tx:
        await forfeit_uncollected(tx, round=round, at=at)
        await notices.notify_forfeits(tx, round=round, at=at)  # whose pack had come late, too


def _drawn_at(round: Round, beacon: Beacon) -> datetime:
    return beacon.instant_of(beacon.round_after(round.closes_at + draw.commitment_of(round)))


def _published_at(round: Round, beacon: Beacon) -> datetime:
    return max(round.pay_from, _drawn_at(round, beacon))


def _reminded_at(round: Round, beacon: Beacon) -> datetime:
    return max(round.pay_until - timedelta(days=1), _published_at(round, beacon))


def _asked_at(round: Round, _: Beacon) -> datetime:
    return max(sweep.last_from(round), round.release_at - _LAST_WORD)


def _shipped_at(round: Round, _: Beacon) -> datetime:
    return max(taipei(round.pickup_from - timedelta(days=1), _SHIPPING_HOUR), round.release_at)


STEPS: tuple[Step, ...] = (
    Step(name="close", due=lambda round, _: round.closes_at, run=_close),
    Step(name="draw", due=_drawn_at, run=_draw),
    Step(name="publish", due=_published_at, run=_publish),
    Step(name="remind", due=_reminded_at, run=_in_one_transaction("remind", _remind)),
    Step(name="ask_gateways", due=_asked_at, run=_ask_gateways),
    Step(
        name="lapse",
        due=lambda round, _: round.release_at,
        run=_in_one_transaction("lapse", _lapse),
    ),
    Step(
        name="pack", due=lambda round, _: round.release_at, run=_in_one_transaction("pack", _pack)
    ),
    Step(name="ship", due=_shipped_at, run=_in_one_transaction("ship", _ship)),
    Step(
        name="arrive",
        due=lambda round, _: round.pickup_opens_at,
        run=_arrive,
    ),
    Step(
        name="last_day",
        due=lambda round, _: taipei(round.pickup_until, _NOTICE_HOUR),
        run=_in_one_transaction("last_day", _last_day),
    ),
    Step(
        name="forfeit",
        due=lambda round, _: round.pickup_ends_at,
        run=_in_one_transaction("forfeit", _forfeit),
    ),
)
"""In the order in which they are carried out; a step never runs before the one above it."""

END_RECOLLECTION = Step(
    name="end_recollection",
    due=lambda round, _: round.pickup_ends_at,
    run=_end_recollection,
)
"""What an operator opened again was not collected either; due after each last day so allowed."""
