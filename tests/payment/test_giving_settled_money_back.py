"""Money that has paid an order goes back as it came, when the pack never comes."""

from uuid import UUID

import pytest

from emask.payment import refunds, service
from emask.payment.refunds import NotInLedger, owe_for_missing
from emask.payment.transfers import accounts_wanted
from emask.rules.price import Method
from payment.card_till import CardTill
from payment.giving_back import give_back, let_pay, states, till_of
from payment.market import Market


@pytest.fixture(params=[False, True], ids=["telling", "reckoning"])
def either(market: Market, request: pytest.FixtureRequest) -> Market:
    """A gateway that tells how a card payment stands, and one that only knows the clock."""
    return Market(town=market.town, till=CardTill(reckons=request.param))


async def never_came(market: Market, *people: UUID) -> None:
    """The orders of these people end, and are owed for."""
    now = await market.town.clock.now()
    async with market.town.db.transaction() as tx:
        await tx.execute(
            "UPDATE orders SET state = 'cancelled', paid_at = coalesce(paid_at, changed_at)"
            " WHERE person_id = ANY(%s)",
            (list(people),),
        )
        await owe_for_missing(tx, people=people, round_id=market.town.round.id, at=now)


async def test_a_card_is_given_back_through_its_gateway(either: Market) -> None:
    person_id = await either.order()
    assert await either.pay(person_id) == "settles"
    await never_came(either, person_id)
    assert await either.refunds() == [(person_id, 22, "never_came")]
    assert (await either.notices(person_id))["never_came"] == {"total": 22}
    assert await give_back(either) == 1
    money = await either.money()
    assert (money.received, money.orders_paid, money.refunds_done) == (22, 0, 22)
    assert money.balanced


async def test_a_share_of_a_joint_payment_goes_back_alone(either: Market) -> None:
    town = either.town
    payer, other = [await either.order() for _ in range(2)]
    await let_pay(either, payer, [other])
    started = await service.start_joint_payment(
        town.db, town.clock, either.gateways, payer=payer, others=[other], round=town.round
    )
    assert started.trade_no is not None
    trade_no = either.till.open(await either.form(started.trade_no, payer))
    assert await either.receive(either.till.pay(trade_no, at=await town.clock.now())) == "settles"
    await never_came(either, other)
    till_of(either).close(trade_no)
    assert await give_back(either) == 1
    assert await states(either) == ["done"]
    money = await either.money()
    assert (money.received, money.orders_paid, money.refunds_done) == (44, 22, 22)
    assert money.balanced


async def test_a_transfer_waits_for_an_account(market: Market) -> None:
    person_id = await market.order()
    trade_no = await market.trade(person_id, Method.ATM)
    paid = market.till.pay(trade_no, at=await market.town.clock.now())
    assert await market.receive(paid) == "settles"
    await never_came(market, person_id)
    async with market.town.db.transaction() as tx:
        (refund,) = await refunds.refunds_due(tx)
        wanted = await accounts_wanted(tx, person_id=person_id, round_id=market.town.round.id)
    assert refund.way == "transfer"
    assert wanted == {refund.event_id}


async def test_what_the_ledger_does_not_know_is_not_owed(market: Market) -> None:
    paid, unpaid = await market.order(), await market.order()
    assert await market.pay(paid) == "settles"
    with pytest.raises(NotInLedger):
        await never_came(market, paid, unpaid)
    assert await market.refunds() == []
    assert await market.state(paid) == "paid"
