"""B11: orders are never merged; a family may still settle several in one card payment."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from emask.payment import service
from emask.payment.receiving import UnknownTrade
from emask.payment.service import NotAllowed
from emask.rules.price import Method
from emask.rules.refusals import AlreadyPaid, MethodNotAllowed, NoPreorder
from payment.market import Market


async def allow(market: Market, payer: UUID, *owners: UUID) -> None:
    """Each owner's code has been entered by the payer."""
    for owner in owners:
        await market.town.rows(
            "INSERT INTO payment_allowance (person_id, round_id, digest, expires_at, used_by,"
            " used_at) VALUES (%s, %s, '', %s, %s, %s)",
            owner,
            market.town.round.id,
            market.town.round.pay_until,
            payer,
            market.town.round.pay_from,
        )


async def started(market: Market, payer: UUID, *others: UUID) -> str:
    """The number of a trade that is started for these people's orders."""
    started = await service.start_joint_payment(
        market.town.db,
        market.town.clock,
        market.gateways,
        payer=payer,
        others=others,
        round=market.town.round,
    )
    assert started.trade_no is not None
    return started.trade_no


async def start(market: Market, payer: UUID, *others: UUID) -> str:
    """Likewise, allowed and opened at the till."""
    await allow(market, payer, *others)
    return market.till.open(await market.form(await started(market, payer, *others), payer))


async def pay(market: Market, trade_no: str, amount: int | None = None) -> str:
    now = await market.town.clock.now()
    return await market.receive(market.till.pay(trade_no, at=now, amount=amount))


async def test_one_payment_pays_each_order_with_its_own_fee(market: Market) -> None:
    family = [await market.order() for _ in range(3)]
    trade_no = await start(market, *family)
    assert market.till.trades[trade_no].amount == 66
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
    assert await market.receive(market.till.repeat(trade_no)) == "duplicate"
    assert await pay(market, trade_no) == "double"  # the card is charged once more
    assert sorted(await market.refunds()) == sorted((each, 22, "double") for each in family)
    assert (await market.money()).balanced


async def test_who_has_paid_meanwhile_gets_the_own_share_back(market: Market) -> None:
    early, late = await market.order(), await market.order()
    trade_no = await start(market, early, late)
    assert await market.pay(early) == "settles"
    assert await pay(market, trade_no) == "double"
    assert await market.state(late) == "paid"
    assert await market.refunds() == [(early, 22, "double")]
    assert (await market.money()).balanced


@pytest.mark.parametrize("payer", [0, 1])
@pytest.mark.parametrize("amount", [22, 43, 66])
async def test_a_wrong_sum_pays_nobody_and_goes_back_whole_to_who_paid(
    market: Market, amount: int, payer: int
) -> None:
    family = sorted([await market.order() for _ in range(2)])
    trade_no = await start(market, family[payer], family[1 - payer])
    assert await pay(market, trade_no, amount) == "wrong_amount"
    assert [await market.state(each) for each in family] == ["awaiting_payment"] * 2
    assert await market.refunds() == [(family[payer], amount, "wrong_amount")]
    assert "refund" in await market.notices(family[payer])
    assert "refund" not in await market.notices(family[1 - payer])
    assert await pay(market, trade_no) == "settles"
    assert (await market.money()).balanced


async def test_a_declined_card_is_noted_for_everybody(market: Market) -> None:
    family = [await market.order() for _ in range(2)]
    trade_no = await start(market, *family)
    now = await market.town.clock.now()
    assert await market.receive(market.till.decline(trade_no, at=now)) == "failed"
    simulated = market.till.simulate(trade_no, at=now)
    assert await market.receive(simulated) == "simulated"
    for person_id in family:
        assert await market.outcomes(person_id) == ["failed", "simulated"]
    assert (await market.money()).received == 0


async def test_one_order_that_cannot_be_paid_so_stops_all(market: Market) -> None:
    good = await market.order()
    by_phone, paid = await market.order(channel="mobile"), await market.order()
    await market.pay(paid)
    with pytest.raises(MethodNotAllowed):  # B14: it was ordered on a phone
        await start(market, good, by_phone)
    with pytest.raises(AlreadyPaid):
        await start(market, good, paid)
    with pytest.raises(NoPreorder):
        await started(market, good, UUID(int=1))
    assert await market.town.value("SELECT count(*) FROM payment_attempt") == 1


async def test_nobody_pays_for_who_has_not_allowed_it(market: Market) -> None:
    payer, stranger, other = [await market.order() for _ in range(3)]
    await allow(market, payer, other)
    with pytest.raises(NotAllowed):
        await started(market, payer, stranger)
    with pytest.raises(NotAllowed):
        await started(market, payer, other, stranger)
    with pytest.raises(NotAllowed):  # it was not this payer who was allowed to
        await started(market, stranger, other)
    assert await market.town.value("SELECT count(*) FROM payment_attempt") == 0


async def test_a_payer_alone_needs_nobody_s_leave(market: Market) -> None:
    payer = await market.order()
    assert await pay(market, await start(market, payer)) == "settles"


async def test_who_starts_twice_goes_on_with_the_same_trade(market: Market) -> None:
    family = [await market.order() for _ in range(3)]
    await allow(market, family[0], *family[1:])
    first = await started(market, *family)
    assert await started(market, family[0], *reversed(family)) == first
    assert await started(market, *family[:2]) != first  # another sum is another trade
    alone = await market.start(family[0], Method.CREDIT_CARD)
    assert alone.trade_no not in (None, first)


async def test_two_family_payments_at_once_pay_each_order_once(market: Market) -> None:
    family = [await market.order() for _ in range(3)]
    one = await start(market, *family)
    await market.town.clock.set(market.town.round.pay_from + timedelta(minutes=20))
    other = market.till.open(await market.form(await started(market, *family), family[0]))
    assert one != other
    outcomes = await asyncio.gather(pay(market, one), pay(market, other))
    assert sorted(outcomes) == ["double", "settles"]
    assert len(await market.refunds()) == 3
    assert (await market.money()).balanced


async def test_one_of_a_family_may_still_pay_alone(market: Market) -> None:
    family = [await market.order() for _ in range(2)]
    await start(market, *family)
    alone = await market.trade(family[0], Method.ATM)
    now = await market.town.clock.now()
    assert await market.receive(market.till.pay(alone, at=now)) == "settles"
    assert await market.state(family[1]) == "awaiting_payment"


async def test_the_form_is_for_the_whole_family_and_its_payer(market: Market) -> None:
    payer, relative = await market.order(), await market.order()
    await allow(market, payer, relative)
    trade_no = await started(market, payer, relative)
    fields = (await market.form(trade_no, payer)).fields
    assert (fields["amount"], fields["item"]) == ("44", "預購成人口罩 6 片")
    with pytest.raises(UnknownTrade):
        await market.form(trade_no, relative)
    await market.pay(relative)
    with pytest.raises(AlreadyPaid):
        await market.form(trade_no, payer)
