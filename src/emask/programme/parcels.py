"""The chores of parcels: what has left goes to the chains, and what they tell has its effect."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from emask.database.pool import Transaction
from emask.delivery import consignments
from emask.delivery.consignment_book import ConsignmentBook
from emask.delivery.creating import create_due
from emask.delivery.pace import Beat, Pace
from emask.delivery.ports import Carrier
from emask.delivery.returns import take_back_told
from emask.notices.service import notify_arrived
from emask.programme.system import System
from emask.rounds.service import all_rounds, load_round

_LOG: Final = logging.getLogger(__name__)
_SHIPMENTS: Final = timedelta(minutes=1)
"""Between two looks through all parcels for those that have left."""
_CREATED: Final = 500  # parcels in one turn
_SETTLED: Final = 2_000  # parcels in one transaction
_ASKED: Final = 50  # parcels in one turn
_AT_A_JUMP: Final = 2_000  # parcels that are asked about when the clock was moved
_PATIENCE: Final = 30  # seconds for that
_UNPACED: Final = Pace(per_second=1_000, least=1, most=1_000, at_once=8)
_AFTER_THE_LAST_DAY: Final = timedelta(days=60)  # re-collections may be sent


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelChores:
    """What came of the chores, in parcels; `failed` are chores, which are tried again."""

    consigned: int = 0
    redirected: int = 0
    created: int = 0
    asked_news: int = 0
    settled: int = 0
    failed: int = 0


async def look_after_parcels(system: System) -> ParcelChores:
    """Do every chore once; one that fails stops none of the others. None without a carrier."""
    carrier = system.partners.carrier
    if carrier is None:
        return ParcelChores()
    done: dict[str, int] = {}
    for name, chore in (
        ("consigned", partial(_consign, system)),
        ("redirected", partial(_redirect, system, carrier)),
        ("created", partial(_create, system, carrier)),
        ("asked_news", partial(_ask, system, carrier)),
        ("settled", partial(settle_all, system)),
    ):
        done[name] = await _kept_apart(name, chore)
    failed = sum(number < 0 for number in done.values())
    figures = {name: max(number, 0) for name, number in done.items()}
    return ParcelChores(failed=failed, **figures)


async def catch_up(system: System) -> None:
    """After the clock was moved, let parcels be where they are by now. Nothing without a carrier.

    Chains tell in their own time, not that of a clock that jumps, so they are asked; whoever lives
    by such a clock has made-up ones, which need no pace. What does not answer comes later.
    """
    carrier = system.partners.carrier
    if carrier is None:
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            for name, chore in (
                ("consigned", partial(_consign_now, system)),
                ("redirected", partial(_redirect, system, carrier)),
                ("created", partial(_create_all, system, carrier)),
                ("asked_news", partial(_ask_all, system, carrier)),
                ("settled", partial(settle_all, system)),
            ):
                await _kept_apart(name, chore)


async def _kept_apart(name: str, chore: Callable[[], Awaitable[int]]) -> int:
    """What came of a chore; below zero if it failed."""
    try:
        return await chore()
    except Exception as error:  # noqa: BLE001 - no chore may stop the others
        _LOG.warning("parcels, %s: %s", name, type(error).__name__)
        return -1


async def _consign(system: System) -> int:
    now, pace = await system.clock.now(), system.parcel_pace
    if pace.consigned_at is not None and timedelta() <= now - pace.consigned_at < _SHIPMENTS:
        return 0
    pace.consigned_at = now
    return await consign_all(system, now)


async def _consign_now(system: System) -> int:
    return await consign_all(system, await system.clock.now())


async def consign_all(system: System, now: datetime) -> int:
    """Make consignments of all that has left its centre, round by round; how many are new."""
    async with system.db.transaction() as tx:
        rounds = [
            each
            for each in await all_rounds(tx)
            if each.release_at <= now < each.pickup_ends_at + _AFTER_THE_LAST_DAY
        ]
    consigned = 0
    for round in rounds:
        async with system.db.transaction() as tx:
            consigned += await consignments.consign(tx, round=round, at=now)
    return consigned


async def _redirect(system: System, carrier: Carrier) -> int:
    return await consignments.redirect(system.db, system.clock, system.vault, carrier, most=_ASKED)


def _book(system: System, carrier: Carrier) -> ConsignmentBook:
    told = system.site.address(consignments.told_path(carrier.name))
    return ConsignmentBook(system.db, system.vault, told=told)


async def _create_all(system: System, carrier: Carrier) -> int:
    book, beat, created = _book(system, carrier), Beat(), 0
    while True:
        turn = await create_due(
            book, carrier, system.clock, pace=_UNPACED, beat=beat, most=_CREATED
        )
        created += turn.created
        if not turn.created + turn.refused:
            return created


async def _create(system: System, carrier: Carrier) -> int:
    kept = system.parcel_pace
    turn = await create_due(
        _book(system, carrier),
        carrier,
        system.clock,
        pace=kept.pace,
        beat=kept.beat,
        most=_CREATED,
    )
    kept.pace = turn.pace
    if turn.refused:
        _LOG.warning("parcels: %s refused by their chains", turn.refused)
    return turn.created


async def _ask(system: System, carrier: Carrier) -> int:
    return await consignments.ask_silent(system.db, system.clock, carrier, most=_ASKED)


async def _ask_all(system: System, carrier: Carrier) -> int:
    return await consignments.ask_silent(
        system.db, system.clock, carrier, most=_AT_A_JUMP, quiet=timedelta()
    )


async def settle_all(system: System) -> int:
    """Draw the consequences of everything that chains told; of how many parcels."""
    parcels = 0
    while settled := await system.db.retrying(partial(_settle_some, system)):
        parcels += settled
    await system.db.retrying(partial(_take_back, system))
    return parcels


async def _take_back(system: System, tx: Transaction) -> int:
    """Bags that are on their way back go into their centres' stock."""
    return await take_back_told(tx, at=await system.clock.now())


async def _settle_some(system: System, tx: Transaction) -> int:
    """Orders arrive, and who is to collect them hears of it, at once or not at all."""
    now = await system.clock.now()
    settled = await consignments.settle(tx, most=_SETTLED, at=now)
    for round_id, people in settled.arrived.items():
        round = await load_round(tx, round_id)
        await notify_arrived(tx, round=round, people=people, at=now)
    for chain, code in settled.closed:
        _LOG.warning("parcels: %s says that its store %s has closed", chain, code)
    return settled.parcels
