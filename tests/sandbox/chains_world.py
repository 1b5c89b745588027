"""A sender that sandboxed chains serve: it keeps what it is told, and answers as it likes."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import httpx2

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.delivery.counting import latest
from emask.delivery.ports import CreatedParcel, ListedStore, ParcelOrder, ParcelState, StatusMessage
from emask.partners.logistics import EcpayLogistics, SubType, state_of
from emask.rounds.model import Chain
from emask.sandbox.chains import TABLES, Parcels, Playing, Pushes, Timetable, create_chains
from emask.sandbox.mischief import Mischief
from emask.sandbox.schema import install
from emask.sandbox.wire import Wire, caller
from partners.logistics import LOGISTICS as ELSEWHERE
from partners.logistics import STORES, parcel

BASE = "http://partners.test/chains"
LOGISTICS = replace(ELSEWHERE, base=BASE, call_seconds=10)
TIMETABLE = Timetable()
OTHERS = {Chain.SE: "131387", Chain.OK: "1329"}


def listed(chain: Chain, code: str, name: str = "測試店") -> ListedStore:
    return ListedStore(chain=chain, code=code, name=name, address="臺北市", phone="02-1")


@dataclass
class World:
    """The chains, a sender, and the clock."""

    db: Database
    clock: SetClock
    timetable: Timetable = TIMETABLE
    answer: str = "1|OK"
    bodies: list[bytes] = field(default_factory=list)

    @classmethod
    async def stand(
        cls, db: Database, clock: SetClock, timetable: Timetable = TIMETABLE
    ) -> "World":
        await install(db)
        async with db.transaction() as tx:
            await tx.execute(TABLES)
        world = cls(db, clock, timetable)
        stores = [listed(chain, code) for chain, code in STORES.items()]
        others = [listed(chain, code, "另一店") for chain, code in OTHERS.items()]
        await world.parcels.replace_stores([*stores, *others])
        return world

    def __post_init__(self) -> None:
        self.mischief = Mischief(self.db)
        self.parcels = Parcels(self.db)
        self.playing = Playing(self.db, self.timetable)
        sender = httpx2.AsyncClient(transport=httpx2.MockTransport(self.hear))
        self.pushes = Pushes(self.db, sender, LOGISTICS, self.mischief)
        self.application = create_chains(
            LOGISTICS,
            timetable=self.timetable,
            clock=self.clock,
            db=self.db,
            mischief=self.mischief,
        )
        self.client = caller(Wire({"/chains": self.application}))
        self.carrier = EcpayLogistics(LOGISTICS, self.client)

    async def hear(self, request: httpx2.Request) -> httpx2.Response:
        self.bodies.append(request.content)
        await asyncio.sleep(0)
        return httpx2.Response(200, text=self.answer)

    @property
    def told(self) -> list[StatusMessage]:
        """What was told so far, as it came; raises ForgedMessage."""
        return [self.carrier.read(body) for body in self.bodies]

    def codes(self, trade_no: str) -> list[str]:
        return [each.code for each in self.told if each.trade_no == trade_no]

    def ends(self) -> dict[str, ParcelState]:
        """Where each parcel is, as far as was told."""
        told: dict[str, list[StatusMessage]] = {}
        for each in self.told:
            told.setdefault(each.trade_no, []).append(each)
        found = {trade_no: latest(messages) for trade_no, messages in told.items()}
        return {trade_no: message.state for trade_no, message in found.items() if message}

    async def create(self, order: ParcelOrder | None = None) -> CreatedParcel:
        return await self.carrier.create(order or parcel(), at=await self.clock.now())

    async def create_all(self, orders: Iterable[ParcelOrder]) -> list[CreatedParcel]:
        return [await self.create(order) for order in orders]

    async def pass_time(self, *, days: int = 0, hours: int = 0) -> datetime:
        """Let time pass, and everything that is due happen and be told."""
        now = await self.clock.now() + timedelta(days=days, hours=hours)
        await self.clock.set(now)
        await self.playing.play(now)
        while await self.pushes.tell_due(now):
            pass
        return now

    async def real(self) -> dict[str, ParcelState]:
        """Where each parcel really is."""
        async with self.db.connection() as connection:
            cursor = await connection.execute(
                "SELECT trade_no, sub_type, code FROM sandbox.chains_parcel"
            )
            return {
                trade_no: state_of(SubType(sub_type), code)
                for trade_no, sub_type, code in await cursor.fetchall()
            }


def orders(count: int, chain: Chain = Chain.SE) -> list[ParcelOrder]:
    return [parcel(chain, {"trade_no": f"EP{chain}{n:05d}"}) for n in range(count)]
