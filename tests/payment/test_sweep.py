"""What gateways are asked, when, and what comes of their answers."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from emask.database.clock import Clock
from emask.payment.ports import Gateways, Paused, Question
from emask.payment.refunds import give_back_cards
from emask.payment.service import start_payment
from emask.payment.sweep import Swept, last_from, leave_alone, sweep, unanswered
from emask.rules.price import Method
from payment.giving_back import wrong_amount
from payment.market import Market
from payment.test_family import start as start_jointly
from payment.till import Till

MINUTE = timedelta(minutes=1)


async def swept(market: Market, *, most: int = 100) -> Swept:
    town = market.town
    return await sweep(town.db, town.clock, market.gateways, round=town.round, most=most)


async def at(market: Market, instant: datetime) -> None:
    await market.town.clock.set(instant)


def asked(market: Market) -> list[str]:
    """The trades asked about since the last look."""
    found = [question.trade_no for question in market.till.asked]
    market.till.asked.clear()
    return found


async def inquiries(market: Market) -> list[str]:
    rows = await market.town.rows("SELECT answer FROM payment_inquiry ORDER BY asked_at, trade_no")
    return [str(row[0]) for row in rows]


async def open_trades(market: Market, number: int, method: Method = Method.ATM) -> list[str]:
    """So many trades of so many people, a second apart."""
    trades = []
    for second in range(number):
        await at(market, market.town.round.pay_from + timedelta(seconds=second))
        trades.append(await market.trade(await market.order(), method))
    return trades


@pytest.mark.parametrize("method", [Method.CREDIT_CARD, Method.WEB_ATM])
async def test_what_was_paid_and_never_told_is_found_ten_minutes_later(
    market: Market, method: Method
) -> None:
    person_id, now = await market.order(), market.town.round.pay_from
    trade_no = await market.trade(person_id, method)
    market.till.pay(trade_no, at=now)
    await at(market, now + 10 * MINUTE - timedelta(seconds=1))
    assert await swept(market) == Swept(asked=0, told=0, unanswered=0)
    await at(market, now + 10 * MINUTE)
    assert await swept(market) == Swept(asked=1, told=1, unanswered=0)
    assert await market.state(person_id) == "paid"
    assert market.till.asked == [
        Question(trade_no=trade_no, amount=22, method=method, opened_at=now)
    ]
    assert await inquiries(market) == ["told"]


async def test_an_account_that_was_never_told_is_found_too(market: Market) -> None:
    person_id = await market.order()
    trade_no = await market.trade(person_id, Method.ATM)
    market.till.issue(trade_no, at=market.town.round.pay_from)
    await at(market, market.town.round.pay_from + 10 * MINUTE)
    assert (await swept(market)).told == 1
    account = await market.account(person_id)
    assert account is not None
    assert account.account == market.till.trades[trade_no].account


async def test_the_push_that_comes_after_all_pays_nothing_twice(market: Market) -> None:
    person_id, now = await market.order(), market.town.round.pay_from
    push = market.till.pay(await market.trade(person_id), at=now)
    await at(market, now + 10 * MINUTE)
    await swept(market)
    assert await market.receive(push) == "duplicate"
    assert await market.outcomes(person_id) == ["settles"]
    assert (await market.money()).balanced


async def test_a_trade_is_asked_about_once_and_once_more_when_paying_is_over(
    market: Market,
) -> None:
    (trade_no,) = await open_trades(market, 1, Method.WEB_ATM)
    round = market.town.round
    await at(market, round.pay_from + 11 * MINUTE)
    assert await swept(market) == Swept(asked=1, told=0, unanswered=0)
    for instant in (round.pay_from + timedelta(hours=1), round.pay_until):
        await at(market, instant)
        assert (await swept(market)).asked == 0
    await at(market, last_from(round))
    market.till.pay(trade_no, at=round.pay_until - MINUTE)
    assert await swept(market) == Swept(asked=1, told=1, unanswered=0)
    await at(market, round.release_at)
    assert (await swept(market)).asked == 0
    assert await inquiries(market) == ["nothing", "told"]


async def test_a_transfer_is_asked_about_when_paying_is_over(market: Market) -> None:
    """An account waits for its payer; asking earlier would tell nothing that is not told."""
    person_id, round = await market.order(), market.town.round
    account = await market.issue(person_id)
    await at(market, round.pay_from + timedelta(hours=1))
    assert (await swept(market)).asked == 0
    market.till.pay(market.till.trade_to(account.account), at=round.pay_until - MINUTE)
    await at(market, last_from(round))
    assert await swept(market) == Swept(asked=1, told=1, unanswered=0)
    assert await market.state(person_id) == "paid"


async def test_who_has_paid_is_not_asked_about(market: Market) -> None:
    person_id = await market.order()
    await market.trade(person_id, Method.WEB_ATM)
    await market.pay(person_id)
    wrong = await market.trade(await market.order())
    await market.receive(market.till.pay(wrong, at=market.town.round.pay_from, amount=1))
    await at(market, last_from(market.town.round))
    assert (await swept(market)).asked == 0


async def test_a_payment_for_a_family_is_asked_about_once_and_whole(market: Market) -> None:
    family = [await market.order() for _ in range(3)]
    trade_no = await start_jointly(market, *family)
    await market.pay(family[1])
    market.till.pay(trade_no, at=market.town.round.pay_from)
    await at(market, market.town.round.pay_from + 10 * MINUTE)
    assert await swept(market) == Swept(asked=1, told=1, unanswered=0)
    (question,) = market.till.asked
    assert (question.trade_no, question.amount) == (trade_no, 66)
    assert [await market.state(each) for each in family] == ["paid"] * 3
    assert await market.refunds() == [(family[1], 22, "double")]


async def test_so_many_at_most_and_the_oldest_first(market: Market) -> None:
    trades = await open_trades(market, 5)
    await at(market, market.town.round.pay_from + timedelta(hours=1))
    for some in (trades[:2], trades[2:4], trades[4:]):
        await swept(market, most=2)
        assert asked(market) == some


async def test_who_does_not_answer_is_asked_again_later(market: Market) -> None:
    mute, other = await open_trades(market, 2)
    market.till.silent_about.add(mute)
    later = market.town.round.pay_from + 20 * MINUTE
    await at(market, later)
    assert await swept(market) == Swept(asked=2, told=0, unanswered=1)
    assert asked(market) == [mute, other]
    assert (await swept(market)).asked == 0
    market.till.silent_about.clear()
    await at(market, later + 5 * MINUTE)
    await swept(market)
    assert asked(market) == [mute]


async def test_a_gateway_that_never_answers_is_left_alone_for_this_time(market: Market) -> None:
    trades = await open_trades(market, 5)
    market.till.silent_about.update(trades)
    await at(market, market.town.round.pay_from + 20 * MINUTE)
    assert await swept(market) == Swept(asked=5, told=0, unanswered=5)
    assert asked(market) == trades[:3]


async def test_a_silent_gateway_keeps_no_other_from_being_asked(market: Market) -> None:
    trades = await open_trades(market, 5)
    market.till.silent_about.update(trades)
    other = Till("other")
    gateways = Gateways([market.till, other], dict.fromkeys(Method, "other"))
    started = await start_payment(
        market.town.db,
        market.town.clock,
        gateways,
        person_id=await market.order(),
        round=market.town.round,
        method=Method.ATM,
    )
    await at(market, market.town.round.pay_from + 20 * MINUTE)
    town = market.town
    assert await sweep(town.db, town.clock, gateways, round=town.round, most=5) == Swept(
        asked=6, told=0, unanswered=5
    )
    assert [question.trade_no for question in other.asked] == [started.trade_no]


async def test_a_gateway_that_pauses_is_not_asked_before_its_time(market: Market) -> None:
    trades = await open_trades(market, 3)
    later = market.town.round.pay_from + 20 * MINUTE
    market.till.paused_until = later + 30 * MINUTE
    await at(market, later)
    assert await swept(market) == Swept(asked=3, told=0, unanswered=3)
    assert asked(market) == trades[:1]
    await at(market, later + 29 * MINUTE)
    assert (await swept(market)).asked == 0
    assert asked(market) == []
    await at(market, later + 30 * MINUTE)
    assert await swept(market) == Swept(asked=3, told=0, unanswered=0)
    assert asked(market) == trades


async def test_a_pause_that_a_refund_met_is_everybody_s(market: Market) -> None:
    (trade_no,) = await open_trades(market, 1)
    await wrong_amount(market)
    later = market.town.round.pay_from + 20 * MINUTE
    market.till.paused_until = later + 30 * MINUTE
    await at(market, later)
    assert await give_back_cards(market.town.db, market.town.clock, market.gateways) == 0
    assert len(asked(market)) == 1
    assert (await swept(market)).asked == 0
    await at(market, later + 30 * MINUTE)
    assert await swept(market) == Swept(asked=1, told=0, unanswered=0)
    assert asked(market) == [trade_no]


async def test_a_pause_is_never_made_shorter(market: Market) -> None:
    await open_trades(market, 1)
    now = market.town.round.pay_from + 20 * MINUTE
    await at(market, now)
    for minutes in (60, 30):
        paused = Paused(now + minutes * MINUTE)
        await leave_alone(market.town.db, market.till, paused)
    await at(market, now + 59 * MINUTE)
    assert (await swept(market)).asked == 0
    await at(market, now + 60 * MINUTE)
    assert (await swept(market)).asked == 1


async def test_money_that_is_found_after_the_release_goes_back(market: Market) -> None:
    """Nobody answered in time: the order has lapsed, and its money is still asked for."""
    person_id, round = await market.order(), market.town.round
    trade_no = await market.trade(person_id)
    market.till.pay(trade_no, at=round.pay_from)
    market.till.silent_about.add(trade_no)
    await at(market, last_from(round))
    assert (await swept(market)).unanswered == 1
    assert await count_unanswered(market) == 1
    await at(market, round.release_at)
    await market.lapse()
    market.till.silent_about.clear()
    assert await swept(market) == Swept(asked=1, told=1, unanswered=0)
    assert await market.refunds() == [(person_id, 22, "late")]
    assert (await market.money()).balanced


async def count_unanswered(market: Market) -> int:
    async with market.town.db.transaction() as tx:
        return await unanswered(tx, round=market.town.round)


async def test_what_was_answered_is_not_counted_as_unanswered(market: Market) -> None:
    trades = await open_trades(market, 3)
    await start_jointly(market, *[await market.order() for _ in range(2)])
    market.till.silent_about.add(trades[0])
    await at(market, last_from(market.town.round))
    assert await count_unanswered(market) == 4
    await swept(market)
    assert await count_unanswered(market) == 1


class ClockThatStops:
    """The worker ends at its so-manieth look at the clock."""

    def __init__(self, clock: Clock, *, looks: int) -> None:
        self._clock = clock
        self._looks = looks

    async def now(self) -> datetime:
        self._looks -= 1
        if self._looks < 0:
            raise ConnectionError
        return await self._clock.now()


async def test_a_crash_after_the_money_was_taken_in_only_asks_again(market: Market) -> None:
    person_id, now, town = await market.order(), market.town.round.pay_from, market.town
    trade_no = await market.trade(person_id)
    market.till.pay(trade_no, at=now)
    market.till.decline(trade_no, at=now)
    await at(market, now + 10 * MINUTE)
    clock = ClockThatStops(town.clock, looks=3)  # between the two messages of the answer
    with pytest.raises(ConnectionError):
        await sweep(town.db, clock, market.gateways, round=town.round)
    assert await market.outcomes(person_id) == ["settles"]
    assert await inquiries(market) == []
    await at(market, last_from(town.round))
    assert (await swept(market)).asked == 0  # it is paid
    assert (await market.money()).balanced


async def test_a_gateway_that_speaks_of_another_s_trade_stops_nobody(market: Market) -> None:
    strange, good = await open_trades(market, 2, Method.CREDIT_CARD)
    now = market.town.round.pay_from
    market.till.pay(strange, at=now)
    (message,) = market.till.trades[strange].news
    market.till.trades[strange].news = [replace(message, trade_no="EM0")]
    market.till.pay(good, at=now)
    await at(market, now + 20 * MINUTE)
    assert await swept(market) == Swept(asked=2, told=1, unanswered=1)


async def test_nothing_is_held_while_a_gateway_is_asked(market: Market) -> None:
    await market.trade(await market.order())
    await at(market, market.town.round.pay_from + 10 * MINUTE)
    tables = b"orders, payment_attempt, payment_event, payment_inquiry, inbox, gateway_pause"

    async def look() -> None:
        async with market.town.db.transaction() as tx:
            await tx.execute("SET LOCAL lock_timeout = '50ms'")
            await tx.execute(b"LOCK " + tables + b" IN ACCESS EXCLUSIVE MODE")

    market.till.while_asked = look
    assert (await swept(market)).unanswered == 0
    assert await inquiries(market) == ["nothing"]


async def test_what_was_asked_is_never_altered(market: Market) -> None:
    for change in ("UPDATE payment_inquiry SET answer = 'told'", "DELETE FROM payment_inquiry"):
        with pytest.raises(Exception, match="append-only"):
            await market.town.rows(change)


@pytest.mark.parametrize("most", [1, 100])
async def test_two_who_sweep_at_once_credit_once(market: Market, most: int) -> None:
    person_id, now = await market.order(), market.town.round.pay_from
    market.till.pay(await market.trade(person_id), at=now)
    await at(market, now + 10 * MINUTE)
    both = await asyncio.gather(swept(market, most=most), swept(market, most=most))
    assert sum(each.told for each in both) == 1
    assert await market.outcomes(person_id) == ["settles"]
