"""What a payer is told of the last try at paying."""

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from emask.payment.last_try import ANSWERED_WITHIN, Stage, awaited_method, judge, stage_of
from emask.payment.last_try_queries import LastTry
from emask.rules.calendar import at
from emask.rules.price import Method
from payment.market import Market

OPENED = at(date(2020, 3, 19), 8)
LATER = OPENED + ANSWERED_WITHIN


async def stage(market: Market, person_id: UUID) -> Stage:
    async with market.town.db.transaction() as tx:
        now = await market.town.clock.now()
        return await stage_of(tx, person_id=person_id, round_id=market.town.round.id, at=now)


async def awaited(market: Market, person_id: UUID) -> Method | None:
    async with market.town.db.transaction() as tx:
        now = await market.town.clock.now()
        return await awaited_method(tx, person_id=person_id, round_id=market.town.round.id, at=now)


@pytest.mark.parametrize(
    ("method", "outcome", "when", "expected"),
    [
        (Method.CREDIT_CARD, None, OPENED, Stage.CHECKING),
        (Method.WEB_ATM, None, LATER - timedelta(seconds=1), Stage.CHECKING),
        (Method.ATM, None, OPENED, Stage.FETCHING),
        (Method.ATM, None, LATER, Stage.UNANSWERED),
        (Method.CREDIT_CARD, "failed", LATER, Stage.DECLINED),
        (Method.ATM, "account_issued", LATER, Stage.ACCOUNT),
        (Method.ATM, "wrong_amount", OPENED, Stage.GOES_BACK),
        (Method.ATM, "no_day_left", OPENED, Stage.GOES_BACK),
        (Method.CREDIT_CARD, "settles", LATER, Stage.PAID),
    ],
)
def test_each_answer_has_its_stage(
    method: Method, outcome: str | None, when: datetime, expected: Stage
) -> None:
    assert judge(LastTry(method, OPENED, outcome), when) is expected


async def test_the_last_try_counts_also_where_the_clock_stands_still(market: Market) -> None:
    person_id = await market.order()
    assert await stage(market, person_id) is Stage.NOT_TRIED
    assert await awaited(market, person_id) is None
    left = await market.trade(person_id, Method.WEB_ATM)
    assert await awaited(market, person_id) is Method.WEB_ATM
    trade_no = await market.trade_anew(person_id)
    now = await market.town.clock.now()
    await market.receive(market.till.decline(trade_no, at=now))
    assert await stage(market, person_id) is Stage.DECLINED
    assert await awaited(market, person_id) is None
    await market.receive(market.till.pay(left, at=now))
    assert await market.state(person_id) == "paid"


async def test_money_counts_more_than_its_account_and_a_simulation_nothing(
    market: Market,
) -> None:
    person_id = await market.order()
    account = await market.issue(person_id)
    assert await stage(market, person_id) is Stage.ACCOUNT
    trade_no, now = market.till.trade_to(account.account), await market.town.clock.now()
    await market.receive(market.till.simulate(trade_no, at=now))
    assert await stage(market, person_id) is Stage.ACCOUNT
    await market.receive(market.till.pay(trade_no, at=now, amount=21))
    assert await stage(market, person_id) is Stage.GOES_BACK


async def test_a_trade_that_was_left_for_another_way_is_not_gone_back_to(market: Market) -> None:
    person_id = await market.order()
    left = await market.start(person_id, Method.CREDIT_CARD)
    assert await market.start(person_id, Method.CREDIT_CARD) == left
    await market.start(person_id, Method.WEB_ATM)
    assert await market.start(person_id, Method.CREDIT_CARD) != left
