"""The database of the intake's benchmark: durable, with people and stores, gone afterwards."""

import asyncio
import dataclasses
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Final, NamedTuple
from uuid import UUID

import psycopg

from emask.cli.bench_bed import durable_server
from emask.database.pool import Database
from emask.database.server import EmbeddedServer
from emask.preorder.queries import placing
from emask.rounds.catalogue import built_in_round
from emask.rounds.model import Chain, Store
from emask.rounds.service import save_round
from emask.rounds.stores import save_stores
from emask.rules.calendar import Round, day_in_taipei

_CHAINS: Final = tuple(Chain)
_STORES: Final = 10_000
_SCRIPT: Final = r"""\set i :i + 1
\set n :first + :client_id + :i * :clients
\set store :n % {stores}
{statement};
"""
# Each transaction is a new person's order. The person stands for all random values, so that the
# server makes up nothing, and the sealed number is a constant of the right length.
_ONE_ORDER: Final = (
    "(VALUES (md5(:n::text)::uuid, '{round_id}', md5(:n::text)::uuid,"
    " ('{{SE,FM,HL,OK}}'::text[])[1 + :store % 4], lpad(:store::text, 6, '0'), 'mobile',"
    " '\\x" + "5a" * 38 + "'::bytea, 'zh', md5(:n::text)::uuid))"
)
_REPORT: Final = re.compile(
    r"actually processed: (\d+).*^tps = ([0-9.]+)", re.DOTALL | re.MULTILINE
)


class PgbenchLap(NamedTuple):
    """What pgbench reports: orders placed, and orders a second."""

    clients: int
    orders: int
    rate: float


class BenchDatabase:
    """A durable server in a temporary folder: fsync and synchronous_commit are on."""

    def __init__(self, server: EmbeddedServer, offered: Round) -> None:
        self.server = server
        self.round = offered

    @property
    def stores(self) -> Sequence[tuple[Chain, str]]:
        return [(_CHAINS[number % 4], f"{number:06}") for number in range(_STORES)]

    def tickets(self) -> dict[UUID, UUID]:
        """Every pre-order's ticket, by person."""
        with psycopg.connect(self.server.url()) as connection:
            rows = connection.execute("SELECT person_id, ticket FROM preorder").fetchall()
        return dict(rows)

    def checkpoint(self) -> None:
        """Let the next lap begin as every other did."""
        with psycopg.connect(self.server.url(), autocommit=True) as connection:
            connection.execute("CHECKPOINT")

    def pgbench(self, *, clients: int, seconds: int, first: int) -> PgbenchLap:
        """Place orders by the intake's own statement, each in a transaction of its own.

        The people are those of the numbers from `first` on.
        """
        now = f"'{datetime.now(UTC).isoformat()}'::timestamptz"
        entries = _ONE_ORDER.format(round_id=self.round.id)
        statement = placing(entries=entries, now=now)
        script = self.server.data / "one_order.sql"
        script.write_text(_SCRIPT.format(stores=_STORES, statement=statement))
        done = subprocess.run(
            [
                *(str(self.server.binaries / "pgbench"), "-n", "-M", "prepared", "-f", str(script)),
                *("-c", str(clients), "-j", str(min(clients, os.cpu_count() or 1))),
                *("-T", str(seconds), "-D", "i=-1", "-D", f"first={first}"),
                *("-D", f"clients={clients}", self.server.url()),
            ],
            check=True,
            capture_output=True,
            text=True,
            env={"PGOPTIONS": "-c plan_cache_mode=force_generic_plan -c jit=off"},
        )
        found = _REPORT.search(done.stdout)
        if found is None:
            raise RuntimeError("pgbench reported nothing")
        return PgbenchLap(clients, int(found[1]), float(found[2]))


@contextmanager
def bench_database(people: int) -> Iterator[BenchDatabase]:
    """A database with so many people, 10,000 stores and a round that is open now."""
    with durable_server() as server:
        offered = _open_round(datetime.now(UTC))
        asyncio.run(_fill(server.url(), offered, people))
        yield BenchDatabase(server, offered)


async def _fill(url: str, offered: Round, people: int) -> None:
    stores = [
        Store(
            chain=_CHAINS[number % 4],
            code=f"{number:06}",
            name=f"門市{number:06}",
            address=f"臺北市中正區中正路{number}號",
            county="臺北市",
            town="中正區",
            zip_code="100",
        )
        for number in range(_STORES)
    ]
    statements = files(__package__).joinpath("bench_intake.sql").read_text("utf-8")
    async with Database(url, size=1) as db, db.transaction() as tx:
        await save_round(tx, offered)
        await save_stores(tx, stores)
        await tx.execute(statements.format(people=people).encode())


def _open_round(now: datetime) -> Round:
    day = timedelta(days=1)
    return dataclasses.replace(
        built_in_round("2020-1"),
        opens_at=now - day,
        closes_at=now + day,
        pay_from=now + 2 * day,
        pay_until=now + 3 * day,
        release_at=now + 4 * day,
        pickup_from=day_in_taipei(now + 6 * day),
        pickup_until=day_in_taipei(now + 12 * day),
    )
