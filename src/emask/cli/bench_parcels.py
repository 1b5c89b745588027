"""``emask bench parcels``: parcels through the sandboxed chains, told badly, and where they end.

Paid orders are packed and shipped; every parcel is created over the chains' wire, moves on by the
clock, and what the chains tell of it comes in no order, some of it twice, forged or in codes that
nobody knows. The processes that create and hear are killed on the way; with ``--http`` the real web
application hears at its own address, and is killed as well. In the end each parcel has
to be in the state that its last real event says.
"""

import asyncio
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from emask.cli.bench_bed import cleaning_up_when_ended, durable_server, free_port
from emask.cli.bench_parcels_plan import Yard, open_yard
from emask.cli.bench_parcels_play import (
    bring_back,
    bring_to_stores,
    create_all,
    hand_over,
    tell_all,
    tell_all_and_kill,
)
from emask.delivery.ports import ParcelState
from emask.partners.logistics import SubType, state_of

_KILLS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelsBench:
    """What was sent and where it ended, in parcels but for messages.

    `wrong` are not where their last real event says, `twice` exist twice at their chain, `lost`
    were lost by it. `messages` are those that chains had to tell, each told at least once.
    """

    parcels: int
    paid: int
    packed: int
    created: int
    twice: int
    arrived: int
    collected: int
    forfeited: int
    back: int
    lost: int
    wrong: int
    messages: int
    unknown_codes: int
    kills: int
    create_seconds: float
    tell_seconds: float

    @property
    def sound(self) -> bool:
        """Whether nothing is lost or wrong: packed = paid, and what was given up came back."""
        return (
            self.parcels == self.paid == self.packed == self.created
            and self.collected + self.forfeited == self.parcels
            and self.back + self.lost == self.forfeited
            and not (self.wrong or self.twice)
        )


def run_parcels_bench(*, parcels: int, workers: int = 2, port: int | None = None) -> ParcelsBench:
    """Measure on an embedded database of its own; 100,000 parcels take a quarter of an hour.

    With a port, a web application there hears what chains tell, message by message, for hours.
    """
    with durable_server() as server:
        run = _run(server.url(), server.data / "keys.json", parcels, workers, port)
        return asyncio.run(run)


async def _run(
    url: str, keys_file: Path, parcels: int, workers: int, port: int | None
) -> ParcelsBench:
    async with open_yard(url, keys_file, port=port) as yard:
        return await carry_out(yard, parcels=parcels, workers=workers)


async def carry_out(
    yard: Yard, *, parcels: int, workers: int = 1, mislaid: int = 0
) -> ParcelsBench:
    """Send parcels to the stores and back.

    Args:
        yard: on an empty database.
        parcels: how many.
        workers: processes that create and hear; all of them are killed twice, and the site once.
        mislaid: so many last messages are never told, which has to show.
    """
    consigned = await yard.fill(parcels)
    begun = time.monotonic()
    kills = await create_all(yard, workers=workers, parcels=consigned)
    created_in = time.monotonic() - begun
    begun = time.monotonic()
    await bring_to_stores(yard)
    kills += await tell_all_and_kill(yard, workers=workers)
    arrived = await yard.count("SELECT count(*) FROM orders WHERE state = 'arrived'")
    await hand_over(yard)
    await bring_back(yard, mislaid=mislaid)
    await tell_all(yard, workers=workers)
    told_in = time.monotonic() - begun
    return await _judged(yard, parcels, arrived=arrived, kills=kills, times=(created_in, told_in))


async def _judged(
    yard: Yard, parcels: int, *, arrived: int, kills: int, times: tuple[float, float]
) -> ParcelsBench:
    count, created_in, told_in = yard.count, *times
    return ParcelsBench(
        parcels=parcels,
        paid=await count("SELECT count(*) FROM orders WHERE paid_at IS NOT NULL"),
        packed=await count("SELECT count(*) FROM parcel"),
        created=await count("SELECT count(*) FROM consignment WHERE parcel_no IS NOT NULL"),
        twice=await count("SELECT count(*) FROM sandbox.chains_parcel") - parcels,
        arrived=arrived,
        collected=await count("SELECT count(*) FROM orders WHERE state = 'collected'"),
        forfeited=await count("SELECT count(*) FROM orders WHERE state = 'forfeited'"),
        back=await count("SELECT count(*) FROM parcel WHERE returned_at IS NOT NULL"),
        lost=await count("SELECT count(*) FROM sandbox.chains_parcel WHERE fate = 'lost'"),
        wrong=await _wrong(yard),
        messages=await count("SELECT count(*) FROM sandbox.bench_push"),
        unknown_codes=await count("SELECT count(*) FROM sandbox.chains_push WHERE code = '9999'"),
        kills=kills,
        create_seconds=created_in,
        tell_seconds=told_in,
    )


async def _wrong(yard: Yard) -> int:
    """How many parcels are not where the chain has them."""
    async with yard.db.connection() as connection:
        cursor = await connection.execute(
            "SELECT sub_type, p.code, state, count(*) FROM sandbox.chains_parcel p"
            " FULL JOIN consignment USING (trade_no) GROUP BY 1, 2, 3"
        )
        groups = await cursor.fetchall()
    return sum(number for kind, code, state, number in groups if _real(kind, code) != state)


def _real(kind: str | None, code: str | None) -> ParcelState | None:
    return state_of(SubType(kind), code) if kind and code else None


def bench_parcels(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    parcels: Annotated[int, typer.Option(min=100, help="How many there are.")] = 100_000,
    workers: Annotated[int, typer.Option(min=1, help="Processes that create and hear.")] = 2,
    over_http: Annotated[
        bool, typer.Option("--http", help="Tell a web application, and kill that as well.")
    ] = False,
) -> None:
    """Send parcels through the sandboxed chains, kill the workers, and check where each one is."""
    with cleaning_up_when_ended():
        port = free_port() if over_http else None
        found = run_parcels_bench(parcels=parcels, workers=workers, port=port)
    typer.echo(json.dumps(asdict(found)) if as_json else told(found))
    if not found.sound:
        raise typer.Exit(1)


def told(found: ParcelsBench) -> str:
    """The figures, to be read."""
    return f"""\
parcels      {found.parcels:>10,}  paid {found.paid:,}, packed {found.packed:,}
created      {found.created:>10,}  in {found.create_seconds:,.0f} s, {found.twice:,} twice
told         {found.messages:>10,}  messages in {found.tell_seconds:,.0f} s, \
{found.unknown_codes:,} of unknown codes
arrived      {found.arrived:>10,}  collected {found.collected:,}
forfeited    {found.forfeited:>10,}  came back {found.back:,}, lost by chains {found.lost:,}
wrong state  {found.wrong:>10,}
killed       {found.kills:>10,}  times"""
