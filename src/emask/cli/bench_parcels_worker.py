"""A process of the benchmark that creates parcels, or hears of them, until nothing is left to do.

It is killed in the midst of it, and another one goes on from what the database holds.
"""

import asyncio
import random
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import httpx2
from psycopg.rows import TupleRow

from emask.cli.bench_parcels_hearing import Hearer, InProcess, Message, OverHttp
from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys, Vault
from emask.delivery.consignment_book import ConsignmentBook
from emask.delivery.consignments import told_path
from emask.delivery.creating import create_due
from emask.delivery.pace import Beat, Pace
from emask.partners.ecpay.wire import form_body
from emask.partners.logistics import Logistics
from emask.programme.parcels import settle_all
from emask.programme.system import open_system
from emask.sandbox.accounts import logistics_accounts
from emask.sandbox.chains.parcels import Parcel
from emask.sandbox.chains.pushing import push_fields
from emask.sandbox.system import BASE, Sandbox

_TURN: Final = 400
_BATCH: Final = 400
_AT_ONCE: Final = 12
_SETTLES_EVERY: Final = 25  # batches
_ANSWERED_WITHIN: Final = 10  # seconds
TWICE: Final = 0.10
FORGED: Final = 0.01
"""The shares of messages that are told twice, and that come forged as well."""


class StoppedClock:
    """The time as it was when this process began: nobody moves it while it works."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    async def now(self) -> datetime:
        """That instant."""
        return self._now


async def create(url: str, keys: Keys) -> None:
    """Create what is due, through the chains' own wire."""
    async with Database(url, size=_AT_ONCE + 4) as db:
        clock = StoppedClock(await SetClock(db).now())
        sandbox = Sandbox.over(db, clock, keys)
        book = ConsignmentBook(db, Vault(keys), told=f"http://localhost{told_path('ecpay')}")
        pace, beat = Pace(per_second=5e3, least=1, most=1e4, at_once=_AT_ONCE), Beat()
        done = True
        while done:
            turn = await create_due(
                book, sandbox.chains.carrier, clock, pace=pace, beat=beat, most=_TURN
            )
            done = bool(turn.created + turn.refused + turn.unanswered)


async def hear(url: str, keys: Keys, origin: str) -> None:
    """Tell what the chains have to tell, in no order, twice and forged; draw the consequences.

    A site at `origin` hears it, or if that is empty, this process.
    """
    async with (
        Database(url, size=4) as db,
        httpx2.AsyncClient(trust_env=False, timeout=_ANSWERED_WITHIN) as client,
    ):
        clock = StoppedClock(await SetClock(db).now())
        sandbox = Sandbox.over(db, clock, keys)
        partners = sandbox.partners_with_chains
        carrier = sandbox.chains.carrier
        hearer: Hearer = InProcess(db, clock, carrier)
        if origin:
            hearer = OverHttp(client, origin + told_path(carrier.name))
        wire = _Wire(db, hearer, logistics_accounts(keys, BASE))
        async with open_system(db, clock=clock, keys=keys, partners=partners) as system:
            batches = 0
            while pushes := await wire.some():
                await wire.tell(pushes)
                batches += 1
                if batches % _SETTLES_EVERY == 0:
                    await settle_all(system)
            await settle_all(system)


class _Push(NamedTuple):
    number: int
    parcel: Parcel


class _Wire:
    """Between the chains and the site: each message signed, sent, and noted once it is taken."""

    def __init__(self, db: Database, hearer: Hearer, accounts: Logistics) -> None:
        self._db = db
        self._hearer = hearer
        self._accounts = accounts
        self._chance = random.Random()  # noqa: S311 - nobody has anything from guessing the order

    async def some(self) -> list[_Push]:
        """Some of what is to be told; of who is killed before it is noted, others tell it again."""
        async with self._db.connection() as connection:
            cursor = await connection.execute(
                "WITH due AS (UPDATE sandbox.bench_push SET lease = lease + 1 WHERE place IN ("
                "  SELECT place FROM sandbox.bench_push WHERE NOT told AND lease = 0"
                "  ORDER BY place LIMIT %s FOR UPDATE SKIP LOCKED) RETURNING push)"
                " SELECT push.seq, p.seq, p.trade_no, sub_type, store_code, fields, push.code,"
                " push.updated_at FROM due JOIN sandbox.chains_push push ON push.seq = due.push"
                " JOIN sandbox.chains_parcel p USING (trade_no)",
                (_BATCH,),
            )
            rows = await cursor.fetchall()
        return [_Push(row[0], _parcel(row[1:])) for row in rows]

    async def tell(self, pushes: Sequence[_Push]) -> None:
        """Tell, some of it twice and with forgeries in between; note what was taken."""
        told = [Message(form_body(push_fields(each.parcel, self._accounts))) for each in pushes]
        told += self._chance.sample(told, round(len(told) * TWICE))
        told += [
            Message(each.body.replace(b"RtnCode=", b"RtnCode=1"), genuine=False)
            for each in self._chance.sample(told, round(len(told) * FORGED))
        ]
        self._chance.shuffle(told)
        await self._hearer.hear(told)
        async with self._db.connection() as connection:
            await connection.execute(
                "UPDATE sandbox.bench_push SET told = true WHERE push = ANY(%s)",
                ([each.number for each in pushes],),
            )


def _parcel(row: TupleRow) -> Parcel:
    seq, trade_no, sub_type, store_code, fields, code, updated_at = row
    return Parcel(
        seq=seq,
        trade_no=trade_no,
        sub_type=sub_type,
        store_code=store_code,
        fields=fields,
        code=code,
        updated_at=updated_at,
    )


async def _run(work: str, url: str, keys_file: str, origin: str) -> None:
    keys = Keys.read_or_create(Path(keys_file))
    await (create(url, keys) if work == "create" else hear(url, keys, origin))


if __name__ == "__main__":
    asyncio.run(_run(*sys.argv[1:]))
