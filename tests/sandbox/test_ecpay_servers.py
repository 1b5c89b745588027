"""What the sandboxed ECPay answers to a shop's server: queries, refunds, the daily file."""

import asyncio
from datetime import datetime, timedelta

import pytest

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.partners.ecpay import (
    TradeStatus,
    fetch_file,
    next_step,
    query_account,
    query_trade,
    take_step,
)
from emask.partners.ecpay.mac import MacKeys, signed
from emask.partners.ecpay.merchant import (
    CARD_ACTION,
    CHECKOUT,
    DAILY_FILE,
    PAYMENT_INFO,
    TRADE_INFO,
    Merchant,
)
from emask.payment.ports import (
    CardAction,
    CardRefund,
    CardState,
    NoAnswer,
    Paused,
    RefundRefused,
)
from emask.rules.calendar import at, day_in_taipei
from emask.rules.words import Method
from emask.sandbox.ecpay import Payment, Trades
from sandbox.ecpay_shop import BASE, MERCHANT, Shop

TRADE = "EM0123456789ABCDEF01"


@pytest.fixture
async def shop(db: Database, clock: SetClock) -> Shop:
    return await Shop.stand(db, clock)


@pytest.fixture
def until(opening: datetime) -> datetime:
    return opening + timedelta(days=2)


async def paid(shop: Shop, until: datetime, *, amount: int = 44) -> None:
    await shop.check_out(TRADE, Method.CREDIT_CARD, until=until, amount=amount)
    await shop.pay(TRADE)


async def money(shop: Shop) -> Payment:
    """What came for the trade."""
    trades = Trades(shop.db)
    trade = await trades.find(TRADE)
    assert trade is not None
    payment = await trades.payment_of(trade)
    assert payment is not None
    return payment


async def refund(shop: Shop, back: int) -> CardRefund:
    payment = await money(shop)
    return CardRefund(
        trade_no=TRADE,
        gateway_trade_no=payment.gateway_trade_no,
        paid=payment.amount,
        back=back,
    )


async def act(shop: Shop, asked: CardRefund, action: CardAction) -> None:
    await take_step(shop.client, MERCHANT, asked, action, at=await shop.clock.now())


async def standing(shop: Shop) -> CardState | None:
    return (await money(shop)).standing(await shop.clock.now())


async def test_a_query_of_another_time_is_refused(shop: Shop, until: datetime) -> None:
    await paid(shop, until)
    now = await shop.clock.now()
    for off in (timedelta(minutes=-3), timedelta(minutes=3)):
        assert (await query_trade(shop.client, MERCHANT, TRADE, at=now + off)).payment
        with pytest.raises(NoAnswer):
            await query_trade(shop.client, MERCHANT, TRADE, at=now + off * 1.01)


async def test_a_query_finds_what_the_push_told(shop: Shop, until: datetime) -> None:
    await paid(shop, until)
    info = await query_trade(shop.client, MERCHANT, TRADE, at=await shop.clock.now())
    assert [info.payment] == shop.told


async def test_a_query_finds_the_account_that_was_issued(shop: Shop, until: datetime) -> None:
    await shop.check_out(TRADE, Method.ATM, until=until)
    now = await shop.clock.now()
    assert [await query_account(shop.client, MERCHANT, TRADE, at=now)] == shop.told


async def test_without_an_account_there_is_none_to_find(shop: Shop, until: datetime) -> None:
    await shop.check_out(TRADE, Method.WEB_ATM, until=until)
    for trade_no in (TRADE, "EM9"):
        now = await shop.clock.now()
        assert await query_account(shop.client, MERCHANT, trade_no, at=now) is None


async def test_strangers_are_told_nothing(shop: Shop, until: datetime) -> None:
    await paid(shop, until)
    stranger = Merchant(
        merchant_id=MERCHANT.merchant_id, keys=MacKeys("a", "b"), cashier=BASE, vendor=BASE
    )
    with pytest.raises(NoAnswer):
        await query_trade(shop.client, stranger, TRADE, at=await shop.clock.now())
    for path in (TRADE_INFO, PAYMENT_INFO, CARD_ACTION, DAILY_FILE):
        fields = signed({"MerchantID": "3002607", "MerchantTradeNo": TRADE}, stranger.keys)
        answer = await shop.client.post(BASE + path, data=fields)
        assert answer.text == "0|CheckMacValue Error"


@pytest.mark.parametrize("back", [44, 22])
@pytest.mark.parametrize("begin", [CardState.AUTHORISED, CardState.TO_BE_CLOSED, CardState.CLOSED])
async def test_money_goes_back_step_by_step(
    shop: Shop, until: datetime, back: int, begin: CardState
) -> None:
    await paid(shop, until)
    asked = await refund(shop, back)
    if begin is CardState.TO_BE_CLOSED:
        await act(shop, asked, CardAction.CLOSE)
    if begin is CardState.CLOSED:
        await shop.clock.set(await shop.clock.now() + timedelta(days=1))
    state = begin
    while step := next_step(asked, state):
        assert await standing(shop) is state
        action, state = step
        await act(shop, asked, action)
    assert (await money(shop)).refunded == back


async def test_the_days_cards_are_closed_in_the_evening(shop: Shop, until: datetime) -> None:
    await paid(shop, until)
    today = day_in_taipei(await shop.clock.now())
    await shop.clock.set(at(today, 20, 29))
    assert await standing(shop) is CardState.AUTHORISED
    await shop.clock.set(at(today, 20, 30))
    assert await standing(shop) is CardState.CLOSED


async def test_while_the_day_is_closed_no_step_is_taken(shop: Shop, until: datetime) -> None:
    await paid(shop, until)
    fields = {
        "MerchantID": "3002607",
        "MerchantTradeNo": TRADE,
        "TradeNo": (await money(shop)).gateway_trade_no,
        "Action": "N",
        "TotalAmount": "44",
    }
    await shop.clock.set(at(day_in_taipei(await shop.clock.now()), 20, 15))
    answer = await shop.client.post(BASE + CARD_ACTION, data=signed(fields, MERCHANT.keys))
    assert "RtnCode=10100999" in answer.text


async def test_a_step_of_another_state_is_refused(shop: Shop, until: datetime) -> None:
    await paid(shop, until)
    asked = await refund(shop, 22)
    for action in (CardAction.REFUND, CardAction.CANCEL_CLOSING):
        with pytest.raises(RefundRefused):
            await act(shop, asked, action)
    other = CardRefund(trade_no=TRADE, gateway_trade_no="1", paid=44, back=44)
    with pytest.raises(RefundRefused):
        await act(shop, other, CardAction.ABANDON)


async def test_no_more_goes_back_than_was_paid(shop: Shop, until: datetime) -> None:
    await paid(shop, until)
    await shop.clock.set(await shop.clock.now() + timedelta(days=1))
    asked = await refund(shop, 22)
    both = [act(shop, asked, CardAction.REFUND) for _ in range(4)]
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    done = [each for each in outcomes if each is None]
    assert (await money(shop)).refunded == 22 * len(done) <= 44


async def test_a_403_lasts_half_an_hour_of_the_clock(shop: Shop, until: datetime) -> None:
    await shop.mischief.begin("ecpay", "forbidden")
    begin = await shop.clock.now()
    for minutes in (0, 10, 29):
        now = begin + timedelta(minutes=minutes)
        await shop.clock.set(now)
        with pytest.raises(Paused) as caught:
            await query_trade(shop.client, MERCHANT, TRADE, at=now)
        assert caught.value.until == now + timedelta(minutes=30)
    page = await shop.check_out(TRADE, Method.CREDIT_CARD, until=until)
    assert page.status_code == 200
    now = begin + timedelta(minutes=30)
    await shop.clock.set(now)
    info = await query_trade(shop.client, MERCHANT, TRADE, at=now)
    assert info.status is TradeStatus.UNPAID


async def test_the_file_comes_on_the_day_after(shop: Shop, until: datetime) -> None:
    await paid(shop, until)
    paid_at = await shop.clock.now()
    day = day_in_taipei(paid_at)

    async def rows() -> list[tuple[str, int, datetime | None]]:
        now = await shop.clock.now()
        found = await fetch_file(shop.client, MERCHANT, begin=day, end=day, at=now)
        return [(row.trade_no, row.amount, row.valued_at) for row in found]

    assert await rows() == []
    await shop.clock.set(paid_at + timedelta(days=1))
    assert await rows() == [(TRADE, 44, paid_at)]


@pytest.mark.parametrize("path", [CHECKOUT, TRADE_INFO, PAYMENT_INFO, CARD_ACTION, DAILY_FILE])
@pytest.mark.parametrize(
    "odd", [{}, {"TimeStamp": "x"}, {"BeginDate": "x", "EndDate": ""}, {"Action": "X"}]
)
async def test_signed_nonsense_is_refused(shop: Shop, path: str, odd: dict[str, str]) -> None:
    fields = signed({"MerchantID": "3002607", **odd}, MERCHANT.keys)
    answer = await shop.client.post(BASE + path, data=fields)
    assert answer.status_code in (200, 400)
    assert "RtnCode=1&" not in answer.text
