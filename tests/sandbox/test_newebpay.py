"""The sandboxed NewebPay takes orders, lets payers pay and tells of it, as the manual says."""

import asyncio
import time
from datetime import timedelta

import pytest

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.partners.newebpay import PushKind, TradeStatus, checkout_form, read_push
from emask.rules.words import Method
from emask.sandbox.newebpay.trades import Trades
from emask.sandbox.wire import caller
from partners.newebpay import ADDRESSES, MERCHANT, NOW, PAY_UNTIL, ROOT, TRADE_NO, purchase
from sandbox.newebpay_shop import Shop


@pytest.fixture
async def shop(db: Database, clock: SetClock) -> Shop:
    return await Shop.stand(db, clock)


@pytest.mark.parametrize("method", [Method.CREDIT_CARD, Method.WEB_ATM])
async def test_what_is_paid_on_the_page_is_told_by_the_server_and_the_browser(
    shop: Shop, method: Method
) -> None:
    page = await shop.pay(method)
    [told] = shop.pushes
    assert (told.kind, told.trade_no, told.amount) == (PushKind.PAID, TRADE_NO, 22)
    assert (told.method, told.valued_at) == (method, NOW)
    assert page.action == ADDRESSES.returned
    assert read_push(page.fields, MERCHANT, at=NOW).message_id == told.message_id


async def test_a_declined_card_is_told_too(shop: Shop) -> None:
    page = await shop.open(Method.CREDIT_CARD, language="en")
    assert "card number" in page.text
    done = await shop.post(page.action, page.fields | {"card": "4000000000000002"})
    [told] = shop.pushes
    assert (told.kind, told.code) == (PushKind.FAILED, "MPG03009")
    assert "Declined" in done.text
    assert (await shop.query()).status is TradeStatus.FAILED


async def test_the_bank_declines_when_it_is_asked_to(shop: Shop) -> None:
    page = await shop.open(Method.WEB_ATM)
    done = await shop.post(page.action, page.fields | {"decision": "decline"})
    assert [told.kind for told in shop.pushes] == [PushKind.FAILED]
    assert "付款失敗" in done.text


async def test_a_transfer_has_an_account_first_and_money_later(shop: Shop) -> None:
    issued = await shop.take_account()
    assert issued.kind is PushKind.ACCOUNT_ISSUED
    assert issued.expires_at == PAY_UNTIL - timedelta(seconds=1)
    assert shop.pushes == []
    assert "金額不符" in await shop.transfer(issued.account, "23")
    assert "沒有這個帳號" in await shop.transfer("1")
    assert "轉帳完成" in await shop.transfer(issued.account)
    assert "已經繳過" in await shop.transfer(issued.account)
    [told] = shop.pushes
    assert (told.kind, told.method, told.payer_bank_code) == (PushKind.PAID, Method.ATM, "822")


async def test_an_account_dies_with_its_day(shop: Shop) -> None:
    issued = await shop.take_account()
    await shop.clock.set(PAY_UNTIL)
    assert "帳號已過期" in await shop.transfer(issued.account)
    assert shop.pushes == []


async def test_of_two_payments_at_once_one_counts(shop: Shop) -> None:
    issued = await shop.take_account()
    said = await asyncio.gather(*(shop.transfer(issued.account) for _ in range(4)))
    assert sum("轉帳完成" in each for each in said) == 1
    assert len(shop.pushes) == 1


async def test_without_its_guard_a_trade_would_be_paid_by_each(shop: Shop) -> None:
    """The negative control of the test above."""
    await shop.take_account()
    trades = Trades(shop.db)

    async def pay_unguarded() -> bool:
        async with shop.db.connection() as connection:
            cursor = await connection.execute(
                "UPDATE sandbox.newebpay_trade SET state = 'paid', paid_at = %s"
                " WHERE trade_no = %s",
                (NOW, TRADE_NO),
            )
            return cursor.rowcount == 1

    guarded = await asyncio.gather(*(trades.pay(TRADE_NO, at=NOW) for _ in range(4)))
    assert sum(each is not None for each in guarded) == 1
    assert all(await asyncio.gather(*(pay_unguarded() for _ in range(4))))


@pytest.mark.parametrize("amount", ["", "0", "-1", "9" * 5000, "２２", "22\x00x"])
async def test_a_cash_machine_bears_whatever_is_typed(shop: Shop, amount: str) -> None:
    issued = await shop.take_account()
    assert "金額不符" in await shop.transfer(issued.account, amount)
    assert "沒有這個帳號" in await shop.transfer(amount)


async def test_an_order_is_taken_once_in_time_and_signed(shop: Shop) -> None:
    await shop.open(Method.ATM)
    assert "MPG03008" in (await shop.open(Method.ATM)).text
    late = checkout_form(
        MERCHANT, purchase(trade_no="EM2"), ADDRESSES, at=NOW - timedelta(seconds=121)
    )
    assert "MPG02004" in (await shop.post(late.action, late.fields)).text
    good = checkout_form(MERCHANT, purchase(trade_no="EM3"), ADDRESSES, at=NOW)
    forged = {**good.fields, "TradeSha": "0" * 64}
    assert "MPG03009" in (await shop.post(good.action, forged)).text
    other = {**good.fields, "MerchantID": "MS1"}
    assert "MPG03007" in (await shop.post(good.action, other)).text


async def test_a_cash_machine_has_a_page(shop: Shop) -> None:
    async with caller(shop.wire) as client:
        assert "沙盒自動櫃員機" in (await client.get(f"{ROOT}/MPG/atm")).text
        assert (await client.get(f"{ROOT}/elsewhere")).status_code == 404


async def test_a_push_is_sent_again_until_it_is_taken(shop: Shop) -> None:
    shop.answers = [500, 500]
    await shop.pay(Method.WEB_ATM)
    assert len(shop.pushes) == 3
    assert len({each.message_id for each in shop.pushes}) == 1


async def test_duplicates_are_the_same_message(shop: Shop) -> None:
    await shop.fault("duplicate")
    await shop.pay(Method.WEB_ATM)
    first, second = shop.pushes
    assert first == second


async def test_a_push_with_a_wrong_hash_is_refused_and_a_query_finds_the_money(shop: Shop) -> None:
    await shop.fault("wrong_sha")
    await shop.pay(Method.CREDIT_CARD)
    assert (shop.pushes, shop.refused) == ([], 3)
    assert (await shop.query()).status is TradeStatus.PAID


async def test_a_push_padded_to_32_bytes_is_read(shop: Shop) -> None:
    await shop.fault("padded_32")
    await shop.pay(Method.CREDIT_CARD)
    assert [each.kind for each in shop.pushes] == [PushKind.PAID]


async def test_it_is_slow_on_demand(shop: Shop) -> None:
    await shop.fault("slow", {"seconds": 0.2})
    begun = time.monotonic()
    await shop.open(Method.CREDIT_CARD)
    assert time.monotonic() - begun >= 0.2
