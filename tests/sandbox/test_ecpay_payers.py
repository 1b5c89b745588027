"""Payers and banks without pages: what ECPay's server would post of each thing they do."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.partners.ecpay import (
    EcpayGateway,
    NotGenuine,
    Push,
    PushKind,
    fetch_file,
    query_trade,
    read_push_body,
    take_step,
)
from emask.payment.ports import CardAction, CardRefund, CardState, Question
from emask.rules.calendar import day_in_taipei
from emask.rules.words import Method
from emask.sandbox.ecpay import Payers, Trade, Trades, UnknownTrade
from sandbox.ecpay_shop import MERCHANT, Shop

TRADE = "EM0123456789ABCDEF01"


class Crowd:
    """Payers beside the shop that they pay."""

    def __init__(self, shop: Shop, opening: datetime) -> None:
        self.shop = shop
        self.payers = Payers(MERCHANT, shop.db)
        self.opening = opening

    async def open(self, method: Method, trade_no: str = TRADE) -> Trade:
        until = self.opening + timedelta(days=2)
        form = await self.shop.form(trade_no, method, until=until)
        return await self.payers.check_out(form, at=self.opening)

    async def pay(self, minutes: int = 5, amount: int | None = None) -> Push:
        at = self.opening + timedelta(minutes=minutes)
        return read(await self.payers.pay(TRADE, at=at, amount=amount))


def read(body: bytes) -> Push:
    return read_push_body(body, MERCHANT)


@pytest.fixture
async def crowd(db: Database, clock: SetClock, opening: datetime) -> Crowd:
    return Crowd(await Shop.stand(db, clock), opening)


async def test_a_transfer(crowd: Crowd) -> None:
    trade = await crowd.open(Method.ATM)
    issued = read(await crowd.payers.issue(TRADE))
    assert (issued.kind, issued.account) == (PushKind.ACCOUNT_ISSUED, trade.account)
    assert await crowd.payers.trade_to(trade.account) == TRADE
    paid = await crowd.pay()
    assert (paid.kind, paid.amount) == (PushKind.PAID, 22)
    assert paid.valued_at == crowd.opening + timedelta(minutes=5)
    assert paid.gateway_trade_no == issued.gateway_trade_no


async def test_a_form_is_checked_as_at_the_cashier(crowd: Crowd) -> None:
    form = await crowd.shop.form(TRADE, Method.WEB_ATM, until=crowd.opening)
    changed = replace(form, fields={**form.fields, "TotalAmount": "1"})
    with pytest.raises(ValueError, match="CheckMacValue"):
        await crowd.payers.check_out(changed, at=crowd.opening)
    await crowd.payers.check_out(form, at=crowd.opening)
    with pytest.raises(ValueError, match="MerchantTradeNo"):
        await crowd.payers.check_out(form, at=crowd.opening)


async def test_more_money_comes_under_another_number(crowd: Crowd) -> None:
    await crowd.open(Method.CREDIT_CARD)
    pushes = [await crowd.pay(), await crowd.pay(6), await crowd.pay(7, amount=21)]
    assert [push.amount for push in pushes] == [22, 22, 21]
    assert len({push.message_id for push in pushes}) == 3


async def test_every_money_stands_in_the_file_and_goes_back_by_its_number(crowd: Crowd) -> None:
    await crowd.open(Method.CREDIT_CARD)
    pushes = [await crowd.pay(amount=21), await crowd.pay(6)]
    second = CardRefund(
        trade_no=TRADE, gateway_trade_no=pushes[1].gateway_trade_no, paid=22, back=22
    )
    shop = crowd.shop
    await take_step(shop.client, MERCHANT, second, CardAction.ABANDON, at=crowd.opening)
    payment = await Trades(shop.db).payment(second.gateway_trade_no)
    assert payment is not None
    assert payment.standing(crowd.opening) is CardState.GIVEN_BACK
    await shop.clock.set(crowd.opening + timedelta(days=1))
    day, now = day_in_taipei(crowd.opening), await shop.clock.now()
    rows = await fetch_file(shop.client, MERCHANT, begin=day, end=day, at=now)
    assert [(row.gateway_trade_no, row.amount) for row in rows] == [
        (push.gateway_trade_no, push.amount) for push in pushes
    ]


async def test_a_query_tells_the_same_of_a_wrong_amount(crowd: Crowd) -> None:
    await crowd.open(Method.WEB_ATM)
    push = await crowd.pay(amount=21)
    info = await query_trade(crowd.shop.client, MERCHANT, TRADE, at=crowd.opening)
    assert info.payment == push


async def test_a_refusal_and_a_simulation_are_no_money(crowd: Crowd) -> None:
    await crowd.open(Method.CREDIT_CARD)
    assert read(await crowd.payers.decline(TRADE, at=crowd.opening)).kind is PushKind.FAILED
    assert read(await crowd.payers.simulate(TRADE, at=crowd.opening)).kind is PushKind.SIMULATED
    gateway = EcpayGateway(MERCHANT, crowd.shop.client)
    asked = Question(
        trade_no=TRADE,
        amount=22,
        method=Method.CREDIT_CARD,
        opened_at=crowd.opening - timedelta(minutes=10),
    )
    assert not (await gateway.ask(asked, at=crowd.opening)).messages


async def test_the_last_is_repeated_to_the_letter(crowd: Crowd) -> None:
    await crowd.open(Method.ATM)
    with pytest.raises(UnknownTrade):
        await crowd.payers.repeat(TRADE)
    await crowd.payers.issue(TRADE)
    body = await crowd.payers.pay(TRADE, at=crowd.opening)
    assert await crowd.payers.repeat(TRADE) == body


async def test_a_forgery_is_right_in_everything_but_the_mac(crowd: Crowd) -> None:
    await crowd.open(Method.WEB_ATM)
    with pytest.raises(NotGenuine):
        read(await crowd.payers.forge(TRADE, at=crowd.opening))
    assert (await crowd.pay()).kind is PushKind.PAID


async def test_what_ecpay_does_not_know(crowd: Crowd) -> None:
    payers = crowd.payers
    await crowd.open(Method.WEB_ATM)
    for unknown in (
        payers.pay("EM9", at=crowd.opening),
        payers.repeat("EM9"),
        payers.issue(TRADE),
        payers.trade_to("9103522100000001"),
    ):
        with pytest.raises(UnknownTrade):
            await unknown


async def test_money_at_the_same_time_has_one_first(crowd: Crowd) -> None:
    trade = await crowd.open(Method.WEB_ATM)
    trades = Trades(crowd.shop.db)
    paid = await asyncio.gather(*(trades.pay(trade, at=crowd.opening) for _ in range(5)))
    assert sum(each is not None for each in paid) == 1
