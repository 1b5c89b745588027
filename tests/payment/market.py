"""Orders to be paid and a gateway to pay them at."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from draw.town import Town, somebody
from emask.entitlement.service import claims_of
from emask.payment import receiving, service
from emask.payment.checkout import checkout
from emask.payment.model import IssuedAccount, MoneySummary, Started
from emask.payment.ports import CheckoutForm, Gateways
from emask.rules.interval import Claim
from emask.rules.price import Method
from payment.till import Till

ORIGIN = "https://emask.test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What acts on the database of one test."""

    town: Town
    till: Till = field(default_factory=Till)

    @property
    def gateways(self) -> Gateways:
        return Gateways([self.till], dict.fromkeys(Method, self.till.name))

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

    async def start(self, person_id: UUID, method: Method) -> Started:
        return await service.start_payment(
            self.town.db,
            self.town.clock,
            self.gateways,
            person_id=person_id,
            round=self.town.round,
            method=method,
        )

    async def start_anew(self, person_id: UUID, method: Method) -> Started:
        return await service.start_anew(
            self.town.db,
            self.town.clock,
            self.gateways,
            person_id=person_id,
            round=self.town.round,
            method=method,
        )

    async def form(self, trade_no: str, payer: UUID) -> CheckoutForm:
        return await checkout(
            self.town.db,
            self.town.clock,
            self.gateways,
            trade_no=trade_no,
            payer=payer,
            origin=ORIGIN,
            language="zh",
        )

    async def trade(self, person_id: UUID, method: Method = Method.CREDIT_CARD) -> str:
        """The number of a trade that was just started and opened at the till."""
        started = await self.start(person_id, method)
        if started.account is not None:
            return self.till.trade_to(started.account.account)
        assert started.trade_no is not None
        return self.till.open(await self.form(started.trade_no, person_id))

    async def trade_anew(self, person_id: UUID, method: Method = Method.CREDIT_CARD) -> str:
        """Likewise, whatever was started before."""
        started = await self.start_anew(person_id, method)
        assert started.trade_no is not None
        return self.till.open(await self.form(started.trade_no, person_id))

    async def issue(self, person_id: UUID) -> IssuedAccount:
        """The account for a transfer, started, issued and told."""
        trade_no = await self.trade(person_id, Method.ATM)
        await self.receive(self.till.issue(trade_no, at=await self.town.clock.now()))
        account = await self.account(person_id)
        assert account is not None
        return account

    async def account(self, person_id: UUID) -> IssuedAccount | None:
        async with self.town.db.transaction() as tx:
            return await service.account_of(tx, person_id=person_id, round_id=self.town.round.id)

    async def receive(self, body: bytes) -> str:
        return await receiving.receive(self.town.db, self.town.clock, self.till, body=body)

    async def pay(self, person_id: UUID, *, at: datetime | None = None) -> str:
        """Start, pay and receive, all at the clock's time unless the bank values it otherwise."""
        trade_no = await self.trade(person_id)
        valued_at = at or await self.town.clock.now()
        return await self.receive(self.till.pay(trade_no, at=valued_at))

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

    async def refunds(self) -> list[tuple[UUID, int, str]]:
        """What has to go back: to whom, how much and why."""
        return [
            (person_id, amount, reason)
            for person_id, amount, reason in await self.town.rows(
                "SELECT person_id, amount, reason FROM refund WHERE state <> 'done'"
                " ORDER BY due_at, person_id, event_id"
            )
        ]

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
