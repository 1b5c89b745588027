"""``emask bench counter``: checks and sales at counters, as pharmacies' own software makes them.

Cards come at a steady pace, whatever becomes of those before; each is asked about and sold to
over the partner API of the application as ``emask up`` serves it.
"""

import asyncio
import json
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from typing import Annotated, Final

import psycopg
import typer

from emask.cli.bench_bed import cleaning_up_when_ended, durable_server
from emask.cli.bench_counter_load import Lap, Load, drive
from emask.cli.bench_counter_stage import set_counter_stage
from emask.cli.bench_serving import served
from emask.cli.cpu_time import cpu_seconds
from emask.database.pool import Database
from emask.database.server import EmbeddedServer
from emask.database.vault import Keys, Vault

ROUNDS: Final = 3
"""How many laps there are after one that only warms up."""
_SITES: Final = 2_000
_CONNECTIONS: Final = 64
_WORKERS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterBench:
    """What was measured; times are in ms from when a card came.

    A check is over when the answer is there, a sale when check and sale are. CPU is microseconds
    for both together. `lost` are sales that were acknowledged and are not in the database.
    """

    people: int
    offered_per_second: float
    sales_per_second: float
    check_p50_ms: float
    check_p95_ms: float
    sale_p50_ms: float
    sale_p95_ms: float
    sale_p99_ms: float
    p95_of_laps_ms: Sequence[float]
    app_cpu_us: float
    database_cpu_us: float
    load_cpu_us: float
    sold: int
    wrong: int
    lost: int


def run_counter_bench(*, people: int, per_second: float, seconds: float) -> CounterBench:
    """Measure laps of so many seconds; entering a million people takes a minute before.

    Args:
        people: in the registry; each can be sold to once, so not too few.
        per_second: cards that come.
        seconds: how long each lap lasts.
    """
    spawn = multiprocessing.get_context("spawn")
    with durable_server() as server, ProcessPoolExecutor(1, mp_context=spawn) as pool:
        keys_file = server.data / "keys.json"
        keys = Keys.read_or_create(keys_file)
        asyncio.run(_fill(server.url(), keys, people))
        before = _sales(server)
        with served(server.url(), keys_file, workers=_WORKERS) as (app, port):
            database = server.process
            stretches = [seconds] * (1 + ROUNDS)
            laps: list[Lap] = []
            cpu = (0.0, 0.0)
            serial = 0
            for stretch in stretches:
                if len(laps) == 1:
                    cpu = cpu_seconds(app), cpu_seconds(database)
                cards = range(serial, serial + int(stretch * per_second))
                serial = cards.stop
                load = Load(port, keys, _codes(), cards, per_second, _CONNECTIONS)
                laps.append(pool.submit(drive, load).result())
            used = cpu_seconds(app) - cpu[0], cpu_seconds(database) - cpu[1]
        acknowledged = sum(len(lap.sales) - len(lap.wrong) for lap in laps)
        lost = acknowledged - (_sales(server) - before)
    return _judged(laps[1:], people=people, per_second=per_second, used=used, lost=lost)


async def _fill(url: str, keys: Keys, people: int) -> None:
    async with Database(url, size=1) as db:
        await set_counter_stage(db, Vault(keys), people=people, sites=_SITES)


def _codes() -> list[str]:
    return [str(5_900_000_000 + number) for number in range(_SITES)]


def _sales(server: EmbeddedServer) -> int:
    with psycopg.connect(server.url()) as connection:
        row = connection.execute("SELECT count(*) FROM counter_sale").fetchone()
    return int(row[0]) if row else 0


def _judged(
    laps: Sequence[Lap], *, people: int, per_second: float, used: tuple[float, float], lost: int
) -> CounterBench:
    checks = sorted(each for lap in laps for each in lap.checks)
    sales = sorted(each for lap in laps for each in lap.sales)
    return CounterBench(
        people=people,
        offered_per_second=per_second,
        sales_per_second=len(sales) / sum(lap.took for lap in laps),
        check_p50_ms=_share(checks, 0.5),
        check_p95_ms=_share(checks, 0.95),
        sale_p50_ms=_share(sales, 0.5),
        sale_p95_ms=_share(sales, 0.95),
        sale_p99_ms=_share(sales, 0.99),
        p95_of_laps_ms=[_share(lap.sales, 0.95) for lap in laps],
        app_cpu_us=1e6 * used[0] / len(sales),
        database_cpu_us=1e6 * used[1] / len(sales),
        load_cpu_us=1e6 * sum(lap.cpu for lap in laps) / len(sales),
        sold=len(sales),
        wrong=sum(len(lap.wrong) for lap in laps),
        lost=lost,
    )


def _share(ascending: Sequence[float], share: float) -> float:
    """What so large a share of the times does not exceed, in ms."""
    return 1e3 * ascending[int(len(ascending) * share)]


def bench_counter(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    people: Annotated[int, typer.Option(min=1, help="In the registry.")] = 1_000_000,
    per_second: Annotated[float, typer.Option(min=1, help="Cards that come.")] = 500,
    seconds: Annotated[int, typer.Option(min=1, help="How long each lap lasts.")] = 20,
) -> None:
    """Measure a check and a sale for each card that comes, at a steady pace."""
    with cleaning_up_when_ended():
        found = run_counter_bench(people=people, per_second=per_second, seconds=seconds)
    typer.echo(json.dumps(asdict(found)) if as_json else _told(found))
    if found.wrong or found.lost:
        raise typer.Exit(1)


def _told(found: CounterBench) -> str:
    laps = ", ".join(f"{each:.1f}" for each in found.p95_of_laps_ms)
    return f"""\
people           {found.people:>9,}
sales a second   {found.sales_per_second:>9,.0f}  of {found.offered_per_second:,.0f} cards
check            {found.check_p50_ms:>9.1f}  ms for half, {found.check_p95_ms:.1f} ms for 95 %
check and sale   {found.sale_p50_ms:>9.1f}  ms for half, {found.sale_p95_ms:.1f} ms for 95 % \
(laps {laps}), {found.sale_p99_ms:.1f} ms for 99 %
CPU for both     {found.app_cpu_us:>9.0f}  µs application, \
{found.database_cpu_us:.0f} µs database, {found.load_cpu_us:.0f} µs load
sold             {found.sold:>9,}  wrong {found.wrong}, lost {found.lost}"""
