"""B11: orders are never merged; a family may still settle several in one card payment."""

import asyncio
from uuid import UUID

import pytest

from emask.payment import service
from emask.rules.price import Method
from emask.rules.refusals import AlreadyPaid, MethodNotAllowed, NoPreorder
from payment.market import Market


async def start(market: Market, *people: UUID) -> str:
    """The number of a trade that pays these people's orders."""
    instruction = await service.start_joint_payment(
        market.town.db,
        market.town.clock,
        market.gateway,
        people=people,
        round=market.town.round,
    )
    assert instruction.redirect_url is not None
    return instruction.redirect_url.rpartition("/")[2]


async def pay(market: Market, trade_no: str, amount: int | None = None) -> str:
    now = await market.town.clock.now()
    return await market.receive(await market.gateway.pay(trade_no, at=now, amount=amount))


async def refunds(market: Market) -> list[tuple[UUID, int, str]]:
    async with market.town.db.transaction() as tx:
        due = await service.refunds_due(tx)
    return [(refund.person_id, refund.amount, refund.reason) for refund in due]


async def test_one_payment_pays_each_order_with_its_own_fee(market: Market) -> None:
    family = [await market.order() for _ in range(3)]
    trade_no = await start(market, *family, family[0])
    assert (await market.gateway.trade_of(trade_no)).amount == 66
    assert await pay(market, trade_no) == "settles"
    for person_id in family:
        assert await market.state(person_id) == "paid"
        assert len(await market.claims(person_id)) == 1
        assert (await market.notices(person_id))["paid"]["total"] == 22
    summary = await market.money()
    assert (summary.received, summary.orders_paid, summary.refunds_due) == (66, 66, 0)


async def test_the_same_message_pays_nothing_twice(market: Market) -> None:
    family = [await market.order() for _ in range(2)]
    trade_no = await start(market, *family)
    assert await pay(market, trade_no) == "settles"
    assert await market.receive(await market.gateway.repeat(trade_no)) == "duplicate"
    assert await pay(market, trade_no) == "double"  # the card is charged once more
    assert sorted(await refunds(market)) == sorted((each, 22, "double") for each in family)
    assert (await market.money()).balanced


async def test_who_has_paid_meanwhile_gets_the_own_share_back(market: Market) -> None:
    early, late = await market.order(), await market.order()
    trade_no = await start(market, early, late)
    assert await market.pay(early) == "settles"
    assert await pay(market, trade_no) == "double"
    assert await market.state(late) == "paid"
    assert await refunds(market) == [(early, 22, "double")]
    assert (await market.money()).balanced


@pytest.mark.parametrize("amount", [22, 43, 66])
async def test_a_wrong_sum_pays_nobody_and_goes_back_whole(market: Market, amount: int) -> None:
    family = sorted([await market.order() for _ in range(2)])
    trade_no = await start(market, *family)
    assert await pay(market, trade_no, amount) == "wrong_amount"
    assert [await market.state(each) for each in family] == ["awaiting_payment"] * 2
    assert await refunds(market) == [(family[0], amount, "wrong_amount")]
    assert await pay(market, trade_no) == "settles"
    assert (await market.money()).balanced


async def test_a_declined_card_is_noted_for_everybody(market: Market) -> None:
    family = [await market.order() for _ in range(2)]
    trade_no = await start(market, *family)
    now = await market.town.clock.now()
    assert await market.receive(await market.gateway.decline(trade_no, at=now)) == "failed"
    simulated = await market.gateway.simulate(trade_no, at=now)
    assert await market.receive(simulated) == "simulated"
    for person_id in family:
        assert await market.outcomes(person_id) == ["failed", "simulated"]
    assert (await market.money()).received == 0


async def test_one_order_that_cannot_be_paid_so_stops_all(market: Market) -> None:
    good = await market.order()
    with pytest.raises(MethodNotAllowed):  # B14: it was ordered on a phone
        await start(market, good, await market.order(channel="mobile"))
    paid = await market.order()
    await market.pay(paid)
    with pytest.raises(AlreadyPaid):
        await start(market, good, paid)
    with pytest.raises(NoPreorder):
        await start(market, good, UUID(int=1))
    with pytest.raises(ValueError, match="people"):
        await start(market)
    assert await market.town.value("SELECT count(*) FROM payment_attempt") == 1


async def test_two_family_payments_at_once_pay_each_order_once(market: Market) -> None:
    family = [await market.order() for _ in range(3)]
    one, other = await start(market, *family), await start(market, *reversed(family))
    outcomes = await asyncio.gather(pay(market, one), pay(market, other))
    assert sorted(outcomes) == ["double", "settles"]
    assert len(await refunds(market)) == 3
    assert (await market.money()).balanced


async def test_one_of_a_family_may_still_pay_alone(market: Market) -> None:
    family = [await market.order() for _ in range(2)]
    await start(market, *family)
    alone = await market.trade(family[0], Method.ATM)
    now = await market.town.clock.now()
    assert await market.receive(await market.gateway.pay(alone, at=now)) == "settles"
    assert await market.state(family[1]) == "awaiting_payment"
