"""Payers, their banks and the messages about them, on the real thing and in a clerk's books."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from emask.payment import receiving, service
from emask.payment.checkout import checkout
from emask.payment.model import Started
from emask.payment.ports import ForgedMessage, GatewayMessage, Gateways
from emask.payment.sweep import last_from
from emask.rules.price import Method
from emask.rules.refusals import Refusal
from payment.clerk import PRICE, Clerk, Paper
from payment.mortal import Died, HandClock, Moment
from payment.stage import EveryTill, Stage

T = TypeVar("T")

NUMBER = st.integers(0, 11)
COMPUTER = st.sampled_from([0, 1, 0, 1, 2])
METHOD = st.sampled_from(Method)
DEATH = st.sampled_from([None, None, None, *Moment])
MOSTLY = st.sampled_from([True, True, True, False])
TOLD = st.sampled_from(["now", "now", "later", "never"])


class Payers(RuleBasedStateMachine):
    """Two orders by computer and one by phone; whoever pays for another is allowed to."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage, self.db, self.round = stage, stage.db, stage.round
        self.clock = HandClock(stage.round.pay_from)
        self.till = EveryTill()
        self.gateways = Gateways([self.till], dict.fromkeys(Method, self.till.name))
        self.mail: list[bytes] = []
        self.touched = True

    @property
    def now(self) -> datetime:
        return self.clock.instant

    def run(self, act: Awaitable[T]) -> T:
        self.touched = True

        async def acting() -> T:
            return await act

        return self.stage.runner.run(acting())

    @initialize(
        begun=st.lists(st.tuples(NUMBER, METHOD), min_size=1, max_size=3), jointly=st.booleans()
    )
    def open_orders(self, begun: list[tuple[int, Method]], *, jointly: bool) -> None:
        self.people = tuple(sorted(uuid4() for _ in range(3)))
        self.clerk = Clerk(
            round=self.round,
            by_phone=frozenset(self.people[2:]),
            states=dict.fromkeys(self.people, "awaiting_payment"),
        )
        self.db.lives()
        self.run(self.stage.open_orders(self.people))
        for who, method in begun:
            self.start(who, method, anew=True, goes=True, death=None)
        if jointly:
            self.start_jointly(0, {1}, goes=True, death=None)

    # time

    @rule(minutes=st.sampled_from([1, 4, 11, 16, 45]))
    def wait(self, minutes: int) -> None:
        self.clock.instant += timedelta(minutes=minutes)

    @rule()
    def wait_for_what_comes(self) -> None:
        """To the next instant that means something."""
        round = self.round
        instants = (
            round.pay_until - timedelta(minutes=5),
            round.pay_until,
            last_from(round),
            round.release_at - timedelta(minutes=1),
            round.release_at,
            round.release_at + timedelta(hours=2),
        )
        self.clock.instant = min((each for each in instants if each > self.now), default=self.now)

    # payers

    @rule(who=NUMBER, method=METHOD, anew=st.booleans(), goes=MOSTLY, death=DEATH)
    def start(
        self, who: int, method: Method, *, anew: bool, goes: bool, death: Moment | None
    ) -> None:
        person_id = self.people[who % 3]
        begin = service.start_anew if anew else service.start_payment
        starting = begin(
            self.db,
            self.clock,
            self.gateways,
            person_id=person_id,
            round=self.round,
            method=method,
        )
        self._start((person_id,), person_id, method, starting, anew=anew, goes=goes, death=death)

    @rule(who=COMPUTER, others=st.sets(COMPUTER, max_size=2), goes=MOSTLY, death=DEATH)
    def start_jointly(
        self, who: int, others: set[int], *, goes: bool, death: Moment | None
    ) -> None:
        payer, family = self.people[who % 3], {self.people[each % 3] for each in others}
        self.run(self.stage.allow(payer, family - {payer}, at=self.now))
        starting = service.start_joint_payment(
            self.db, self.clock, self.gateways, payer=payer, others=family, round=self.round
        )
        people = tuple(sorted({payer, *family}))
        self._start(people, payer, Method.CREDIT_CARD, starting, anew=False, goes=goes, death=death)

    def _start(
        self,
        people: tuple[UUID, ...],
        payer: UUID,
        method: Method,
        starting: Awaitable[Started],
        *,
        anew: bool,
        goes: bool,
        death: Moment | None,
    ) -> None:
        refusal = self.clerk.refusal(people, method, self.now)
        accounts = self.clerk.accounts(payer) if method is Method.ATM else set()
        going_on = None if anew else self.clerk.unanswered(people, payer, method, self.now)
        started, refused = None, None
        try:
            started = self.run(self.dying(0, death, starting))
        except Refusal as met:
            refused = met.code
        except Died:
            refused = refusal
        assert refused == refusal
        for trade_no in self.stage.trades() - self.clerk.papers.keys():
            assert refused is going_on is None
            assert not accounts
            self.clerk.papers[trade_no] = Paper(
                trade_no=trade_no,
                people=people,
                payer=payer,
                method=method,
                opened_at=self.now,
            )
            going_on = trade_no
        self.clock.instant += timedelta(seconds=1)  # trades are asked about in their sequence
        if started is None:
            return
        if started.account is not None:
            assert started.account.account in accounts
            return
        assert not accounts
        assert started.trade_no == going_on
        if goes and going_on is not None:
            self._go(going_on, payer)

    def _go(self, trade_no: str, payer: UUID) -> None:
        form = self.run(
            checkout(
                self.db,
                self.clock,
                self.gateways,
                trade_no=trade_no,
                payer=payer,
                origin="https://emask.test",
                language="en",
            )
        )
        people = self.clerk.papers[trade_no].people
        assert form.fields["amount"] == str(PRICE * len(people))
        self.till.open(form)

    # payers and their banks, at the gateway

    def trade(self, number: int) -> str:
        return list(self.till.trades)[number % len(self.till.trades)]

    def at_the_till(self) -> bool:
        return bool(self.till.trades)

    @precondition(at_the_till)
    @rule(number=NUMBER, amount=st.sampled_from([None, None, None, 0, 21, 22, 44]), told=TOLD)
    def pay(self, number: int, amount: int | None, told: str) -> None:
        """Money comes; a card is charged once for a trade, to an account it may come again."""
        trade_no = self.trade(number)
        if self.clerk.papers[trade_no].method is Method.CREDIT_CARD and self._charged(trade_no):
            return
        self._send(self.till.pay(trade_no, at=self.now, amount=amount), told)

    def _charged(self, trade_no: str) -> bool:
        return any(message.kind == "paid" for message in self.till.trades[trade_no].news)

    @precondition(at_the_till)
    @rule(number=NUMBER)
    def pay_as_asked(self, number: int) -> None:
        self.pay(number, None, "now")

    @precondition(at_the_till)
    @rule(number=NUMBER, what=st.sampled_from(["decline", "issue", "issue", "simulate"]), told=TOLD)
    def say_what_is_no_money(self, number: int, what: str, told: str) -> None:
        trade_no = self.trade(number)
        if what == "issue" and self.clerk.papers[trade_no].method is not Method.ATM:
            return
        say = {"decline": self.till.decline, "issue": self.till.issue}.get(what, self.till.simulate)
        self._send(say(trade_no, at=self.now), told)

    @precondition(at_the_till)
    @rule(number=NUMBER)
    def forge(self, number: int) -> None:
        body = self.till.forge(self.trade(number), at=self.now)
        with suppress(ForgedMessage):
            self.run(self.receive(body))
            raise AssertionError("a forged message was taken")

    def _send(self, body: bytes, told: str) -> None:
        if told != "never":
            self.mail.append(body)
        if told == "now":
            self.deliver(len(self.mail) - 1, death=None)

    # what is told

    async def receive(self, body: bytes) -> str:
        return await receiving.receive(self.db, self.clock, self.till, body=body)

    def letter(self, number: int) -> bytes:
        return self.mail[number % len(self.mail)]

    def told(self, body: bytes) -> GatewayMessage:
        return self.till.read(body, at=self.now)

    def _any_mail(self) -> bool:
        return bool(self.mail)

    @precondition(_any_mail)
    @rule(number=NUMBER, death=DEATH)
    def deliver(self, number: int, death: Moment | None) -> None:
        """A message comes, perhaps once more, perhaps long after others."""
        body = self.letter(number)
        try:
            outcome = self.run(self.dying(0, death, self.receive(body)))
        except Died:
            if death is Moment.AFTER_COMMIT:
                self.clerk.take(self.told(body), self.now)
            return
        event(outcome)
        assert outcome == self.clerk.take(self.told(body), self.now)

    @precondition(_any_mail)
    @rule(one=NUMBER, other=NUMBER)
    def deliver_two_at_once(self, one: int, other: int) -> None:
        bodies = self.letter(one), self.letter(other)
        outcomes = self.run(self.both(self.receive(bodies[0]), self.receive(bodies[1])))
        books = []
        for order in ((0, 1), (1, 0)):
            clerk, expected = deepcopy(self.clerk), ["", ""]
            for which in order:
                expected[which] = clerk.take(self.told(bodies[which]), self.now)
            if expected == outcomes:
                books.append(clerk)
        assert books, outcomes
        self.clerk = books[0]

    async def dying(self, number: int, death: Moment | None, act: Awaitable[T]) -> T:
        """Let the process die in that transaction of the act, if it comes as far."""
        if death is not None:
            self.db.dies(number, death)
        try:
            return await act
        finally:
            self.db.lives()

    async def both(self, one: Awaitable[Any], other: Awaitable[Any]) -> list[Any]:
        return list(await asyncio.gather(one, other))
