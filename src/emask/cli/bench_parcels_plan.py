"""The parcels of the benchmark: paid orders at stores of all chains, packed and shipped."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Final
from uuid import UUID, uuid5

from emask.cli.bench_site import WebSite
from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys, Vault
from emask.delivery import packing
from emask.delivery.consignments import consign
from emask.rounds.catalogue import built_in_round
from emask.rounds.model import Chain, Store
from emask.rounds.service import save_round
from emask.rounds.stores import save_stores
from emask.rules.calendar import Round
from emask.sandbox.schema import install
from emask.sandbox.system import Sandbox

_CONNECTIONS: Final = 8
_STORES: Final = 100  # of each chain
_NAMESPACE: Final = UUID(int=5)
_AT_ONCE: Final = 10_000
UNANSWERED: Final = 50
LOST: Final = 200
"""One creation in so many gets no answer, one parcel in so many is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Yard:
    """An installation whose shipments are on their way, with sandboxed chains.

    Its `site` at `origin` hears what they tell, if there is one.
    """

    url: str
    keys_file: Path
    db: Database
    clock: SetClock
    vault: Vault
    round: Round
    sandbox: Sandbox
    origin: str = ""
    site: WebSite | None = None

    async def count(self, what: str) -> int:
        """What a statement counts."""
        async with self.db.connection() as connection:
            cursor = await connection.execute(what.encode())
            row = await cursor.fetchone()
        return int(row[0]) if row else 0

    async def fill(self, parcels: int) -> int:
        """Let so many paid orders be packed, shipped and handed to the wire; how many are."""
        async with self.db.transaction() as tx:
            await save_round(tx, self.round)
            await save_stores(tx, list(_stores()))
        numbers = iter(range(parcels))
        while some := list(islice(numbers, _AT_ONCE)):
            await self._add_people(some)
        orders = _statement("bench_parcels.sql")
        at = self.round.release_at + timedelta(hours=1)
        await self.clock.set(at)
        async with self.db.transaction() as tx:
            await tx.execute(orders.format(round_id=self.round.id, stores=_STORES).encode())
            await packing.pack(tx, round=self.round, at=at)
            await packing.ship(tx, round=self.round, at=at)
            consigned = await consign(tx, round=self.round, at=at)
        faults = {"unanswered": UNANSWERED, "lost": LOST}
        for kind, every in faults.items():
            await self.sandbox.mischief.begin("chains", kind, {"every": every})
        async with self.db.connection() as connection:
            await connection.execute("ANALYZE")
        return consigned

    async def _add_people(self, numbers: Sequence[int]) -> None:
        ids = [uuid5(_NAMESPACE, str(number)) for number in numbers]
        mobiles = [f"09{number:08}" for number in numbers]
        values = (
            ids,
            *(
                [
                    self.vault.seal(text, person_id=person_id, field=field)
                    for person_id, text in zip(ids, texts, strict=True)
                ]
                for field, texts in (
                    ("id_number", mobiles),  # nobody reads it
                    ("name", ["王小明"] * len(ids)),
                    ("mobile", mobiles),
                )
            ),
        )
        async with self.db.transaction() as tx:
            await tx.execute(_statement("bench_parcels_people.sql").encode(), values)


def _statement(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _stores() -> Iterator[Store]:
    for chain in Chain:
        for number in range(1, _STORES + 1):
            yield Store(
                chain=chain,
                code=f"{100_000 + number}",
                name=f"門市{number}",
                address="臺北市中正區中正路1號",
                county="臺北市",
                town="中正區",
                zip_code="100",
            )


@asynccontextmanager
async def open_yard(url: str, keys_file: Path, *, port: int | None = None) -> AsyncIterator[Yard]:
    """A yard on an empty database, with a site if it is given a port of loopback."""
    origin = f"http://127.0.0.1:{port}" if port else ""
    environment = {
        "EMASK_DATABASE_URL": url,
        "EMASK_KEYS": str(keys_file),
        "EMASK_ORIGIN": origin,
        "EMASK_PARTNERS_FILE": "",
        "EMASK_CHAINS": "wire",
    }
    async with Database(url, size=_CONNECTIONS) as db:
        await install(db)
        clock, keys = SetClock(db), Keys.read_or_create(keys_file)
        offered = built_in_round("2020-1")
        await clock.set(offered.opens_at)
        yield Yard(
            url=url,
            keys_file=keys_file,
            db=db,
            clock=clock,
            vault=Vault(keys),
            round=offered,
            sandbox=Sandbox.over(db, clock, keys),
            origin=origin,
            site=WebSite(environment, port=port) if port else None,
        )
