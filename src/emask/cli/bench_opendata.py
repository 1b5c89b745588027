"""``emask bench opendata``: how many readers the open data bear, and what the database sees.

Laps of readers who have the newest file and laps of readers who take it whole alternate against
the application as ``emask up`` serves it. The database's transactions in that time are held
against those of a time in which nobody read.
"""

import asyncio
import json
import multiprocessing
import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from http.client import HTTPConnection
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import psycopg
import typer

from emask.cli.bench_bed import cleaning_up_when_ended, durable_server
from emask.cli.bench_opendata_load import Lap, Load, drive
from emask.cli.bench_serving import served
from emask.cli.cpu_time import cpu_seconds
from emask.counter.location_file import read_locations
from emask.counter.sites import import_sites
from emask.database.pool import Database
from emask.database.server import EmbeddedServer
from emask.opendata.catalogue import POINTS

SITES: Final = 5_031
"""Made up where no file of them is given: as many as the list of 2021 has."""
ROUNDS: Final = 3
"""How many laps of each kind there are."""
_SETTLING: Final = 1.5  # seconds until the server has counted its last transactions


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one kind of readers got: answers a second in each lap and in the median, latencies."""

    per_second: float
    laps: Sequence[float]
    p50_ms: float
    p99_ms: float
    megabytes_per_second: float
    app_cpu_us: float
    load_cpu_us: float
    wrong: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDataBench:
    """What was measured.

    `unchanged` are answers 304 to conditional requests, `whole` the packed file of
    `packed_bytes`. The database's transactions a second while nobody reads and while all read
    are those of the application's own readings; `database_cpu` is its share of one core in laps.
    """

    sites: int
    plain_bytes: int
    packed_bytes: int
    unchanged: Reading
    whole: Reading
    transactions_idle: float
    transactions_read: float
    database_cpu: float


class _Measured(NamedTuple):
    lap: Lap
    app_cpu: float
    database_cpu: float


class _Mark(NamedTuple):
    """How many transactions the database had counted at which second."""

    transactions: int
    at: float

    def rate_since(self, before: "_Mark") -> float:
        """Transactions a second in between, that of marking aside."""
        return (self.transactions - before.transactions - 1) / (self.at - before.at)


class _Bench:
    """The application, its database, and readers in a process of their own."""

    def __init__(
        self, server: EmbeddedServer, *, app: int, port: int, pool: ProcessPoolExecutor
    ) -> None:
        self._server = server
        self._app = app
        self._port = port
        self._pool = pool
        self._database = server.process

    def fetch(self, *, packed: bool) -> tuple[str, int]:
        """The tag and the size of the file."""
        link = HTTPConnection("127.0.0.1", self._port)
        link.request("GET", POINTS, headers={"accept-encoding": "gzip" if packed else "identity"})
        answer = link.getresponse()
        size = len(answer.read())
        link.close()
        return answer.headers["etag"], size

    def measure(self, more: str, expected: str, *, readers: int, seconds: float) -> _Measured:
        """One lap of readers who ask with this further header."""
        request = f"GET {POINTS} HTTP/1.1\r\nhost: localhost\r\naccept-encoding: gzip\r\n{more}\r\n"
        load = Load(self._port, request.encode(), expected.encode(), readers, seconds)
        app, database = cpu_seconds(self._app), cpu_seconds(self._database)
        lap = self._pool.submit(drive, load).result()
        return _Measured(lap, cpu_seconds(self._app) - app, cpu_seconds(self._database) - database)

    def mark(self) -> _Mark:
        """Look at the database's count, once it is up to date."""
        time.sleep(_SETTLING)
        with psycopg.connect(self._server.url(), autocommit=True) as watching:
            row = watching.execute(
                "SELECT xact_commit + xact_rollback FROM pg_stat_database"
                " WHERE datname = current_database()"
            ).fetchone()
        return _Mark(int(row[0]) if row else 0, time.monotonic())


def run_opendata_bench(
    *,
    seconds: float = 5,
    readers: int = 64,
    sites: Path | None = None,
    locations: Path | None = None,
) -> OpenDataBench:
    """Measure readers; takes about eight times `seconds`, and a while to prepare.

    Args:
        seconds: how long each lap lasts, and the time in which nobody reads.
        readers: connections that are open at once.
        sites: a list of institutions in the published form, instead of made-up ones.
        locations: where they are.
    """
    with durable_server() as server, _readers() as pool:
        number = asyncio.run(_fill(server.url(), sites, locations))
        with served(server.url(), server.data / "keys.json") as (app, port):
            bench = _Bench(server, app=app, port=port, pool=pool)
            etag, packed_bytes = bench.fetch(packed=True)
            _, plain_bytes = bench.fetch(packed=False)
            unchanged: list[_Measured] = []
            whole: list[_Measured] = []
            lap = partial(bench.measure, readers=readers, seconds=seconds)

            start = bench.mark()
            time.sleep(seconds)
            idle = bench.mark()
            for _ in range(ROUNDS):
                unchanged.append(lap(f"if-none-match: {etag}\r\n", _UNCHANGED))
                whole.append(lap("", _WHOLE))
            busy = bench.mark()
    laps = [*unchanged, *whole]
    return OpenDataBench(
        sites=number,
        plain_bytes=plain_bytes,
        packed_bytes=packed_bytes,
        unchanged=_judged(unchanged),
        whole=_judged(whole),
        transactions_idle=idle.rate_since(start),
        transactions_read=busy.rate_since(idle),
        database_cpu=sum(each.database_cpu for each in laps) / sum(each.lap.took for each in laps),
    )


@contextmanager
def _readers() -> Iterator[ProcessPoolExecutor]:
    """A process for readers that begins empty: what is here would be copied with a fork."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        yield pool


async def _fill(url: str, sites: Path | None, locations: Path | None) -> int:
    """Bring the sites in; how many there are."""
    async with Database(url, size=1) as db:
        if sites is None:
            made_up = files(__package__).joinpath("bench_opendata.sql").read_text("utf-8")
            async with db.transaction() as tx:
                await tx.execute(made_up.format(sites=SITES).encode())
            return SITES
        where = read_locations(locations).locations if locations else {}
        report = await import_sites(db, sites, locations=where)
        return report.added


def _judged(measured: Sequence[_Measured]) -> Reading:
    laps = [each.lap for each in measured]
    latencies = sorted(latency for lap in laps for latency in lap.latencies)
    answers, rates = len(latencies), [lap.rate for lap in laps]
    return Reading(
        per_second=statistics.median(rates),
        laps=rates,
        p50_ms=1e3 * latencies[answers // 2],
        p99_ms=1e3 * latencies[answers * 99 // 100],
        megabytes_per_second=statistics.median(lap.received / lap.took for lap in laps) / 1e6,
        app_cpu_us=1e6 * sum(each.app_cpu for each in measured) / answers,
        load_cpu_us=1e6 * sum(lap.cpu for lap in laps) / answers,
        wrong=sum(lap.wrong for lap in laps),
    )


def bench_opendata(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    seconds: Annotated[int, typer.Option(min=1, help="How long each lap lasts.")] = 5,
    readers: Annotated[int, typer.Option(min=1, help="Connections that are open at once.")] = 64,
    sites: Annotated[
        Path | None, typer.Option(exists=True, help="A list of institutions; else made up.")
    ] = None,
    locations: Annotated[
        Path | None, typer.Option(exists=True, help="Where those institutions are.")
    ] = None,
) -> None:
    """Measure readers of the open data, and what the database has to do for them: nothing."""
    with cleaning_up_when_ended():
        found = run_opendata_bench(
            seconds=seconds, readers=readers, sites=sites, locations=locations
        )
    typer.echo(json.dumps(asdict(found)) if as_json else _told(found))
    if found.unchanged.wrong or found.whole.wrong:
        raise typer.Exit(1)


def _told(found: OpenDataBench) -> str:
    return f"""\
sites            {found.sites:>9,}  {found.plain_bytes:,} bytes, {found.packed_bytes:,} packed
unchanged (304)  {_told_of(found.unchanged)}
whole, packed    {_told_of(found.whole)}, {found.whole.megabytes_per_second:.0f} MB a second
database         {found.transactions_read:>9.2f}  transactions a second while all read, \
{found.transactions_idle:.2f} while nobody does; {found.database_cpu:.1%} of a core"""


def _told_of(reading: Reading) -> str:
    laps = ", ".join(f"{rate:,.0f}" for rate in reading.laps)
    return (
        f"{reading.per_second:>9,.0f}  a second (laps {laps}), "
        f"{reading.p50_ms:.1f} ms for half, {reading.p99_ms:.1f} ms for 99 %, "
        f"{reading.app_cpu_us:.0f} µs application, {reading.load_cpu_us:.0f} µs load"
    )


_UNCHANGED: Final = "HTTP/1.1 304 "
_WHOLE: Final = "HTTP/1.1 200 "
