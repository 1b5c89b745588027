"""Orders, trades and money as a clerk with a pencil would keep them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from emask.payment.ports import GatewayMessage, MessageKind
from emask.rules.calendar import Round
from emask.rules.price import Method

PRICE = 22
WAITS_FOR_AN_ANSWER = timedelta(minutes=15)


@dataclass(kw_only=True)
class Paper:
    """What was noted of one trade."""

    trade_no: str
    people: tuple[UUID, ...]
    payer: UUID
    method: Method
    opened_at: datetime
    answered: bool = False
    has_money: bool = False
    account: tuple[datetime, str] | None = None


@dataclass(kw_only=True)
class Clerk:
    """Keeps the books; `back` is what goes back: to whom, NT$ and why."""

    round: Round
    by_phone: frozenset[UUID]
    states: dict[UUID, str]
    no_day_left: set[UUID] = field(default_factory=set)
    papers: dict[str, Paper] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    received: int = 0
    back: Counter[tuple[UUID, int, str]] = field(default_factory=Counter)

    # starting

    def refusal(self, people: Iterable[UUID], method: Method, now: datetime) -> str | None:
        """Why these orders cannot be paid so, as the first of them is refused."""
        for person_id in sorted(people):
            if self.states[person_id] == "paid":
                return "already_paid"
            if self.states[person_id] == "lapsed" or now >= self.round.pay_until:
                return "payment_closed"
            if person_id in self.by_phone and method is not Method.ATM:
                return "method_not_allowed"
        return None

    def accounts(self, person_id: UUID) -> set[str]:
        """The account to transfer to; of several told at one instant it may be any."""
        if self.states[person_id] != "awaiting_payment":
            return set()
        told = [
            paper.account
            for paper in self.papers.values()
            if paper.people == (person_id,) and paper.account and not paper.has_money
        ]
        latest = max(told, default=None)
        return {account for at, account in told if latest and at == latest[0]}

    def unanswered(
        self, people: Sequence[UUID], payer: UUID, method: Method, now: datetime
    ) -> str | None:
        """The trade to go on with: the last one for the payer's order, if it is this very one."""
        tried = [paper for paper in self.papers.values() if payer in paper.people]
        last = max(tried, key=lambda paper: paper.opened_at, default=None)
        if last is None or last.answered or last.opened_at <= now - WAITS_FOR_AN_ANSWER:
            return None
        wanted = (tuple(sorted(people)), payer, method)
        return last.trade_no if (last.people, last.payer, last.method) == wanted else None

    # taking in

    def take(self, message: GatewayMessage, now: datetime) -> str:
        """Enter a message; what comes of it."""
        if message.message_id in self.seen:
            return "duplicate"
        self.seen.add(message.message_id)
        paper = self.papers[message.trade_no]
        paper.answered = True
        if message.kind is not MessageKind.PAID:
            if message.account is not None:
                paper.account = (now, message.account)
            return message.kind
        if message.simulated:
            return "simulated"
        paper.has_money = True
        self.received += message.amount
        if len(paper.people) > 1 and message.amount != PRICE * len(paper.people):
            self.give_back(paper.payer, message.amount, "wrong_amount")
            return "wrong_amount"
        share = message.amount // len(paper.people)
        outcomes = [self.credit(each, share, message.valued_at, now) for each in paper.people]
        return next((each for each in outcomes if each != "settles"), "settles")

    def credit(self, person_id: UUID, amount: int, valued_at: datetime, now: datetime) -> str:
        outcome = self.judge(person_id, amount, valued_at, now)
        if outcome == "settles":
            self.states[person_id] = "paid"
        else:
            self.give_back(person_id, amount, outcome)
        return outcome

    def judge(self, person_id: UUID, amount: int, valued_at: datetime, now: datetime) -> str:
        if self.states[person_id] == "paid":
            return "double"
        if self.states[person_id] == "lapsed" or valued_at >= self.round.pay_until:
            return "late"
        if now >= self.round.release_at:
            return "late"
        if amount != PRICE:
            return "wrong_amount"
        return "no_day_left" if person_id in self.no_day_left else "settles"

    def give_back(self, person_id: UUID, amount: int, reason: str) -> None:
        if amount > 0:
            self.back[person_id, amount, reason] += 1

    def lapse(self) -> None:
        for person_id, state in self.states.items():
            if state == "awaiting_payment":
                self.states[person_id] = "lapsed"
