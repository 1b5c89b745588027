"""A small world for tests of delivery and the counter: stores, sites, people, orders."""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from uuid import UUID, uuid4

from emask.counter.model import Site, SiteKind
from emask.counter.service import receive_stock
from emask.counter.sites import save_sites
from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Vault
from emask.delivery import packing
from emask.entitlement import service as entitlement
from emask.identity.model import NewPerson
from emask.identity.registry import add_people
from emask.rounds.catalogue import built_in_policies, built_in_round
from emask.rounds.model import Chain, Store
from emask.rounds.service import save_policies, save_round
from emask.rounds.stores import save_stores
from emask.rules.calendar import Product, Round, at, day_in_taipei
from emask.rules.people import make_national_id, make_residence_id

FIRST, SECOND = built_in_round("2020-1"), built_in_round("2020-2")
ADULT, CHILD = date(1983, 7, 15), date(2012, 5, 5)
OURS, OTHER = (Chain.SE, "100001"), (Chain.FM, "200001")
CLOSED = (Chain.OK, "300001")
PHARMACY, HEALTH_CENTRE = "5901010001", "2301010002"

_serials = count(1)
_PAID = ("paid", "arrived", "collected", "forfeited")


def day(month: int, day: int, hour: int = 10, minute: int = 0) -> datetime:
    """A time of 2020 in Taipei."""
    return at(date(2020, month, day), hour, minute)


@dataclass(frozen=True, slots=True, kw_only=True)
class Someone:
    """A made-up person."""

    person_id: UUID
    id_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What acts on the database of one test."""

    db: Database
    clock: SetClock
    vault: Vault

    async def build(self) -> None:
        """Rounds, policies, three stores of which one is closed, two sites with stock."""
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
        sites = [
            Site(site_code=code, kind=kind, name=name, address="臺北市", phone="(02)27671757")
            for code, kind, name in (
                (PHARMACY, SiteKind.PHARMACY, "幸福藥局"),
                (HEALTH_CENTRE, SiteKind.HEALTH_CENTRE, "大安區衛生所"),
            )
        ]
        async with self.db.transaction() as tx:
            await save_round(tx, FIRST)
            await save_round(tx, SECOND)
            await save_policies(tx, built_in_policies())
            await save_stores(tx, stores)
            await save_sites(tx, sites)
            for site in sites:
                for product in Product:
                    await receive_stock(tx, site_code=site.site_code, product=product, pieces=200)

    async def person(
        self, *, born: date = ADULT, digit: int | None = None, name: str = "王小明"
    ) -> Someone:
        """A national; `digit` is the last one of the ID."""
        return await self._enter(make_national_id(next(_serials), last_digit=digit), born, name)

    async def foreigner(self) -> Someone:
        return await self._enter(make_residence_id(next(_serials)), ADULT, "John Smith")

    async def _enter(self, id_number: str, born: date, name: str) -> Someone:
        person = NewPerson(
            id_number=id_number,
            name=name,
            birth_date=born,
            mobile="0912345678",
            nhi_card=f"{next(_serials):012}",
            household_number="F1234567",
        )
        await add_people(self.db, self.vault, [person])
        return Someone(person_id=self.vault.person_id(id_number), id_number=id_number)

    async def preorder(self, who: Someone, round: Round = FIRST) -> None:
        """A registered pre-order."""
        async with self.db.transaction() as tx:
            await tx.execute(
                "INSERT INTO preorder (person_id, round_id, ticket, chain, store_code, channel,"
                " mobile, language, submission_id, placed_at, changed_at)"
                " VALUES (%s, %s, %s, %s, %s, 'computer', '', 'zh', %s, %s, %s)",
                (
                    *(who.person_id, round.id, uuid4(), *OURS, uuid4()),
                    *(round.opens_at, round.opens_at),
                ),
            )

    async def order(
        self,
        who: Someone,
        round: Round = FIRST,
        *,
        state: str = "paid",
        paid_at: datetime | None = None,
        store: tuple[Chain, str] = OURS,
    ) -> None:
        """A pre-order that was selected, and paid where the state says so, with its claim."""
        paid = paid_at or round.pay_from if state in _PAID else None
        await self.preorder(who, round)
        async with self.db.transaction() as tx:
            await tx.execute(
                "INSERT INTO orders (person_id, round_id, chain, store_code, channel, amount,"
                " state, paid_at, changed_at)"
                " VALUES (%s, %s, %s, %s, 'computer', 22, %s, %s, %s)",
                (who.person_id, round.id, *store, state, paid, paid or round.pay_from),
            )
            if paid:
                await entitlement.claim_paid_preorder(
                    tx, person_id=who.person_id, round=round, today=day_in_taipei(paid)
                )

    async def many_orders(
        self, number: int, *, store: tuple[Chain, str] = OURS, state: str = "paid"
    ) -> None:
        """Orders of people whom nobody needs to know."""
        async with self.db.transaction() as tx:
            await tx.execute(
                "INSERT INTO orders (person_id, round_id, chain, store_code, channel, amount,"
                " state, paid_at, changed_at) SELECT gen_random_uuid(), %s, %s, %s, 'computer',"
                " 22, %s, %s, %s FROM generate_series(1, %s)",
                (
                    *(FIRST.id, *store, state, FIRST.pay_from if state in _PAID else None),
                    *(FIRST.pay_from, number),
                ),
            )

    async def pack(self, round: Round = FIRST) -> None:
        async with self.db.transaction() as tx:
            await packing.pack(tx, round=round, at=round.release_at)

    async def deliver(self, round: Round = FIRST) -> None:
        """Pack, ship and put at the stores, at the times when these fall due."""
        await self.pack(round)
        async with self.db.transaction() as tx:
            await packing.ship(tx, round=round, at=round.pickup_opens_at)
            await packing.arrive(tx, round=round, at=round.pickup_opens_at)

    async def state(self, who: Someone, round: Round = FIRST) -> str:
        return str(
            await self.value(
                "SELECT state FROM orders WHERE person_id = %s AND round_id = %s",
                who.person_id,
                round.id,
            )
        )

    async def value(self, query: str, *parameters: object) -> object:
        """The first column of the first row."""
        rows = await self.rows(query, *parameters)
        return rows[0][0]

    async def rows(self, query: str, *parameters: object) -> list[tuple[object, ...]]:
        async with self.db.connection() as connection:
            cursor = await connection.execute(query.encode(), parameters)
            return await cursor.fetchall()


async def until_waiting(db: Database, connections: int) -> None:
    """Until so many connections wait for a lock of another."""
    waiting = 0
    async with asyncio.timeout(20), db.connection() as connection:
        while waiting < connections:
            await asyncio.sleep(0.01)
            cursor = await connection.execute(
                "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"
            )
            row = await cursor.fetchone()
            waiting = row[0] if row else 0
