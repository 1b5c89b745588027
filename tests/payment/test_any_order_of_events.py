"""Whatever happens to one order in whatever sequence: credited once, and every dollar is found."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from emask.payment.model import MoneySummary
from emask.payment.ports import ForgedMessage
from emask.rules.calendar import Round
from emask.rules.price import Method
from emask.rules.refusals import Refusal
from emask.sandbox.gateway import Fields
from payment.market import Market

NAMES = (
    *("open", "open", "pay", "pay", "pay", "late", "wrong", "again", "forge", "simulate"),
    *("decline", "account", "wait", "lapse"),
)
ACTS = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 30)), min_size=4, max_size=20)


@dataclass
class Plain:
    """The order as a clerk with a pencil would keep it."""

    round: Round
    state: str = "awaiting_payment"
    seen: set[str] = field(default_factory=set)
    received: int = 0
    refunded: int = 0

    def take(self, fields: Fields, known_at: datetime) -> str:
        if fields["message_id"] in self.seen:
            return "duplicate"
        self.seen.add(fields["message_id"])
        if fields["kind"] != "paid" or fields["simulated"] == "1":
            return "simulated" if fields["kind"] == "paid" else fields["kind"]
        self.received += int(fields["amount"])
        outcome = self.judge(fields, known_at)
        if outcome == "settles":
            self.state = "paid"
        else:
            self.refunded += int(fields["amount"])
        return outcome

    def judge(self, fields: Fields, known_at: datetime) -> str:
        valued_at = datetime.fromisoformat(fields["valued_at"])
        if self.state == "paid":
            return "double"
        if self.state == "lapsed" or valued_at >= self.round.pay_until:
            return "late"
        if known_at >= self.round.release_at:
            return "late"
        return "settles" if fields["amount"] == "22" else "wrong_amount"

    def lapse(self, now: datetime) -> None:
        if now >= self.round.release_at and self.state == "awaiting_payment":
            self.state = "lapsed"


@dataclass
class History:
    """One order's life on the real thing."""

    market: Market
    person_id: UUID
    plain: Plain
    before: MoneySummary
    trades: list[str] = field(default_factory=list)
    delivered: list[Fields] = field(default_factory=list)

    async def act(self, act: str, number: int) -> None:
        clock = self.market.town.clock
        now = await clock.now()
        if act == "open" or not self.trades:
            await self.open(tuple(Method)[number % 3])
        elif act == "wait":
            await clock.set(now + timedelta(hours=number))
        elif act == "lapse":
            await self.lapse(now)
        elif act == "again":
            for fields in self.delivered[number:][:1]:
                await self.deliver(fields)
        elif act == "forge":
            await self.refuse(await self.market.gateway.forge(self.trades[-1], at=now))
        else:
            await self.deliver(await self.message(act, number, now))

    async def message(self, act: str, number: int, now: datetime) -> Fields:
        gateway, trade_no = self.market.gateway, self.trades[number % len(self.trades)]
        match act:
            case "late":
                late = max(now, self.plain.round.pay_until)
                return await gateway.pay(trade_no, at=late)
            case "wrong":
                return await gateway.pay(trade_no, at=now, amount=number)
            case "simulate":
                return await gateway.simulate(trade_no, at=now)
            case "decline":
                return await gateway.decline(trade_no, at=now)
            case "account":
                return await gateway.issue_account(trade_no, at=now)
            case _:
                return await gateway.pay(trade_no, at=now)

    async def open(self, method: Method) -> None:
        try:
            self.trades.append(await self.market.trade(self.person_id, method))
        except Refusal:
            assert self.plain.state != "awaiting_payment" or (
                await self.market.town.clock.now() >= self.plain.round.pay_until
            )

    async def lapse(self, now: datetime) -> None:
        if now >= self.plain.round.release_at:
            await self.market.lapse()
        self.plain.lapse(now)

    async def deliver(self, fields: Fields) -> None:
        expected = self.plain.take(fields, await self.market.town.clock.now())
        assert await self.market.receive(fields) == expected
        self.delivered.append(fields)

    async def refuse(self, fields: Fields) -> None:
        try:
            await self.market.receive(fields)
        except ForgedMessage:
            return
        raise AssertionError("a forged message was taken")

    async def check(self) -> None:
        market, plain = self.market, self.plain
        paid = plain.state == "paid"
        assert await market.state(self.person_id) == plain.state
        assert (await market.outcomes(self.person_id)).count("settles") == paid
        assert len(await market.claims(self.person_id)) == paid
        after = await market.money()
        assert after.balanced
        assert after.received - self.before.received == plain.received
        assert after.refunds_due - self.before.refunds_due == plain.refunded
        assert after.orders_paid - self.before.orders_paid == 22 * paid


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=ACTS)
@example(acts=[("open", 0), ("account", 0), ("open", 2)])  # an account that says no number
async def test_an_order_is_credited_once_and_every_dollar_is_found(
    market: Market, acts: list[tuple[str, int]]
) -> None:
    await market.town.clock.set(market.town.round.pay_from)
    history = History(market, await market.order(), Plain(market.town.round), await market.money())
    for act, number in acts:
        await history.act(act, number)
    await history.check()
