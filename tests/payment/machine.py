"""Payments of three orders in whatever sequence, on the real thing and in a clerk's books."""

from contextlib import suppress
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from emask.payment import refunds, transfers
from emask.payment.refund_model import Payee
from emask.payment.sweep import sweep
from emask.payment.sweep_queries import ANSWERS_AFTER
from emask.payment.transfers import NothingToTransfer
from payment.clerk import PRICE
from payment.mortal import Died, Moment
from payment.payers import DEATH, NUMBER, Payers


def at_the_till(machine: Payers) -> bool:
    return machine.at_the_till()


class PaymentMachine(Payers):
    """And the sweep, the programme, what goes back; and what always holds."""

    @precondition(at_the_till)
    @rule(
        minutes=st.sampled_from([0, 11, 11]),
        most=st.integers(1, 4),
        silent=st.sets(NUMBER, max_size=1),
        pauses=st.sampled_from([False, False, True]),
        step=st.integers(0, 4),
        death=DEATH,
    )
    def ask(
        self,
        minutes: int,
        most: int,
        silent: set[int],
        *,
        pauses: bool,
        step: int,
        death: Moment | None,
    ) -> None:
        """The sweep; what it found is taken from the inbox, the clerk says what comes of it."""
        self.wait(minutes)
        self.till.asked.clear()
        self.till.silent_about = {self.trade(number) for number in silent}
        self.till.paused_until = self.now + timedelta(minutes=30) if pauses else None
        swept = sweep(self.db, self.clock, self.gateways, round=self.round, most=most)
        with suppress(Died):
            self.run(self.dying(step, death, swept))
            death = None
        taken = self.stage.books().seen
        for question in self.till.asked:
            paper = self.clerk.papers[question.trade_no]
            assert question.opened_at == paper.opened_at <= self.now - ANSWERS_AFTER
            assert question.amount == PRICE * len(paper.people)
            trade = self.till.trades.get(question.trade_no)
            for message in trade.news if trade else ():
                if message.message_id in taken:
                    self.clerk.take(message, self.now)
                else:
                    assert death or pauses or question.trade_no in self.till.silent_about
        self.till.silent_about.clear()
        self.till.paused_until = None

    # the programme

    def _released(self) -> bool:
        return self.now >= self.round.release_at

    @precondition(_released)
    @rule(death=DEATH)
    def lapse(self, death: Moment | None) -> None:
        with suppress(Died):
            self.run(self.dying(0, death, self.stage.lapse(at=self.now)))
            death = None
        if death is not Moment.BEFORE_COMMIT:
            self.clerk.lapse()

    @precondition(lambda self: self.mail and self._released())
    @rule(number=NUMBER)
    def lapse_while_a_message_comes(self, number: int) -> None:
        body = self.letter(number)
        outcome, _ = self.run(self.both(self.receive(body), self.stage.lapse(at=self.now)))
        assert outcome == self.clerk.take(self.told(body), self.now)  # late, whoever was first
        self.clerk.lapse()

    @rule(who=NUMBER)
    def buy_at_a_counter(self, who: int) -> None:
        """A purchase that leaves no day to collect the pack."""
        person_id = self.people[who % 3]
        if person_id in self.clerk.no_day_left or self.clerk.states[person_id] == "paid":
            return
        self.clerk.no_day_left.add(person_id)
        self.run(self.stage.sell_at_a_counter(person_id))

    # what goes back

    def _something_goes_back(self) -> bool:
        return bool(self.clerk.back)

    @precondition(_something_goes_back)
    @rule(
        trouble=st.sampled_from(["none", "none", "answer is lost", "nothing happens"]),
        step=st.integers(0, 4),
        death=DEATH,
    )
    def give_back_cards(self, trouble: str, step: int, death: Moment | None) -> None:
        if trouble == "answer is lost":
            self.till.lose_answer()
        if trouble == "nothing happens":
            self.till.stall()
        giving = refunds.give_back_cards(self.db, self.clock, self.gateways)
        with suppress(Died):
            self.run(self.dying(step, death, giving))

    @precondition(_something_goes_back)
    @rule(death=DEATH)
    def pay_out(self, death: Moment | None) -> None:
        """Everybody tells an account; one operator makes the file, another releases it."""
        with suppress(Died, NothingToTransfer):
            self.run(self._pay_out(death))

    async def _pay_out(self, death: Moment | None) -> None:
        db, clock, payee = self.db, self.clock, Payee(bank_code="700", account="0001234567")
        async with db.transaction() as tx:
            due = await refunds.refunds_due(tx)
        for refund in due:
            if (refund.way, refund.state) == ("transfer", "due"):
                await transfers.give_account(
                    db,
                    clock,
                    self.stage.vault,
                    person_id=refund.person_id,
                    event_id=refund.event_id,
                    payee=payee,
                )
        file_id = await transfers.make_file(db, clock, operator="one")
        await transfers.release(db, clock, file_id=file_id, operator="two")
        await self.dying(0, death, transfers.mark_sent(db, clock, file_id=file_id, operator="one"))

    # what always holds

    @invariant()
    def every_dollar_is_found_where_the_clerk_has_it(self) -> None:
        if not self.touched:
            return
        self.touched = False
        found = self.stage.books()
        paid = {each: 1 for each, state in self.clerk.states.items() if state == "paid"}
        back = self.clerk.back
        assert found.received == self.clerk.received
        assert found.received == PRICE * len(paid) + sum(k[1] * n for k, n in back.items())
        assert found.states == self.clerk.states
        assert found.settled == paid
        assert found.claimed == paid
        assert found.back == back
        assert found.seen == self.clerk.seen
        for trade_no, (done, owed) in found.cards.items():
            assert done <= self._given_back(trade_no) <= owed

    def _given_back(self, trade_no: str) -> int:
        """What the gateway says that the card got back."""
        money = self.till.money.get(trade_no)
        return 0 if money is None else money.back

    @invariant()
    def no_card_gets_back_more_than_it_paid(self) -> None:
        assert all(money.back <= money.paid for money in self.till.money.values())

    def teardown(self) -> None:
        self.db.lives()
