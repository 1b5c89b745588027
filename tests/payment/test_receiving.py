"""What each kind of message does to its order, and to nothing else."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from emask.entitlement.service import claim_paid_preorder
from emask.payment import ledger_queries, receiving, service
from emask.payment.ledger_queries import Event
from emask.payment.model import IssuedAccount
from emask.payment.ports import CheckoutForm, ForgedMessage
from emask.payment.receiving import UnknownTrade
from emask.rounds.catalogue import built_in_round
from emask.rounds.service import save_round
from emask.rules.calendar import DayRange
from emask.rules.price import Method
from emask.rules.states import OrderState
from payment.market import Market
from payment.till import Till

INSTANT = timedelta(microseconds=1)


async def test_money_in_time_pays_the_order_and_claims_its_days(market: Market) -> None:
    person_id = await market.order()
    assert await market.pay(person_id) == "settles"

    async with market.town.db.transaction() as tx:
        order = await service.order_of(tx, person_id=person_id, round_id=market.town.round.id)
    assert order is not None
    assert (order.state, order.paid_at) == ("paid", market.town.round.pay_from)
    (claim,) = await market.claims(person_id)
    assert claim.during == DayRange(date(2020, 3, 26), date(2020, 4, 2))  # B8
    assert await market.notices(person_id) == {
        "paid": {"total": 22, "collect_from": "2020-03-26", "collect_until": "2020-04-01"}
    }
    assert await market.refunds() == []


async def test_a_counter_purchase_before_moves_the_first_day(market: Market) -> None:
    person_id = await market.order()
    await bought(market, person_id, date(2020, 3, 20))
    assert await market.pay(person_id) == "settles"
    told = (await market.notices(person_id))["paid"]
    assert told["collect_from"] == "2020-03-27"


async def test_a_later_pre_order_that_gives_way_is_told_of(market: Market) -> None:
    person_id = await market.order()
    following = built_in_round("2020-2")
    async with market.town.db.transaction() as tx:
        await save_round(tx, following)
        await claim_paid_preorder(tx, person_id=person_id, round=following, today=date(2020, 3, 20))
    await bought(market, person_id, date(2020, 3, 20))
    assert await market.pay(person_id) == "settles"
    assert [claim.during.start for claim in await market.claims(person_id)] == [
        date(2020, 3, 20),
        date(2020, 3, 27),
        date(2020, 4, 3),
    ]
    assert (await market.notices(person_id))["deferred"] == {
        "round_id": following.id,
        "collect_from": "2020-04-03",
    }


async def bought(market: Market, person_id: UUID, day: date, days: int = 7) -> None:
    await market.town.rows(
        "INSERT INTO claim (person_id, during, source, sale_id)"
        " VALUES (%s, daterange(%s, %s), 'counter', %s)",
        person_id,
        day,
        day + timedelta(days=days),
        uuid4(),
    )


async def test_money_for_which_no_day_is_left_goes_back(market: Market) -> None:
    person_id = await market.order()
    await bought(market, person_id, date(2020, 3, 26))
    assert await market.pay(person_id) == "no_day_left"
    assert await market.state(person_id) == "awaiting_payment"
    assert await market.refunds() == [(person_id, 22, "no_day_left")]
    assert (await market.notices(person_id))["refund"] == {"total": 22}


async def test_the_same_message_takes_effect_once(market: Market) -> None:
    person_id = await market.order()
    trade_no = await market.trade(person_id)
    body = market.till.pay(trade_no, at=market.town.round.pay_from)
    assert await market.receive(body) == "settles"
    assert await market.receive(body) == "duplicate"
    assert await market.receive(market.till.repeat(trade_no)) == "duplicate"
    assert await market.outcomes(person_id) == ["settles"]


async def test_other_money_for_a_paid_order_goes_back(market: Market) -> None:
    person_id = await market.order()
    first, second = await market.trade(person_id), await market.trade(person_id, Method.ATM)
    now = market.town.round.pay_from
    assert await market.receive(market.till.pay(first, at=now)) == "settles"
    assert await market.receive(market.till.pay(second, at=now)) == "double"
    assert await market.receive(market.till.pay(second, at=now)) == "double"
    assert await market.refunds() == [(person_id, 22, "double")] * 2
    assert len(await market.claims(person_id)) == 1


@pytest.mark.parametrize("amount", [1, 21, 23, 2200])
async def test_wrong_money_goes_back_and_the_right_money_still_pays(
    market: Market, amount: int
) -> None:
    person_id = await market.order()
    trade_no = await market.trade(person_id, Method.ATM)
    now = market.town.round.pay_from
    wrong = market.till.pay(trade_no, at=now, amount=amount)
    assert await market.receive(wrong) == "wrong_amount"
    assert await market.refunds() == [(person_id, amount, "wrong_amount")]
    assert await market.receive(market.till.pay(trade_no, at=now)) == "settles"


async def test_no_money_at_all_leaves_nothing_to_send_back(market: Market) -> None:
    person_id = await market.order()
    nothing = market.till.pay(
        await market.trade(person_id), at=market.town.round.pay_from, amount=0
    )
    assert await market.receive(nothing) == "wrong_amount"
    assert await market.refunds() == []
    assert (await market.money()).balanced


async def test_the_bank_s_value_time_decides_until_the_release(market: Market) -> None:
    round = market.town.round
    for valued_at, known_at, outcome in (
        (round.pay_until - INSTANT, round.release_at - INSTANT, "settles"),
        (round.pay_until, round.pay_until, "late"),
        (round.pay_until - INSTANT, round.release_at, "late"),
        (round.pay_from - INSTANT, round.pay_from, "early"),
    ):
        await market.town.clock.set(round.pay_from)
        person_id = await market.order()
        trade_no = await market.trade(person_id, Method.ATM)
        await market.town.clock.set(known_at)
        assert await market.receive(market.till.pay(trade_no, at=valued_at)) == outcome


async def test_money_for_a_lapsed_order_goes_back(market: Market) -> None:
    person_id = await market.order()
    trade_no = await market.trade(person_id, Method.ATM)
    await market.town.clock.set(market.town.round.release_at)
    await market.lapse()
    body = market.till.pay(trade_no, at=market.town.round.pay_until - INSTANT)
    assert await market.receive(body) == "late"
    assert await market.state(person_id) == "lapsed"
    assert await market.claims(person_id) == []
    assert await market.refunds() == [(person_id, 22, "late")]


@pytest.mark.parametrize(
    ("state", "outcome"),
    [(OrderState.NOT_SELECTED, "not_selected"), (OrderState.REGISTERED, "early")],
)
async def test_money_for_who_has_nothing_to_pay_goes_back(
    market: Market, state: OrderState, outcome: str
) -> None:
    """Such a person has no order and no trade; should one ever be found all the same."""
    person_id = await market.order()
    message = market.till.read(
        market.till.pay(await market.trade(person_id), at=market.town.round.pay_from),
        at=market.town.round.pay_from,
    )
    async with market.town.db.transaction() as tx:
        (trade,) = await ledger_queries.lock_trades(tx, market.till.name, message.trade_no)
        event = Event(
            uuid4(), trade._replace(state=state), market.till.name, message, message.valued_at
        )
        assert await receiving._take_money(tx, event) == outcome
    assert await market.refunds() == [(person_id, 22, outcome)]
    assert (await market.money()).balanced


async def test_what_is_no_money_pays_nothing(market: Market) -> None:
    person_id = await market.order()
    trade_no = await market.trade(person_id, Method.ATM)
    now = market.town.round.pay_from
    assert await market.receive(market.till.issue(trade_no, at=now)) == "account_issued"
    assert await market.receive(market.till.decline(trade_no, at=now)) == "failed"
    assert await market.receive(market.till.simulate(trade_no, at=now)) == "simulated"
    assert await market.state(person_id) == "awaiting_payment"
    assert await market.refunds() == []
    summary = await market.money()
    assert (summary.received, summary.balanced) == (0, True)


async def test_a_failure_that_is_told_after_the_money_changes_nothing(market: Market) -> None:
    person_id = await market.order()
    trade_no = await market.trade(person_id)
    now = market.town.round.pay_from
    failed = market.till.decline(trade_no, at=now)
    assert await market.receive(market.till.pay(trade_no, at=now)) == "settles"
    assert await market.receive(failed) == "failed"
    assert await market.state(person_id) == "paid"
    assert (await market.money()).balanced


async def test_money_after_a_failure_pays(market: Market) -> None:
    person_id = await market.order()
    trade_no = await market.trade(person_id)
    now = market.town.round.pay_from
    assert await market.receive(market.till.decline(trade_no, at=now)) == "failed"
    assert await market.receive(market.till.pay(trade_no, at=now)) == "settles"
    assert await market.outcomes(person_id) == ["failed", "settles"]


async def test_the_account_that_was_told_last_is_the_one_to_say(market: Market) -> None:
    person_id = await market.order()
    assert await market.account(person_id) is None
    first = await market.trade_anew(person_id, Method.ATM)
    second = await market.trade_anew(person_id, Method.ATM)
    now = market.town.round.pay_from
    await market.receive(market.till.issue(second, at=now))
    await market.town.clock.set(now + INSTANT)
    await market.receive(market.till.issue(first, at=now))
    assert await market.account(person_id) == IssuedAccount(
        bank_code="822",
        account=market.till.trades[first].account or "",
        expires_at=market.town.round.pay_until,
    )


async def test_an_account_for_a_paid_order_is_only_noted(market: Market) -> None:
    person_id = await market.order()
    by_transfer = await market.trade(person_id, Method.ATM)
    await market.pay(person_id)
    told = market.till.issue(by_transfer, at=market.town.round.pay_from)
    assert await market.receive(told) == "account_issued"
    assert await market.state(person_id) == "paid"
    assert await market.account(person_id) is None


async def test_an_account_to_which_money_has_come_is_used_up(market: Market) -> None:
    person_id = await market.order()
    account = await market.issue(person_id)
    wrong = market.till.pay(
        market.till.trade_to(account.account), at=market.town.round.pay_from, amount=21
    )
    assert await market.receive(wrong) == "wrong_amount"
    assert await market.account(person_id) is None
    assert (await market.start(person_id, Method.ATM)).trade_no is not None


async def test_the_gateway_s_own_number_is_kept_for_a_refund(market: Market) -> None:
    person_id = await market.order()
    body = market.till.pay(await market.trade(person_id), at=market.town.round.pay_from)
    await market.receive(body)
    kept = await market.town.value("SELECT gateway_trade_no FROM payment_event")
    assert kept == market.till.read(body, at=market.town.round.pay_from).gateway_trade_no


@pytest.mark.parametrize(
    ("method", "way"),
    [
        (Method.CREDIT_CARD, "card"),
        (Method.WEB_ATM, "transfer"),
        (Method.ATM, "transfer"),
    ],
)
async def test_money_goes_back_the_way_it_can(market: Market, method: Method, way: str) -> None:
    trade_no = await market.trade(await market.order(), method)
    await market.receive(market.till.pay(trade_no, at=market.town.round.pay_from, amount=5))
    refund = await market.town.rows("SELECT way, state, due_at = next_at FROM refund")
    assert refund == [(way, "due", True)]


async def test_a_forged_message_changes_nothing(market: Market) -> None:
    person_id = await market.order()
    body = market.till.forge(await market.trade(person_id), at=market.town.round.pay_from)
    with pytest.raises(ForgedMessage):
        await market.receive(body)
    assert await market.outcomes(person_id) == []
    assert await market.town.rows("SELECT FROM inbox") == []


async def test_a_trade_that_we_never_opened_is_told_back(market: Market) -> None:
    foreign = market.till.open(
        CheckoutForm("", {"trade_no": "EM0", "amount": "22", "method": "atm"})
    )
    with pytest.raises(UnknownTrade):
        await market.receive(market.till.pay(foreign, at=market.town.round.pay_from))
    assert await market.town.rows("SELECT FROM inbox") == []  # so that it may come again


async def test_a_gateway_speaks_only_of_its_own_trades(market: Market) -> None:
    person_id = await market.order()
    body = market.till.pay(await market.trade(person_id), at=market.town.round.pay_from)
    with pytest.raises(UnknownTrade):
        await receiving.receive(market.town.db, market.town.clock, Till("another"), body=body)
    assert await market.state(person_id) == "awaiting_payment"


async def test_money_never_touches_another_order(market: Market) -> None:
    payer, other = await market.order(), await market.order()
    await market.trade(other)
    trade_no = await market.trade(payer)
    for _ in range(2):
        await market.receive(market.till.pay(trade_no, at=market.town.round.pay_from))
    assert await market.state(payer) == "paid"
    assert await market.state(other) == "awaiting_payment"
    assert await market.outcomes(other) == []


async def test_the_ledger_only_grows(market: Market) -> None:
    person_id = await market.order()
    await market.pay(person_id)
    for table in ("payment_event", "payment_attempt"):
        for change in (f"UPDATE {table} SET amount = 1", f"DELETE FROM {table}"):
            with pytest.raises(Exception, match="append-only"):
                await market.town.rows(change)
