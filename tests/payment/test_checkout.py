"""The form that takes a payer to the gateway."""

from uuid import UUID

import pytest

from emask.payment.checkout import checkout, return_addresses
from emask.payment.ports import ReturnAddresses
from emask.payment.receiving import UnknownTrade
from emask.rules.calendar import Language
from emask.rules.price import Method
from emask.rules.refusals import AlreadyPaid, PaymentClosed
from payment.market import ORIGIN, Market


async def fields(market: Market, trade_no: str, payer: UUID, language: Language) -> dict[str, str]:
    form = await checkout(
        market.town.db,
        market.town.clock,
        market.gateways,
        trade_no=trade_no,
        payer=payer,
        origin=ORIGIN,
        language=language,
    )
    assert form.action == "https://till.test/pay"
    return dict(form.fields)


async def started(market: Market, person_id: UUID) -> str:
    return (await market.start(person_id, Method.WEB_ATM)).trade_no or ""


async def test_it_says_what_is_bought_for_how_much_and_until_when(market: Market) -> None:
    person_id = await market.order()
    trade_no = await started(market, person_id)
    assert await fields(market, trade_no, person_id, "zh") == {
        "trade_no": trade_no,
        "amount": "22",
        "method": "web_atm",
        "item": "預購成人口罩 3 片",
        "language": "zh",
        "until": market.town.round.pay_until.isoformat(),
        "told": f"{ORIGIN}/api/payments/till",
        "back": f"{ORIGIN}/zh/orders/2020-1/paid",
    }
    english = await fields(market, trade_no, person_id, "en")
    assert english["item"] == "3 pre-ordered adult masks"
    assert english["back"] == f"{ORIGIN}/en/orders/2020-1/paid"


async def test_only_who_started_a_trade_takes_it_to_the_gateway(market: Market) -> None:
    trade_no = await started(market, await market.order())
    with pytest.raises(UnknownTrade):
        await market.form(trade_no, await market.order())
    with pytest.raises(UnknownTrade):
        await market.form("EM0", await market.order())


async def test_it_is_not_given_for_what_cannot_be_paid_any_more(market: Market) -> None:
    person_id, late = await market.order(), await market.order()
    trade_no, too_late = await started(market, person_id), await started(market, late)
    await market.pay(person_id)
    with pytest.raises(AlreadyPaid):
        await market.form(trade_no, person_id)
    await market.town.clock.set(market.town.round.pay_until)
    with pytest.raises(PaymentClosed):
        await market.form(too_late, late)


def test_each_gateway_tells_at_an_address_of_its_own() -> None:
    assert return_addresses(
        ORIGIN, gateway="ecpay", round_id="2020-1", language="en"
    ) == ReturnAddresses(
        told=f"{ORIGIN}/api/payments/ecpay",
        returned=f"{ORIGIN}/api/payments/ecpay/returned/en/2020-1",
        back=f"{ORIGIN}/en/orders/2020-1/paid",
    )
