"""What happens in the benchmark of parcels: workers work and are killed, time passes."""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Final

from emask.cli.bench_parcels_plan import Yard
from emask.delivery.consignment_book import TURN
from emask.delivery.forfeits import forfeit_uncollected

UNKNOWN: Final = 0.05
LATE: Final = 0.05
"""The shares of parcels of which an unknown code is told, and of messages that come weeks late."""

_LOOK: Final = 0.2  # seconds
_COLLECTED: Final = 0.7


class WorkerFailed(RuntimeError):
    """A worker ended by itself before everything was done."""


async def create_all(yard: Yard, *, workers: int, parcels: int) -> int:
    """Have all parcels created, killing the workers in the midst of it; how often they were."""
    at_work = await _start(yard, "create", workers)
    while await yard.count(_CREATED) < parcels // 2:
        await _check(at_work)
        await asyncio.sleep(_LOOK)
    await _kill(at_work)
    while await yard.count(_CREATED) < parcels:
        await yard.clock.set(await yard.clock.now() + TURN + timedelta(minutes=1))
        await _end(await _start(yard, "create", workers))
    return 1


async def bring_to_stores(yard: Yard) -> None:
    """Let the parcels come to their stores, and unknown codes be told of some."""
    await _play(yard, await yard.clock.now() + timedelta(days=2, hours=12))
    await _carry_out(yard, _QUEUE)
    await _carry_out(yard, _UNKNOWN_CODES, UNKNOWN)
    await _carry_out(yard, _ENQUEUE, 1 - LATE)


async def hand_over(yard: Yard) -> None:
    """Our tills hand most of what has arrived over, and the chains see it leave."""
    async with yard.db.transaction() as tx:
        statement = files(__package__).joinpath("bench_parcels_tills.sql").read_bytes()
        cursor = await tx.execute(statement, (await yard.clock.now(), _COLLECTED))
        collected = [trade_no for (trade_no,) in await cursor.fetchall()]
    await yard.sandbox.chains.playing.collect(collected, at=await yard.clock.now())


async def bring_back(yard: Yard, *, mislaid: int) -> None:
    """Let the last day pass and what nobody collected go back; all that is left is to be told."""
    end = yard.round.pickup_ends_at + timedelta(hours=1)
    await _carry_out(yard, _KEPT_UNTIL, end)
    await yard.clock.set(end)
    async with yard.db.transaction() as tx:
        await forfeit_uncollected(tx, round=yard.round, at=end)
    await _play(yard, end + timedelta(days=10))
    await _carry_out(yard, _ENQUEUE, 1.0)
    await _carry_out(yard, _MISLAY, mislaid)


async def tell_all(yard: Yard, *, workers: int) -> None:
    """Have everything told that there is to tell."""
    async with _served(yard):
        await _end(await _start(yard, "hear", workers))


async def tell_all_and_kill(yard: Yard, *, workers: int) -> int:
    """Likewise; how often those who tell, and the site if they tell it over HTTP, were killed."""
    async with _served(yard):
        at_work = await _start(yard, "hear", workers)
        untold = await yard.count(_UNTOLD)
        await _until_left(yard, untold * 3 // 4, at_work)
        if yard.site is not None:
            await yard.site.kill()
            await yard.site.start()
        await _until_left(yard, untold // 2, at_work)
        await _kill(at_work)
        await _carry_out(yard, "UPDATE sandbox.bench_push SET lease = 0 WHERE NOT told")
        await _end(await _start(yard, "hear", workers))
    return 1 if yard.site is None else 2


async def _until_left(yard: Yard, number: int, at_work: list[Process]) -> None:
    while await yard.count(_UNTOLD) > number:
        await _check(at_work)
        await asyncio.sleep(_LOOK)


@asynccontextmanager
async def _served(yard: Yard) -> AsyncIterator[None]:
    """With the site, if it is to hear."""
    if yard.site is None:
        yield
        return
    try:
        await yard.site.start()
        yield
    finally:
        await yard.site.end()


async def _play(yard: Yard, end: datetime) -> None:
    until = await yard.clock.now()
    while until < end:
        until = min(until + timedelta(days=1), end)
        await yard.clock.set(until)
        await yard.sandbox.chains.playing.play(until)


async def _start(yard: Yard, work: str, workers: int) -> list[Process]:
    return [
        await asyncio.create_subprocess_exec(
            *("setpriv", "--pdeathsig", "KILL"),
            *(sys.executable, "-m", "emask.cli.bench_parcels_worker"),
            *(work, yard.url, str(yard.keys_file), yard.origin),
            env={**os.environ, "EMASK_PARTNERS_FILE": ""},
        )
        for _ in range(workers)
    ]


async def _check(at_work: list[Process]) -> None:
    if any(process.returncode for process in at_work):
        raise WorkerFailed


async def _kill(at_work: list[Process]) -> None:
    """SIGKILL, in the midst of whatever they do."""
    for process in at_work:
        if process.returncode is None:
            process.kill()
    await asyncio.gather(*(process.wait() for process in at_work))


async def _end(at_work: list[Process]) -> None:
    """Let them end by themselves. Raises WorkerFailed."""
    if any(await asyncio.gather(*(process.wait() for process in at_work))):
        raise WorkerFailed


async def _carry_out(yard: Yard, statement: str, *values: object) -> None:
    async with yard.db.connection() as connection:
        await connection.execute(statement.encode(), values)


_CREATED: Final = "SELECT count(*) FROM consignment WHERE parcel_no IS NOT NULL"
_UNTOLD: Final = "SELECT count(*) FROM sandbox.bench_push WHERE NOT told"
_QUEUE: Final = (
    "CREATE TABLE sandbox.bench_push (place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " push bigint NOT NULL UNIQUE, lease integer NOT NULL DEFAULT 0,"
    " told boolean NOT NULL DEFAULT false)"
)
_UNKNOWN_CODES: Final = (
    "INSERT INTO sandbox.chains_push (trade_no, code, updated_at, due_at)"
    " SELECT trade_no, '9999', updated_at + interval '20 days', updated_at"
    " FROM sandbox.chains_parcel WHERE random() < %s"
)
_ENQUEUE: Final = (
    "INSERT INTO sandbox.bench_push (push) SELECT seq FROM sandbox.chains_push"
    " WHERE random() < %s AND NOT EXISTS"
    "  (SELECT FROM sandbox.bench_push WHERE push = chains_push.seq) ORDER BY random()"
)
_MISLAY: Final = (
    "DELETE FROM sandbox.bench_push WHERE push IN (SELECT push.seq FROM sandbox.chains_push push"
    "  JOIN sandbox.chains_parcel p USING (trade_no, code) JOIN sandbox.bench_push"
    "  ON bench_push.push = push.seq WHERE NOT told LIMIT %s)"
)
_KEPT_UNTIL: Final = (
    "UPDATE sandbox.chains_parcel SET due_at = %s + interval '1 hour' WHERE due_at IS NOT NULL"
)
