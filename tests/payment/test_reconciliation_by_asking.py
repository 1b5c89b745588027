"""A gateway that gives out no file is asked about the day's trades, one by one."""

from datetime import timedelta

import pytest

from draw.town import Town
from emask.payment.ports import NoAnswer, TradeStanding
from emask.payment.reconciliation_asking import TooManyTrades
from emask.payment.reconciliation_model import Reason
from payment.books import DAY, NOON, Books, FakeGateway, reasons


@pytest.fixture
def books(town: Town) -> Books:
    return Books(town=town, gateway=FakeGateway(name="newebpay", file=None))


async def test_what_it_confirms_agrees(books: Books) -> None:
    alone, family = await books.paid(), await books.paid(2)
    books.gateway.answers = {
        alone: TradeStanding(messages=[books.told(alone)]),
        family: TradeStanding(messages=[books.told(family, amount=44)]),
    }
    found = await books.reconcile()
    assert found.sound
    assert (found.day.file_rows, found.day.file_total) == (2, 66)
    assert sorted(books.gateway.asked) == sorted([alone, family])
    assert len(books.waits) == 1


async def test_what_it_does_not_confirm_is_told(books: Books) -> None:
    trade_no = await books.paid()
    found = await books.reconcile()
    assert reasons(found) == {trade_no: (Reason.NOT_IN_FILE, 0, 22)}


async def test_an_open_trade_is_asked_about_and_its_money_taken_in(books: Books) -> None:
    paid, left = await books.trade(), await books.trade()
    old = await books.trade(opened_at=NOON - timedelta(days=20))
    yesterday = NOON - timedelta(days=1)
    books.gateway.answers = {
        paid: TradeStanding(messages=[books.told(paid)]),
        left: NoAnswer("asleep"),
    }
    found = await books.reconcile()
    assert found.sound
    assert (found.day.file_total, found.day.ledger_total) == (22, 22)
    assert old not in books.gateway.asked
    # another day's money is taken in, and is no row of this day
    books.gateway.answers[left] = TradeStanding(messages=[books.told(left, at=yesterday)])
    again = await books.reconcile()
    assert again.sound
    assert again.day.file_rows == 1


async def test_money_of_which_it_says_nothing_now_leaves_the_day_undone(books: Books) -> None:
    books.gateway.answers[await books.paid()] = NoAnswer("asleep")
    with pytest.raises(NoAnswer):
        await books.reconcile()
    assert await books.town.value("SELECT count(*) FROM reconciliation") == 0


async def test_too_many_trades_are_left_to_a_command(books: Books) -> None:
    for _ in range(3):
        await books.paid()
    with pytest.raises(TooManyTrades) as refused:
        await books.reconcile(most=2)
    assert refused.value.trades == 3
    assert not books.gateway.asked


async def test_what_it_gave_back_agrees_if_it_says_so(books: Books) -> None:
    agreed, silent = await books.trade(), await books.trade()
    for each in (agreed, silent):
        await books.take(books.told(each, amount=21))
        await books.given_back(each, on=NOON + timedelta(days=1))
    told = {each: [books.told(each, amount=21)] for each in (agreed, silent)}
    books.gateway.answers = {
        agreed: TradeStanding(messages=told[agreed], refundable=1),
        silent: TradeStanding(messages=told[silent], refundable=22),
    }
    found = await books.reconcile(day=DAY + timedelta(days=1))
    assert reasons(found) == {silent: (Reason.REFUND_NOT_IN_FILE, 0, -21)}
