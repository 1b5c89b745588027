"""The shop of the benchmark of payments: orders that await payment, and ECPay beside it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Final
from uuid import UUID

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.identity.site import Site
from emask.rounds.catalogue import built_in_round
from emask.rounds.model import Chain, Store
from emask.rounds.service import save_round
from emask.rounds.stores import save_stores
from emask.rules.calendar import Round
from emask.rules.price import amount_due
from emask.sandbox.schema import install
from emask.sandbox.system import Sandbox

_CONNECTIONS: Final = 8
_STORE: Final = Store(
    chain=Chain.SE,
    code="000001",
    name="門市",
    address="臺北市中正區中正路1號",
    county="臺北市",
    town="中正區",
    zip_code="100",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A shop at a loopback port; its clock stands at an hour at which orders are paid."""

    url: str
    keys_file: Path
    port: int
    db: Database
    clock: SetClock
    round: Round
    sandbox: Sandbox

    @property
    def environment(self) -> dict[str, str]:
        """What its web application is told, above all that its partners are not the real ones."""
        return {
            "EMASK_DATABASE_URL": self.url,
            "EMASK_KEYS": str(self.keys_file),
            "EMASK_ORIGIN": self.sandbox.site.origin,
            "EMASK_PARTNERS_FILE": "",
        }

    async def take_orders(self, number: int) -> list[UUID]:
        """Let so many orders await payment; whose they are."""
        statements = files(__package__).joinpath("bench_payments.sql").read_text("utf-8")
        figures = {
            "orders": number,
            "round_id": self.round.id,
            "amount": amount_due(self.round),
        }
        async with self.db.transaction() as tx:
            await save_round(tx, self.round)
            await save_stores(tx, [_STORE])
            await tx.execute(statements.format(**figures).encode())
            cursor = await tx.execute("SELECT person_id FROM orders ORDER BY person_id")
            return [person_id for (person_id,) in await cursor.fetchall()]


@asynccontextmanager
async def open_shop(url: str, keys_file: Path, *, port: int) -> AsyncIterator[Shop]:
    """A shop on an empty database."""
    async with Database(url, size=_CONNECTIONS) as db:
        await install(db)
        clock, offered = SetClock(db), built_in_round("2020-1")
        await clock.set(offered.pay_from + timedelta(hours=1))
        keys = Keys.read_or_create(keys_file)
        site = Site(origin=f"http://127.0.0.1:{port}")
        yield Shop(
            url=url,
            keys_file=keys_file,
            port=port,
            db=db,
            clock=clock,
            round=offered,
            sandbox=Sandbox.over(db, clock, keys, site=site),
        )
