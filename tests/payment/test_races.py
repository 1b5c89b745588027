"""Money that comes at the same moment, and what would happen without the guards."""

import asyncio
from collections.abc import Awaitable
from uuid import UUID, uuid4

import pytest
from psycopg.errors import UniqueViolation

from emask.payment import ledger_queries, receiving, service, trade_queries
from emask.payment.ledger_queries import Event, Trade
from emask.payment.service import _Plan
from emask.rules.price import Method, judge_money
from emask.rules.states import OrderState
from payment.market import Market


async def at_once(market: Market, person_id: UUID, *acts: Awaitable[object]) -> list[object]:
    """Let acts run until all wait for one order, then let them go."""
    async with market.town.db.transaction() as tx:
        await tx.execute("SELECT FROM orders WHERE person_id = %s FOR UPDATE", (person_id,))
        tasks = [asyncio.ensure_future(act) for act in acts]
        async with asyncio.timeout(30):
            await all_wait(market, len(tasks))
    return list(await asyncio.gather(*tasks))


async def all_wait(market: Market, number: int) -> None:
    waiting = 0
    while waiting < number:
        await asyncio.sleep(0.01)
        rows = await market.town.rows(
            "SELECT FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        waiting = len(rows)


async def two_payments(market: Market, person_id: UUID) -> tuple[bytes, bytes]:
    by_card, by_atm = (
        await market.trade(person_id, Method.CREDIT_CARD),
        await market.trade(person_id, Method.ATM),
    )
    now = market.town.round.pay_from
    return market.till.pay(by_card, at=now), market.till.pay(by_atm, at=now)


async def test_of_two_payments_at_once_one_settles_and_one_goes_back(market: Market) -> None:
    person_id = await market.order()
    first, second = await two_payments(market, person_id)
    outcomes = await at_once(market, person_id, market.receive(first), market.receive(second))
    assert sorted(map(str, outcomes)) == ["double", "settles"]
    summary = await market.money()
    assert (summary.received, summary.orders_paid, summary.refunds_due) == (44, 22, 22)
    assert len(await market.claims(person_id)) == 1


async def naive_receive(market: Market, body: bytes, both_have_read: asyncio.Barrier) -> None:
    """A receiver without guards: it reads the state, decides, and writes whatever it was."""
    message = market.till.read(body, at=market.town.round.pay_from)
    async with market.town.db.transaction() as tx:
        cursor = await tx.execute(
            "SELECT a.person_id, a.attempt_id, a.round_id, o.state, a.opened_by"
            " FROM payment_attempt a JOIN orders o USING (person_id, round_id)"
            " WHERE a.trade_no = %s",
            (message.trade_no,),
        )
        row = await cursor.fetchone()
        assert row is not None
        trade = Trade(row[0], row[1], row[2], OrderState(row[3]), message.amount, row[4])
        await both_have_read.wait()
        outcome = judge_money(
            round=market.town.round,
            state=trade.state,
            amount=message.amount,
            valued_at=message.valued_at,
            known_at=message.valued_at,
        )
        event = Event(uuid4(), trade, market.till.name, message, message.valued_at)
        await ledger_queries.note(tx, event, outcome=outcome)
        await tx.execute(
            "UPDATE orders SET state = 'paid', paid_at = %s WHERE person_id = %s",
            (message.valued_at, trade.person_id),
        )


async def test_without_guards_the_second_payment_would_vanish(market: Market) -> None:
    """The negative control: two receivers that decide on what both have read."""
    person_id = await market.order()
    first, second = await two_payments(market, person_id)
    await market.town.rows("DROP INDEX payment_event_settles_once")
    barrier = asyncio.Barrier(2)
    await asyncio.gather(
        naive_receive(market, first, barrier), naive_receive(market, second, barrier)
    )
    assert (await market.outcomes(person_id)).count("settles") == 2
    summary = await market.money()
    assert (summary.received, summary.orders_paid, summary.refunds_due) == (44, 22, 0)
    assert not summary.balanced


async def test_the_ledger_refuses_a_second_settlement_whatever_the_code_does(
    market: Market,
) -> None:
    person_id = await market.order()
    first, second = await two_payments(market, person_id)
    barrier = asyncio.Barrier(2)
    outcomes = await asyncio.gather(
        naive_receive(market, first, barrier),
        naive_receive(market, second, barrier),
        return_exceptions=True,
    )
    assert [type(each) for each in outcomes if each] == [UniqueViolation]
    assert (await market.money()).balanced


async def test_one_message_delivered_twice_at_once_takes_effect_once(market: Market) -> None:
    person_id = await market.order()
    body = market.till.pay(await market.trade(person_id), at=market.town.round.pay_from)
    outcomes = await at_once(market, person_id, market.receive(body), market.receive(body))
    assert sorted(map(str, outcomes)) == ["duplicate", "settles"]


async def test_without_the_inbox_money_that_came_once_would_go_back(market: Market) -> None:
    """The negative control: the same message judged twice is taken for other money."""
    person_id = await market.order()
    body = market.till.pay(await market.trade(person_id), at=market.town.round.pay_from)
    message = market.till.read(body, at=market.town.round.pay_from)
    outcomes = []
    for _ in range(2):
        async with market.town.db.transaction() as tx:
            (trade,) = await ledger_queries.lock_trades(tx, market.till.name, message.trade_no)
            event = Event(uuid4(), trade, market.till.name, message, message.valued_at)
            outcomes.append(await receiving._take_money(tx, event))
    assert outcomes == ["settles", "double"]


async def test_a_payment_and_the_lapse_at_once_leave_one_of_them(market: Market) -> None:
    person_id = await market.order()
    body = market.till.pay(await market.trade(person_id), at=market.town.round.pay_from)
    await at_once(market, person_id, market.receive(body), market.lapse())
    state, outcomes = await market.state(person_id), await market.outcomes(person_id)
    assert (state, outcomes) in (("paid", ["settles"]), ("lapsed", ["late"]))
    assert (await market.money()).balanced
    assert ("lapsed" in await market.notices(person_id)) is (state == "lapsed")


async def test_an_order_that_is_not_awaiting_money_is_never_settled(market: Market) -> None:
    """Should the hold on the order ever be lost, the guarded update stops everything."""
    person_id = await market.order()
    body = market.till.pay(await market.trade(person_id), at=market.town.round.pay_from)
    message = market.till.read(body, at=market.town.round.pay_from)
    async with market.town.db.transaction() as tx:
        (stale,) = await ledger_queries.lock_trades(tx, market.till.name, message.trade_no)
    await market.lapse()
    event = Event(uuid4(), stale, market.till.name, message, message.valued_at)
    with pytest.raises(receiving.DoubleCredit):
        await take_stale_money(market, event)
    assert await market.outcomes(person_id) == []


async def take_stale_money(market: Market, event: Event) -> None:
    async with market.town.db.transaction() as tx:
        await receiving._take_money(tx, event)


async def test_who_starts_twice_at_once_gets_one_trade(market: Market) -> None:
    person_id = await market.order()
    first, second = await at_once(
        market,
        person_id,
        market.start(person_id, Method.CREDIT_CARD),
        market.start(person_id, Method.CREDIT_CARD),
    )
    assert first == second
    assert await market.town.value("SELECT count(*) FROM payment_attempt") == 1


async def naive_start(market: Market, person_id: UUID, both_have_read: asyncio.Barrier) -> str:
    """A start that holds nothing: it looks for a trade to go on with, and opens one."""
    round = market.town.round
    plan = _Plan([person_id], person_id, round, Method.CREDIT_CARD, round.pay_from)
    async with market.town.db.transaction() as tx:
        found = await service._unanswered(tx, plan)
        await both_have_read.wait()
        return found or await service._open(tx, market.gateways, plan)


async def test_without_the_hold_two_starts_would_open_two_trades(market: Market) -> None:
    """The negative control."""
    person_id = await market.order()
    barrier = asyncio.Barrier(2)
    first, second = await asyncio.gather(
        naive_start(market, person_id, barrier), naive_start(market, person_id, barrier)
    )
    assert first != second


async def test_two_pushes_of_two_trades_of_a_family_at_once_pay_each_order_once(
    market: Market,
) -> None:
    """Orders are held in one sequence, whichever trade names them first: nobody waits for ever."""
    people = sorted([await market.order(), await market.order()])
    bodies = []
    for payer in people:
        trade_no = service.new_trade_no()
        round = market.town.round
        async with market.town.db.transaction() as tx:
            await trade_queries.insert(
                tx,
                trade_queries.NewTrade(
                    people=people,
                    round_id=round.id,
                    gateway=market.till.name,
                    method=Method.CREDIT_CARD,
                    amount=22,
                    trade_no=trade_no,
                    opened_by=payer,
                    opened_at=round.pay_from,
                ),
            )
        market.till.open(await market.form(trade_no, payer))
        bodies.append(market.till.pay(trade_no, at=round.pay_from))
    outcomes = await at_once(market, people[0], *map(market.receive, bodies))
    assert sorted(map(str, outcomes)) == ["double", "settles"]
    assert (await market.money()).balanced
