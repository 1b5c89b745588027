"""A small world for tests of pre-orders: a round, stores, people, entries."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from emask.database.pool import Database
from emask.language import Language
from emask.preorder.model import Entry
from emask.rounds.catalogue import built_in_round
from emask.rounds.model import Chain, Store
from emask.rounds.service import save_round
from emask.rounds.stores import save_stores
from emask.rules.calendar import Channel, Round, at

FIRST, SECOND = built_in_round("2020-1"), built_in_round("2020-2")
ADULT, CHILD = date(1983, 7, 15), date(2012, 5, 5)
OURS, OTHER, CLOSED = (Chain.SE, "100001"), (Chain.FM, "200001"), (Chain.OK, "300001")


class StillClock:
    """A clock that stands where it is put, without a database."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    async def now(self) -> datetime:
        return self.instant


@dataclass(frozen=True, slots=True)
class World:
    """What stands in the database of one test."""

    db: Database

    async def build(self) -> None:
        """Round 2020-1 and 2020-2, three stores of which one is closed."""
        stores = [
            Store(
                chain=chain,
                code=code,
                name=f"門市{code}",
                address="台北市大安區杭州南路二段５號",
                county="臺北市",
                town="大安區",
                zip_code="106",
                open=(chain, code) != CLOSED,
            )
            for chain, code in (OURS, OTHER, CLOSED)
        ]
        async with self.db.transaction() as tx:
            await save_round(tx, FIRST)
            await save_round(tx, SECOND)
            await save_stores(tx, stores)

    async def people(self, number: int, *, born: date = ADULT) -> list[UUID]:
        """So many people, ordered as their ids are."""
        ids = sorted(uuid4() for _ in range(number))
        async with self.db.transaction() as tx:
            await tx.execute(
                "INSERT INTO person (person_id, birth_date, residency, id_number, name)"
                " SELECT id, %s, 'national', '', '' FROM unnest(%s::uuid[]) AS id",
                (born, ids),
            )
        return ids

    async def person(self, *, born: date = ADULT) -> UUID:
        (one,) = await self.people(1, born=born)
        return one

    async def paid(self, person_id: UUID, round: Round) -> None:
        """A paid order, without its claim."""
        await self.run(
            "INSERT INTO orders (person_id, round_id, chain, store_code, channel, amount, state,"
            " paid_at, changed_at) VALUES (%s, %s, 'SE', '100001', 'computer', 22, 'paid', %s, %s)",
            (person_id, round.id, round.pay_from, round.pay_from),
        )

    async def run(self, statement: str, parameters: tuple[object, ...] = ()) -> None:
        async with self.db.transaction() as tx:
            await tx.execute(statement.encode(), parameters)

    async def count(self, condition: str = "true") -> int:
        async with self.db.transaction() as tx:
            statement = f"SELECT count(*) FROM preorder WHERE {condition}"
            row = await (await tx.execute(statement.encode())).fetchone()
        return int(row[0]) if row else 0

    async def tickets(self) -> set[UUID]:
        """The tickets of the list as a draw would read it."""
        async with self.db.transaction() as tx:
            cursor = await tx.execute("SELECT ticket FROM preorder WHERE state = 'registered'")
            return {row[0] for row in await cursor.fetchall()}


def entry(person_id: UUID, *, round: Round = FIRST, store: tuple[Chain, str] = OURS) -> Entry:
    """A submission of its own."""
    return Entry(
        person_id=person_id,
        round_id=round.id,
        chain=store[0],
        store_code=store[1],
        mobile="0912 345 678",
        channel=Channel.COMPUTER,
        language=Language.ZH,
        submission_id=uuid4(),
    )


def day(month: int, day: int, hour: int = 9) -> datetime:
    """An hour of 2020 in Taipei."""
    return at(date(2020, month, day), hour)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something has come about; ten seconds at most."""
    async with asyncio.timeout(10):
        while not await condition():  # noqa: ASYNC110 - the database sets no event
            await asyncio.sleep(0.01)


async def statement_waits(world: World) -> bool:
    """Whether one statement waits for another transaction."""
    async with world.db.connection() as connection:
        cursor = await connection.execute(
            "SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock'"
        )
        return cursor.rowcount == 1
