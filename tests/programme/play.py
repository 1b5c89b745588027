"""A small round played against the real services, for what looks at the whole of it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid4

from emask.counter.service import receive_stock, sell
from emask.counter.sites import save_sites
from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.delivery.collection import hand_over, parcel_of
from emask.identity.model import NewPerson
from emask.identity.registry import add_people
from emask.language import Language
from emask.payment.service import start_payment
from emask.preorder.model import Entry
from emask.programme.progress import Progress, progress_of
from emask.programme.service import advance_to
from emask.programme.system import System, open_system
from emask.rounds.catalogue import built_in_policies, built_in_round
from emask.rounds.service import save_policies, save_round
from emask.rounds.stores import save_stores
from emask.rules.calendar import Channel, Product, Round
from emask.rules.people import Document
from emask.rules.price import Method
from emask.sandbox.network import made_up_sites, made_up_stores
from emask.sandbox.paying import go_to_gateway, hear
from emask.sandbox.population import made_up_people
from emask.sandbox.schema import install
from emask.sandbox.system import Sandbox

STORES = made_up_stores(4)
SITE = made_up_sites(1)[0]


@dataclass(slots=True, kw_only=True)
class Play:
    """Round 2020-1 with 8 packs; people are numbered in the order in which they come."""

    system: System
    sandbox: Sandbox
    clock: SetClock
    round: Round
    people: list[NewPerson] = field(default_factory=list)

    def person_id(self, number: int) -> UUID:
        return self.system.vault.person_id(self.people[number].id_number)

    async def build(self) -> None:
        await install(self.system.db)
        async with self.system.db.transaction() as tx:
            await save_round(tx, self.round)
            await save_policies(tx, built_in_policies())
            await save_stores(tx, STORES)
            await save_sites(tx, [SITE])
            for product in Product:
                await receive_stock(tx, site_code=SITE.site_code, product=product, pieces=300)

    async def register(self, count: int) -> None:
        """So many adults enter the registry and pre-order."""
        self.people = list(
            made_up_people(count, foreigners_per_thousand=0, children_per_thousand=0)
        )
        await add_people(self.system.db, self.system.vault, self.people)
        for number in range(count):
            await self.submit(number)

    async def submit(self, number: int) -> None:
        store = STORES[number % len(STORES)]
        await self.system.intake.submit(
            Entry(
                person_id=self.person_id(number),
                round_id=self.round.id,
                chain=store.chain,
                store_code=store.code,
                mobile=self.people[number].mobile or "",
                channel=Channel.MOBILE,
                language=Language.ZH,
                submission_id=uuid4(),
            )
        )

    async def until(self, instant: datetime) -> None:
        await advance_to(self.system, instant)

    async def pay(self, numbers: Sequence[int], *, times: int = 1) -> None:
        for number in numbers:
            person_id = self.person_id(number)
            started = await start_payment(
                self.system.db,
                self.clock,
                self.sandbox.gateways,
                person_id=person_id,
                round=self.round,
                method=Method.ATM,
            )
            trade_no = await go_to_gateway(self.system, self.sandbox, started, payer=person_id)
            for _ in range(times):
                paid = await self.sandbox.payers.pay(trade_no, at=await self.clock.now())
                await hear(self.system, self.sandbox, paid)

    async def buy(self, number: int) -> None:
        await sell(
            self.system.db,
            self.clock,
            self.system.vault,
            site_code=SITE.site_code,
            id_number=self.people[number].id_number,
            product=Product.ADULT_MASK,
            sold_by="pharmacist",
        )

    async def collect(self, number: int) -> None:
        person_id = self.person_id(number)
        async with self.system.db.transaction() as tx:
            parcel = await parcel_of(tx, person_id=person_id, round_id=self.round.id)
        assert parcel is not None
        await hand_over(
            self.system.db,
            self.clock,
            person_id=person_id,
            round_id=self.round.id,
            chain=parcel.chain,
            store_code=parcel.store_code,
            document=Document.NHI_CARD,
            by_proxy=False,
            clerk="clerk",
        )

    async def progress(self, number: int) -> Progress | None:
        now = await self.clock.now()
        async with self.system.db.transaction() as tx:
            return await progress_of(
                tx, person_id=self.person_id(number), round=self.round, now=now
            )

    async def selected(self) -> list[int]:
        """The numbers of the selected, once the draw is published."""
        standing = [await self.progress(number) for number in range(len(self.people))]
        drawn = [(n, each) for n, each in enumerate(standing) if each and each.rank]
        return [number for number, each in drawn if each.rank and each.rank <= self.round.quota]


@asynccontextmanager
async def open_play(url: str, keys: Keys, opening: datetime) -> AsyncIterator[Play]:
    """A play at the opening of its round, over a fresh database."""
    async with Database(url, size=8) as db:
        clock = SetClock(db)
        await clock.set(opening)
        sandbox = Sandbox.over(db, clock, keys)
        async with open_system(db, clock=clock, keys=keys, partners=sandbox.partners) as system:
            play = Play(
                system=system,
                sandbox=sandbox,
                clock=clock,
                round=replace(built_in_round("2020-1"), quota=8),
            )
            await play.build()
            yield play
