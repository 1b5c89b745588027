"""Orders to be paid and a gateway to pay them at."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from draw.town import Town, somebody
from emask.entitlement.service import claims_of
from emask.payment import service
from emask.payment.model import MoneySummary
from emask.payment.ports import Instruction
from emask.rules.interval import Claim
from emask.rules.price import Method
from emask.sandbox.gateway import Fields, SandboxGateway


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What acts on the database of one test."""

    town: Town
    gateway: SandboxGateway

    async def order(self, *, channel: str = "computer", state: str = "awaiting_payment") -> UUID:
        """A new person's order, as the draw would have opened it."""
        entry = somebody(channel=channel)
        await self.town.enter([entry])
        await self.town.rows(
            "INSERT INTO orders (person_id, round_id, chain, store_code, channel, amount, state,"
            " changed_at) SELECT person_id, round_id, chain, store_code, channel, 22, %s, %s"
            " FROM preorder WHERE person_id = %s",
            state,
            self.town.round.pay_from,
            entry.person_id,
        )
        return entry.person_id

    async def start(self, person_id: UUID, method: Method) -> Instruction:
        return await service.start_payment(
            self.town.db,
            self.town.clock,
            self.gateway,
            person_id=person_id,
            round=self.town.round,
            method=method,
        )

    async def trade(self, person_id: UUID, method: Method = Method.CREDIT_CARD) -> str:
        """The gateway's number of a payment that was just started."""
        instruction = await self.start(person_id, method)
        if instruction.account is not None:
            return await self.gateway.trade_to(instruction.account)
        assert instruction.redirect_url is not None
        return instruction.redirect_url.rpartition("/")[2]

    async def receive(self, fields: Fields) -> str:
        return await service.receive(self.town.db, self.town.clock, self.gateway, fields=fields)

    async def pay(self, person_id: UUID, *, at: datetime | None = None) -> str:
        """Start, pay and receive, all at the clock's time unless the bank values it otherwise."""
        trade_no = await self.trade(person_id)
        valued_at = at or await self.town.clock.now()
        return await self.receive(await self.gateway.pay(trade_no, at=valued_at))

    async def lapse(self) -> int:
        async with self.town.db.transaction() as tx:
            at = await self.town.clock.now()
            return await service.lapse_unpaid(tx, round=self.town.round, at=at)

    async def state(self, person_id: UUID) -> str:
        return str(
            await self.town.value("SELECT state FROM orders WHERE person_id = %s", person_id)
        )

    async def money(self) -> MoneySummary:
        async with self.town.db.transaction() as tx:
            return await service.money_of(tx, self.town.round.id)

    async def claims(self, person_id: UUID) -> list[Claim]:
        async with self.town.db.transaction() as tx:
            return await claims_of(tx, person_id)

    async def outcomes(self, person_id: UUID) -> list[str]:
        """What came of each event of a person, in the order in which they became known."""
        rows = await self.town.rows(
            "SELECT outcome FROM payment_event WHERE person_id = %s ORDER BY known_at, ctid",
            person_id,
        )
        return [str(row[0]) for row in rows]

    async def notices(self, person_id: UUID) -> dict[str, dict[str, object]]:
        """The figures of each kind of notice that waits for a person."""
        rows = await self.town.rows(
            "SELECT kind, payload FROM outbox WHERE person_id = %s", person_id
        )
        return {str(kind): payload for kind, payload in rows}
