"""A ledger and a gateway whose own account of the money is as a test wants it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from uuid import UUID

from draw.town import Town, somebody
from emask.payment.ports import (
    CardAction,
    CardRefund,
    CardState,
    CheckoutForm,
    GatewayMessage,
    MessageKind,
    Purchase,
    Question,
    Reply,
    ReturnAddresses,
    SettledRow,
    TradeStanding,
)
from emask.payment.receiving import take_in
from emask.payment.reconciliation import reconcile
from emask.payment.reconciliation_asking import Asking
from emask.payment.reconciliation_model import Reason, Reconciliation
from emask.payment.trade_queries import NewTrade, insert
from emask.rules.calendar import at
from emask.rules.price import Method

DAY = date(2020, 3, 19)
NOON = at(DAY, 12)
_NUMBERS = count(1)


@dataclass(slots=True)
class FakeGateway:
    """Answers from what it was given; `asked` are the trades that it was asked about.

    `file` is None where it gives out none; an exception among the answers is raised.
    """

    name: str = "ecpay"
    file: Sequence[SettledRow] | Exception | None = ()
    answers: dict[str, TradeStanding | Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    cashier: str = "http://localhost"
    taken: Reply = field(default=Reply(status=200, content="OK"))
    not_genuine: Reply = field(default=Reply(status=200, content="no"))

    def checkout(
        self, purchase: Purchase, addresses: ReturnAddresses, *, at: datetime
    ) -> CheckoutForm:
        raise NotImplementedError

    def read(self, body: bytes, *, at: datetime) -> GatewayMessage:
        raise NotImplementedError

    def read_returned(self, body: bytes, *, at: datetime) -> GatewayMessage | None:
        raise NotImplementedError

    async def ask(self, question: Question, *, at: datetime) -> TradeStanding:
        self.asked.append(question.trade_no)
        answer = self.answers.get(question.trade_no, TradeStanding())
        if isinstance(answer, Exception):
            raise answer
        return answer

    def next_step(
        self, refund: CardRefund, state: CardState
    ) -> tuple[CardAction, CardState] | None:
        raise NotImplementedError

    async def take_step(self, refund: CardRefund, action: CardAction, *, at: datetime) -> None:
        raise NotImplementedError

    async def settled(self, day: date, *, at: datetime) -> Sequence[SettledRow] | None:
        if isinstance(self.file, Exception):
            raise self.file
        return self.file

    def read_settled(self, content: bytes) -> Sequence[SettledRow]:
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Orders of 22 NT$, their ledger, and the gateway's side of it."""

    town: Town
    gateway: FakeGateway
    waits: list[float] = field(default_factory=list)

    async def order(self) -> UUID:
        entry = somebody()
        await self.town.enter([entry])
        await self.town.rows(
            "INSERT INTO orders (person_id, round_id, chain, store_code, channel, amount,"
            " changed_at) SELECT person_id, round_id, chain, store_code, channel, 22, %s"
            " FROM preorder WHERE person_id = %s",
            self.town.round.pay_from,
            entry.person_id,
        )
        return entry.person_id

    async def trade(self, orders: int = 1, *, opened_at: datetime | None = None) -> str:
        """A trade that pays so many new orders; nothing is known of it yet."""
        people = [await self.order() for _ in range(orders)]
        trade_no = f"T{next(_NUMBERS):06d}"
        async with self.town.db.transaction() as tx:
            await insert(
                tx,
                NewTrade(
                    people=people,
                    round_id=self.town.round.id,
                    gateway=self.gateway.name,
                    method=Method.CREDIT_CARD,
                    amount=22,
                    trade_no=trade_no,
                    opened_by=people[0],
                    opened_at=opened_at or self.town.round.pay_from,
                ),
            )
        return trade_no

    def told(
        self, trade_no: str, *, amount: int = 22, at: datetime = NOON, number: str = "G1"
    ) -> GatewayMessage:
        """Money, as the gateway tells of it under a number of its own."""
        return GatewayMessage(
            trade_no=trade_no,
            message_id=f"paid:{trade_no}:{number}",
            kind=MessageKind.PAID,
            amount=amount,
            account=None,
            valued_at=at,
            simulated=False,
            gateway_trade_no=number,
        )

    async def take(self, message: GatewayMessage) -> str:
        return await take_in(
            self.town.db, self.town.clock, gateway=self.gateway.name, message=message
        )

    async def paid(self, orders: int = 1) -> str:
        """A trade that was paid at noon and of which the ledger knows."""
        trade_no = await self.trade(orders)
        await self.take(self.told(trade_no, amount=22 * orders))
        return trade_no

    @staticmethod
    def row(trade_no: str, amount: int = 22, *, number: str = "G1") -> SettledRow:
        return SettledRow(
            trade_no=trade_no,
            gateway_trade_no=number,
            method="card",
            amount=amount,
            valued_at=None,
        )

    async def given_back(self, trade_no: str, *, on: datetime) -> None:
        """What of a trade goes back has gone back by card."""
        await self.town.rows(
            "UPDATE refund SET way = 'card', state = 'done', done_at = %s FROM payment_event e"
            " JOIN payment_attempt a USING (person_id, attempt_id) WHERE a.trade_no = %s"
            " AND (refund.person_id, refund.event_id) = (e.person_id, e.event_id)",
            on,
            trade_no,
        )

    async def held_against(
        self, *rows: SettledRow, day: date = DAY, most: int = 600
    ) -> Reconciliation:
        """The reconciliation of a file of these rows, at ten on the day after."""
        self.gateway.file = rows
        return await self.reconcile(day=day, most=most)

    async def reconcile(self, *, day: date = DAY, most: int = 600) -> Reconciliation:
        await self.town.clock.set(at(day + timedelta(days=1), 10))

        async def wait(seconds: float) -> None:
            self.waits.append(seconds)

        return await reconcile(
            self.town.db,
            self.town.clock,
            self.gateway,
            day=day,
            asking=Asking(most=most, sleep=wait),
        )


def reasons(found: Reconciliation) -> dict[str, tuple[Reason, int, int]]:
    """What is said of each trade: why, and what the file and the ledger have."""
    return {
        each.trade_no: (each.reason, each.file_amount, each.ledger_amount)
        for each in found.differences
    }
