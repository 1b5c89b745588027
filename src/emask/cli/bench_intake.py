"""``emask bench intake``: pre-orders through HTTP against the database's own limit, in one run.

Laps of the real application and of pgbench alternate on the same durable server. pgbench runs
the intake's own statement, with every check in it, for one person a transaction; the best of its
numbers of clients is the limit, and `ratio` is how the application stands to it.
"""

import json
import multiprocessing
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Annotated, Final
from uuid import UUID

import typer

from emask.cli.bench_bed import cleaning_up_when_ended
from emask.cli.bench_intake_database import BenchDatabase, PgbenchLap, bench_database
from emask.cli.bench_intake_load import Lap, Load, serve_load
from emask.cli.bench_serving import served
from emask.cli.cpu_time import cpu_seconds
from emask.database.vault import Keys

PGBENCH_CLIENTS: Final = (8, 32, 64)
ROUNDS: Final = 2
"""How often each number of clients has its lap."""
MOST_A_SECOND: Final = 20_000
"""Requests that are made ready for each second; a lap that runs out of them ends early."""
_WARM_UP: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeBench:
    """What was measured. Rates are orders a second, CPU is microseconds an order.

    `orders_per_second` is the median of `laps`; `pgbench` is the mean for each number of clients.
    `refused` counts answers other than 201, `lost` acknowledged tickets that the database does
    not hold, `twice` tickets that two people hold.
    """

    ratio: float
    orders_per_second: float
    laps: Sequence[float]
    p50_ms: float
    p99_ms: float
    app_cpu_us: float
    database_cpu_us: float
    load_cpu_us: float
    pgbench_best: float
    pgbench: dict[str, float]
    acknowledged: int
    refused: int
    lost: int
    twice: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """One lap, with what the application and the database spent on it in seconds."""

    lap: Lap
    app_cpu: float
    database_cpu: float


def run_intake_bench(*, seconds: int = 3, connections: int = 64) -> IntakeBench:
    """Measure the intake; takes about twelve times `seconds`, and a while to prepare.

    Args:
        seconds: how long each lap lasts.
        connections: how many clients of the endpoint send at once.
    """
    clients = PGBENCH_CLIENTS * ROUNDS
    people = MOST_A_SECOND * (len(clients) * seconds + 1)
    with bench_database(people=2 * people) as database:
        keys_file = database.server.data / "keys.json"
        laps: list[_Measured] = []
        pgbench: list[PgbenchLap] = []
        with served(database.server.url(), keys_file) as (app, port):
            load = Load(
                port=port,
                keys=Keys.read_or_create(keys_file),
                round_id=database.round.id,
                stores=database.stores,
                numbers=range(1, people),
            )
            with _driven(load) as drive:
                warm_up = drive(connections, _WARM_UP)
                for number, at_once in enumerate(clients):
                    database.checkpoint()
                    laps.append(_measure(lambda: drive(connections, seconds), app, database))
                    database.checkpoint()
                    first = people + number * MOST_A_SECOND * seconds
                    pgbench.append(database.pgbench(clients=at_once, seconds=seconds, first=first))
        others = sum(lap.orders for lap in pgbench) + len(warm_up.tickets)
        return _judged(laps, pgbench, kept=database.tickets(), others=others)


def _measure(drive: Callable[[], Lap], app: int, database: BenchDatabase) -> _Measured:
    app_before, database_before = cpu_seconds(app), cpu_seconds(database.server.process)
    lap = drive()
    return _Measured(
        lap=lap,
        app_cpu=cpu_seconds(app) - app_before,
        database_cpu=cpu_seconds(database.server.process) - database_before,
    )


def _judged(
    measured: Sequence[_Measured],
    pgbench: Sequence[PgbenchLap],
    *,
    kept: Mapping[UUID, UUID],
    others: int,
) -> IntakeBench:
    """Compare what was acknowledged with the tickets `kept`, of which `others` are not of laps.

    Raises:
        RuntimeError: some transactions of pgbench placed nothing, so its rates mean nothing.
    """
    laps = [each.lap for each in measured]
    orders = sum(len(lap.latencies) for lap in laps)
    latencies = sorted(latency for lap in laps for latency in lap.latencies)
    rates = [len(lap.tickets) / lap.took for lap in laps]
    acknowledged = {person: ticket for lap in laps for person, ticket in lap.tickets.items()}
    if len(kept.keys() - acknowledged.keys()) < others:
        raise RuntimeError("pgbench did not place an order in each transaction")
    limits = {
        lap.clients: statistics.mean(each.rate for each in pgbench if each.clients == lap.clients)
        for lap in pgbench
    }
    best = max(limits.values())
    return IntakeBench(
        ratio=statistics.median(rates) / best,
        orders_per_second=statistics.median(rates),
        laps=rates,
        p50_ms=1e3 * latencies[orders // 2],
        p99_ms=1e3 * latencies[orders * 99 // 100],
        app_cpu_us=1e6 * sum(each.app_cpu for each in measured) / orders,
        database_cpu_us=1e6 * sum(each.database_cpu for each in measured) / orders,
        load_cpu_us=1e6 * sum(lap.cpu for lap in laps) / orders,
        pgbench_best=best,
        pgbench={str(clients): rate for clients, rate in limits.items()},
        acknowledged=len(acknowledged),
        refused=sum(len(lap.refused) for lap in laps),
        lost=sum(kept.get(person) != ticket for person, ticket in acknowledged.items()),
        twice=len(kept) - len(set(kept.values())),
    )


@contextmanager
def _driven(load: Load) -> Iterator[Callable[[int, float], Lap]]:
    """A process that makes requests ready and then drives laps of them."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=serve_load, args=(there, load), daemon=True)
    process.start()
    there.close()
    here.recv()

    def drive(connections: int, seconds: float) -> Lap:
        here.send((connections, seconds))
        lap: Lap = here.recv()
        return lap

    try:
        yield drive
    finally:
        here.send(None)
        process.join()


def bench_intake(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    seconds: Annotated[int, typer.Option(min=1, help="How long each lap lasts.")] = 3,
    connections: Annotated[int, typer.Option(min=1, help="Clients of the endpoint.")] = 64,
) -> None:
    """Measure pre-orders through HTTP against pgbench with the same statement."""
    with cleaning_up_when_ended():
        found = run_intake_bench(seconds=seconds, connections=connections)
    typer.echo(json.dumps(asdict(found)) if as_json else _told(found))
    if found.lost or found.twice or found.refused:
        raise typer.Exit(1)


def _told(found: IntakeBench) -> str:
    laps = ", ".join(f"{rate:,.0f}" for rate in found.laps)
    clients = ", ".join(f"{clients}: {rate:,.0f}" for clients, rate in found.pgbench.items())
    return f"""\
orders a second  {found.orders_per_second:>9,.0f}  (laps {laps})
pgbench, best    {found.pgbench_best:>9,.0f}  (clients {clients})
ratio            {found.ratio:>9.2f}
answered in      {found.p50_ms:>9.1f}  ms for half, {found.p99_ms:.1f} ms for 99 %
CPU an order     {found.app_cpu_us:>9.0f}  µs application, \
{found.database_cpu_us:.0f} µs database, {found.load_cpu_us:.0f} µs load
acknowledged     {found.acknowledged:>9,}  refused {found.refused}, lost {found.lost}, \
twice {found.twice}"""
