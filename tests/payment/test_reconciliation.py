"""A gateway's day against the ledger: what agrees, and one fault for each reason."""

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from draw.town import Town
from emask.payment import reconciliation_queries
from emask.payment.ports import NoAnswer, Paused, Question, TradeStanding
from emask.payment.reconciliation import (
    DayNotOver,
    days_reconciled,
    days_to_reconcile,
    is_reconciled,
    reconcile,
    reconcile_file,
    take_file,
)
from emask.payment.reconciliation_model import Reason, Reconciliation
from emask.rules.calendar import at
from payment.books import DAY, NOON, Books, FakeGateway, reasons


@pytest.fixture
def books(town: Town) -> Books:
    return Books(town=town, gateway=FakeGateway())


async def sums(books: Books, day: date = DAY) -> tuple[int, int, int]:
    async with books.town.db.transaction() as tx:
        found = await reconciliation_queries.day_of(tx, "ecpay", day)
    assert found is not None
    return found.file_rows, found.file_total, found.ledger_total


async def test_what_agrees_leaves_nothing_to_explain(books: Books) -> None:
    alone, family = await books.paid(), await books.paid(3)
    found = await books.held_against(books.row(alone), books.row(family, 66, number="G2"))
    assert found.sound
    assert not found.differences
    assert await sums(books) == (2, 88, 88)
    assert not books.gateway.asked
    async with books.town.db.transaction() as tx:
        assert await is_reconciled(tx, gateway="ecpay", day=DAY)
        assert not await is_reconciled(tx, gateway="newebpay", day=DAY)


async def test_a_day_without_money_is_reconciled_too(books: Books) -> None:
    assert (await books.held_against()).sound
    assert await sums(books) == (0, 0, 0)


async def test_money_of_a_trade_that_nobody_opened(books: Books) -> None:
    found = await books.held_against(books.row("NOBODY"))
    assert reasons(found) == {"NOBODY": (Reason.UNKNOWN_TRADE, 22, 0)}
    assert not found.sound
    assert not books.gateway.asked  # there is nothing to ask about


async def test_a_trade_of_another_gateway_is_unknown_to_this_one(books: Books) -> None:
    trade_no = await books.paid()
    books.gateway.name = "newebpay"
    found = await books.held_against(books.row(trade_no))
    assert reasons(found) == {trade_no: (Reason.UNKNOWN_TRADE, 22, 0)}


async def test_money_that_the_ledger_lacks_and_nobody_confirms(books: Books) -> None:
    trade_no = await books.trade()
    found = await books.held_against(books.row(trade_no))
    assert reasons(found) == {trade_no: (Reason.NOT_IN_LEDGER, 22, 0)}
    assert books.gateway.asked == [trade_no]


async def test_a_lost_push_is_asked_about_and_taken_in(books: Books) -> None:
    trade_no = await books.trade()
    books.gateway.answers[trade_no] = TradeStanding(messages=[books.told(trade_no)])
    found = await books.held_against(books.row(trade_no))
    assert found.sound
    assert await sums(books) == (1, 22, 22)
    state = "SELECT o.state FROM orders o JOIN payment_attempt a USING (person_id, round_id)"
    assert await books.town.value(f"{state} WHERE trade_no = %s", trade_no) == "paid"
    assert await books.take(books.told(trade_no)) == "duplicate"  # the push, after all


async def test_a_lost_push_of_a_second_payment_is_taken_in_and_goes_back(books: Books) -> None:
    trade_no = await books.paid()
    books.gateway.answers[trade_no] = TradeStanding(
        messages=[books.told(trade_no), books.told(trade_no, number="G2")]
    )
    found = await books.held_against(books.row(trade_no), books.row(trade_no, number="G2"))
    assert found.sound
    assert await books.town.value("SELECT reason FROM refund") == "double"


@pytest.mark.parametrize(
    "silence", [NoAnswer("asleep"), Paused(NOON)], ids=lambda each: type(each).__name__
)
async def test_without_an_answer_the_difference_stands(books: Books, silence: Exception) -> None:
    first, second = await books.trade(), await books.trade()
    books.gateway.answers = {first: silence, second: silence}
    found = await books.held_against(books.row(first), books.row(second, number="G2"))
    assert {each.reason for each in found.differences} == {Reason.NOT_IN_LEDGER}
    assert found.unanswered == 2
    # who is told to pause asks no more
    assert len(books.gateway.asked) == (1 if isinstance(silence, Paused) else 2)

    books.gateway.answers = {
        each: TradeStanding(messages=[books.told(each)]) for each in (first, second)
    }
    again = await books.reconcile()
    assert again.sound
    assert again.unanswered == 0


async def test_a_pause_holds_for_every_question(books: Books) -> None:
    until = at(DAY + timedelta(days=1), 10, 30)
    books.gateway.file = Paused(until)
    with pytest.raises(Paused):
        await books.reconcile()
    assert await books.town.value("SELECT until FROM gateway_pause") == until
    with pytest.raises(Paused) as told:
        await books.held_against()  # at ten again
    assert told.value.until == until
    await books.town.clock.set(until)
    found = await reconcile(books.town.db, books.town.clock, books.gateway, day=DAY)
    assert found.sound


async def test_a_push_that_comes_while_it_is_asked_about_is_no_difference(books: Books) -> None:
    trade_no = await books.trade()

    class Meanwhile(FakeGateway):
        async def ask(self, question: Question, *, at: datetime) -> TradeStanding:
            await books.take(books.told(trade_no))
            return TradeStanding(messages=[books.told(trade_no)])

    gateway = Meanwhile(file=[books.row(trade_no)])
    found = await Books(town=books.town, gateway=gateway).reconcile()
    assert found.sound


async def test_an_answer_about_a_trade_of_nobody_changes_nothing(books: Books) -> None:
    trade_no = await books.trade()
    books.gateway.answers[trade_no] = TradeStanding(messages=[books.told("NOBODY")])
    found = await books.held_against(books.row(trade_no))
    assert reasons(found) == {trade_no: (Reason.NOT_IN_LEDGER, 22, 0)}


async def test_questions_are_paced_and_limited(books: Books) -> None:
    trades = [await books.trade() for _ in range(4)]
    rows = [books.row(each, number=each) for each in trades]
    found = await books.held_against(*rows, most=3)
    assert books.gateway.asked == sorted(trades)[:3]
    assert len(books.waits) == 2
    assert min(books.waits) > 0
    assert found.unanswered == 1


async def test_money_that_the_file_lacks(books: Books) -> None:
    trade_no = await books.paid()
    found = await books.held_against()
    assert reasons(found) == {trade_no: (Reason.NOT_IN_FILE, 0, 22)}
    assert await sums(books) == (0, 0, 22)


async def test_another_amount_than_the_ledger_s(books: Books) -> None:
    trade_no, family = await books.paid(), await books.paid(2)
    found = await books.held_against(books.row(trade_no, 21), books.row(family, 22, number="G2"))
    assert reasons(found) == {
        trade_no: (Reason.WRONG_AMOUNT, 21, 22),
        family: (Reason.WRONG_AMOUNT, 22, 44),
    }


async def test_a_wrong_amount_that_both_know_agrees(books: Books) -> None:
    trade_no, family = await books.trade(), await books.trade(2)
    assert await books.take(books.told(trade_no, amount=21)) == "wrong_amount"
    assert await books.take(books.told(family, amount=43)) == "wrong_amount"
    assert (await books.held_against(books.row(trade_no, 21), books.row(family, 43))).sound


async def test_one_payment_on_two_rows(books: Books) -> None:
    trade_no = await books.paid()
    found = await books.held_against(books.row(trade_no), books.row(trade_no))
    assert reasons(found) == {trade_no: (Reason.TWICE_IN_FILE, 44, 22)}


async def test_two_payments_of_one_trade_are_two(books: Books) -> None:
    trade_no = await books.paid()
    assert await books.take(books.told(trade_no, number="G2")) == "double"
    found = await books.held_against(books.row(trade_no), books.row(trade_no, number="G2"))
    assert found.sound
    assert await sums(books) == (2, 44, 44)


async def test_what_went_back_by_card_is_held_against_rows_below_zero(books: Books) -> None:
    agreed, silent, surprising = [await books.trade() for _ in range(3)]
    for each in (agreed, silent, surprising):
        await books.take(books.told(each, amount=21))
    paid = [books.row(each, 21, number=each) for each in (agreed, silent, surprising)]
    assert (await books.held_against(*paid)).sound

    day = DAY + timedelta(days=1)
    for each in (agreed, silent):
        await books.given_back(each, on=at(day, 23, 59))
    found = await books.held_against(books.row(agreed, -21), books.row(surprising, -21), day=day)
    assert reasons(found) == {
        silent: (Reason.REFUND_NOT_IN_FILE, 0, -21),
        surprising: (Reason.REFUND_NOT_IN_LEDGER, -21, 0),
    }
    assert await sums(books, day) == (2, -42, -42)


async def test_transfers_back_are_in_no_gateway_s_file(books: Books) -> None:
    trade_no = await books.trade()
    await books.take(books.told(trade_no, amount=21))
    await books.given_back(trade_no, on=NOON)
    await books.town.rows("UPDATE refund SET way = 'transfer'")
    # and the gateway is one that lists what went back
    await take_file(
        books.town.db,
        books.town.clock,
        gateway="ecpay",
        day=DAY - timedelta(days=1),
        rows=[books.row("X", -1)],
    )
    assert (await books.held_against(books.row(trade_no, 21))).sound


async def test_a_gateway_that_never_lists_what_went_back_is_not_held_to_it(books: Books) -> None:
    trade_no = await books.trade()
    await books.take(books.told(trade_no, amount=21))
    await books.given_back(trade_no, on=NOON)
    assert (await books.held_against(books.row(trade_no, 21))).sound
    assert await sums(books) == (1, 21, 21)


async def test_what_came_and_went_on_one_day_may_be_in_no_file(books: Books) -> None:
    trade_no = await books.trade()
    await books.take(books.told(trade_no, amount=21))
    await books.given_back(trade_no, on=NOON)
    assert (await books.held_against()).sound
    assert await sums(books) == (0, 0, 0)


async def test_simulated_payments_are_no_money(books: Books) -> None:
    trade_no = await books.trade()
    assert await books.take(replace(books.told(trade_no), simulated=True)) == "simulated"
    assert (await books.held_against()).sound


async def test_money_belongs_to_the_day_of_its_value_time(books: Books) -> None:
    trade_no = await books.trade()
    midnight = at(DAY + timedelta(days=1))
    await books.town.clock.set(midnight + timedelta(minutes=5))  # the push comes after midnight
    await books.take(books.told(trade_no, at=midnight - timedelta(seconds=1)))
    assert (await books.held_against(books.row(trade_no))).sound
    assert (await books.held_against(day=DAY + timedelta(days=1))).sound

    # the control: a second later it is the next day's
    other = await books.trade()
    await books.take(books.told(other, at=midnight))
    found = await books.held_against(books.row(trade_no), books.row(other))
    assert reasons(found) == {other: (Reason.NOT_IN_LEDGER, 22, 0)}


async def test_a_day_that_is_not_over_is_left_alone(books: Books) -> None:
    await books.town.clock.set(at(DAY, 23, 59))
    with pytest.raises(DayNotOver):
        await reconcile_file(books.town.db, books.town.clock, books.gateway, day=DAY, rows=[])
    assert await books.town.value("SELECT count(*) FROM reconciliation") == 0


async def test_a_gateway_that_does_not_answer_leaves_the_day_undone(books: Books) -> None:
    books.gateway.file = NoAnswer("asleep")
    with pytest.raises(NoAnswer):
        await books.reconcile()
    async with books.town.db.transaction() as tx:
        assert not await is_reconciled(tx, gateway="ecpay", day=DAY)


async def test_taking_a_file_again_replaces_it_whole(books: Books) -> None:
    trade_no = await books.paid()
    wrong = await books.held_against(books.row("NOBODY"))
    assert len(wrong.differences) == 2
    again = await books.held_against(books.row("NOBODY"))
    assert reasons(again) == reasons(wrong)
    assert (await books.held_against(books.row(trade_no))).sound
    rows = await books.town.rows("SELECT line, trade_no FROM settlement_row")
    assert rows == [(1, trade_no)]


async def take(books: Books, trade_no: str) -> Reconciliation:
    return await take_file(
        books.town.db,
        books.town.clock,
        gateway="ecpay",
        day=DAY,
        rows=[books.row(trade_no, number=f"G{number}") for number in range(50)],
    )


async def test_files_that_come_at_once_are_taken_one_after_the_other(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    trade_no = await books.trade()
    await asyncio.gather(*(take(books, trade_no) for _ in range(8)))
    assert await sums(books) == (50, 1100, 0)

    # the control: where nobody waits for the other, they meet in the rows
    async def nobody_waits(*_: object) -> None:
        return None

    monkeypatch.setattr(reconciliation_queries, "hold", nobody_waits)
    results = await asyncio.gather(
        *(take(books, trade_no) for _ in range(8)), return_exceptions=True
    )
    assert any(isinstance(each, Exception) for each in results)


async def test_days_are_listed_and_what_is_left_to_do(books: Books) -> None:
    trade_no = await books.paid()
    day = DAY + timedelta(days=1)
    async with books.town.db.transaction() as tx:
        assert await days_to_reconcile(tx, gateway="ecpay", before=day) == [DAY]
        assert await days_to_reconcile(tx, gateway="ecpay", before=DAY) == []
        assert await days_to_reconcile(tx, gateway="newebpay", before=day) == []
    await books.held_against(books.row(trade_no))
    await books.held_against(books.row("NOBODY"), day=day)
    async with books.town.db.transaction() as tx:
        days = await days_reconciled(tx)
        assert [(each.day, each.unexplained) for each in days] == [(day, 1), (DAY, 0)]
        assert await days_to_reconcile(tx, gateway="ecpay", before=day) == []

    # money of the day that became known after it was reconciled: the day is to do again
    late = await books.trade()
    await books.town.clock.set(at(day, 11))
    await books.take(books.told(late))
    async with books.town.db.transaction() as tx:
        assert await days_to_reconcile(tx, gateway="ecpay", before=day) == [DAY]
