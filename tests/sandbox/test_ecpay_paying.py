"""Payers at the sandboxed ECPay: by card, WebATM and at an ATM; what the shop is told."""

import asyncio
from datetime import datetime, timedelta

import httpx2
import pytest

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.partners.ecpay import NotGenuine, PushKind, TradeStatus, query_trade, read_push
from emask.partners.ecpay.merchant import CHECKOUT
from emask.rules.words import Method
from emask.sandbox.ecpay import ATM
from emask.sandbox.ecpay.trades import Trades
from sandbox.ecpay_shop import BASE, MERCHANT, Shop, hidden

TRADE = "EM0123456789ABCDEF01"
OTHER = "EM0123456789ABCDEF02"


@pytest.fixture
async def shop(db: Database, clock: SetClock) -> Shop:
    return await Shop.stand(db, clock)


@pytest.fixture
def until(opening: datetime) -> datetime:
    return opening + timedelta(days=2)


async def status(shop: Shop, trade_no: str = TRADE) -> TradeStatus:
    at = await shop.clock.now()
    return (await query_trade(shop.client, MERCHANT, trade_no, at=at)).status


@pytest.mark.parametrize("method", [Method.CREDIT_CARD, Method.WEB_ATM])
async def test_paying_on_a_page(shop: Shop, until: datetime, method: Method) -> None:
    page = await shop.check_out(TRADE, method, until=until)
    assert page.headers["content-type"].startswith("text/html")
    assert hidden(page)["MerchantTradeNo"] == TRADE
    assert not shop.told
    end = await shop.pay(TRADE)
    [push] = shop.told
    assert (push.kind, push.trade_no, push.amount) == (PushKind.PAID, TRADE, 22)
    assert push.valued_at == await shop.clock.now()
    assert read_push(hidden(end), MERCHANT) == push
    assert 'action="http://shop.test/returned"' in end.text
    assert await status(shop) is TradeStatus.PAID


async def test_paying_at_an_atm(shop: Shop, until: datetime) -> None:
    page = await shop.check_out(TRADE, Method.ATM, until=until)
    [issued] = shop.told
    assert issued.kind is PushKind.ACCOUNT_ISSUED
    assert issued.account
    assert issued.account in page.text
    assert "OrderResultURL" not in page.text
    assert (
        "Transferred" in (await shop.transfer(f" {issued.account[:4]} {issued.account[4:]}")).text
    )
    assert [push.kind for push in shop.told] == [PushKind.ACCOUNT_ISSUED, PushKind.PAID]
    assert [path for path, _ in shop.bodies] == ["/told", "/told"]


async def test_from_the_account_to_the_atm_and_back_to_the_shop(
    shop: Shop, until: datetime
) -> None:
    page = await shop.check_out(TRADE, Method.ATM, until=until)
    carried = hidden(page)
    assert (carried["amount"], carried["Language"]) == ("22", "ENG")
    atm = await shop.client.post(BASE + ATM, data=carried | {"decision": "show"})
    assert f'value="{carried["account"]}"' in atm.text
    assert len(shop.told) == 1
    done = await shop.transfer(carried["account"])
    assert 'href="http://shop.test/progress"' in done.text


@pytest.mark.parametrize(
    ("language", "html"), [("en", '<html lang="en">'), ("zh-TW", '<html lang="zh-Hant">')]
)
async def test_the_atm_speaks_the_browsers_language(shop: Shop, language: str, html: str) -> None:
    page = await shop.client.get(BASE + ATM, headers={"accept-language": language})
    assert html in page.text


async def test_the_atm_refuses_what_is_wrong(shop: Shop, until: datetime) -> None:
    await shop.check_out(TRADE, Method.ATM, until=until)
    account = shop.told[0].account or ""
    assert "wrong" in (await shop.transfer(account, "23")).text
    for unknown in ("", "1", account[:-1], f"{account}0", account.replace("9", "９", 1), "9" * 99):
        assert "no such account" in (await shop.transfer(unknown)).text
    await shop.clock.set(until + timedelta(days=1))
    assert "expired" in (await shop.transfer(account)).text
    assert len(shop.told) == 1
    assert (await shop.client.get(BASE + ATM)).status_code == 200


async def test_nobody_pays_twice(shop: Shop, until: datetime) -> None:
    await shop.check_out(TRADE, Method.CREDIT_CARD, until=until)
    await asyncio.gather(*(shop.pay(TRADE) for _ in range(3)))
    await shop.pay(TRADE, decision="decline")
    assert [push.kind for push in shop.told] == [PushKind.PAID]


async def test_without_the_guard_somebody_would(shop: Shop, until: datetime) -> None:
    await shop.check_out(TRADE, Method.CREDIT_CARD, until=until)
    for _ in range(2):
        await shop.pay(TRADE)
        async with shop.db.connection() as connection:
            await connection.execute("UPDATE sandbox.ecpay_trade SET state = 'open'")
            await connection.execute("DELETE FROM sandbox.ecpay_payment")
    assert len(shop.told) == 2


@pytest.mark.parametrize("form", [{"decision": "decline"}, {"card": "4000000000000000"}])
async def test_a_refused_card_may_be_tried_again(
    shop: Shop, until: datetime, form: dict[str, str]
) -> None:
    await shop.check_out(TRADE, Method.CREDIT_CARD, until=until)
    assert "Not paid" in (await shop.pay(TRADE, **form)).text
    assert await status(shop) is TradeStatus.UNPAID
    await shop.pay(TRADE)
    assert [push.kind for push in shop.told] == [PushKind.FAILED, PushKind.PAID]


async def test_a_trade_number_is_used_once(shop: Shop, until: datetime) -> None:
    await shop.check_out(TRADE, Method.WEB_ATM, until=until)
    assert "10200047" in (await shop.check_out(TRADE, Method.WEB_ATM, until=until)).text


async def test_a_form_that_was_changed_opens_nothing(shop: Shop, until: datetime) -> None:
    forged = {"MerchantID": "3002607", "MerchantTradeNo": TRADE, "TotalAmount": "1"}
    page = await shop.client.post(BASE + CHECKOUT, data=forged)
    assert "CheckMacValue" in page.text
    assert await status(shop) is TradeStatus.NOT_ESTABLISHED


async def test_a_multipart_form_is_read_too(shop: Shop) -> None:
    parts = {"MerchantID": (None, "3002607")}
    page = await shop.client.post(BASE + CHECKOUT, files=parts)
    assert "CheckMacValue" in page.text


async def test_an_unknown_trade_is_not_paid(shop: Shop, until: datetime) -> None:
    assert "no such trade" in (await shop.pay("EM9")).text
    await shop.check_out(TRADE, Method.ATM, until=until)
    assert "no such trade" in (await shop.pay(TRADE)).text


async def test_what_is_told_twice_counts_once(shop: Shop, until: datetime) -> None:
    await shop.mischief.begin("ecpay", "duplicate")
    await shop.check_out(TRADE, Method.WEB_ATM, until=until)
    await shop.pay(TRADE)
    first, second = shop.told
    assert first == second
    assert first.message_id == second.message_id


async def test_told_in_another_order(shop: Shop, until: datetime) -> None:
    await shop.mischief.begin("ecpay", "reorder")
    for trade_no in (TRADE, OTHER):
        await shop.check_out(trade_no, Method.WEB_ATM, until=until)
        await shop.pay(trade_no)
    assert [push.trade_no for push in shop.told] == [OTHER, TRADE]


async def test_what_is_held_back_is_told_in_the_end(shop: Shop, until: datetime) -> None:
    await shop.mischief.begin("ecpay", "reorder")
    await shop.check_out(TRADE, Method.WEB_ATM, until=until)
    await shop.pay(TRADE)
    assert not shop.told
    assert await shop.pushes.tell_due(await shop.clock.now()) == 1
    assert [push.trade_no for push in shop.told] == [TRADE]


async def test_a_wrong_mac(shop: Shop, until: datetime) -> None:
    await shop.mischief.begin("ecpay", "wrong_mac")
    await shop.check_out(TRADE, Method.WEB_ATM, until=until)
    await shop.pay(TRADE)
    assert shop.bodies
    with pytest.raises(NotGenuine):
        _ = shop.told


async def test_a_simulated_payment_is_no_money(shop: Shop, until: datetime) -> None:
    await shop.mischief.begin("ecpay", "simulated")
    await shop.check_out(TRADE, Method.CREDIT_CARD, until=until)
    await shop.pay(TRADE)
    assert [push.kind for push in shop.told] == [PushKind.SIMULATED]
    assert await status(shop) is TradeStatus.UNPAID


async def test_money_for_a_dead_account(shop: Shop, until: datetime) -> None:
    await shop.mischief.begin("ecpay", "paid_after_expiry")
    await shop.check_out(TRADE, Method.ATM, until=until)
    await shop.clock.set(until + timedelta(days=1))
    await shop.transfer(shop.told[0].account or "")
    assert shop.told[-1].kind is PushKind.PAID
    assert shop.told[-1].valued_at > until


async def test_an_untaken_message_is_told_again_four_times(shop: Shop, until: datetime) -> None:
    shop.answer = "1|OK\n"
    await shop.check_out(TRADE, Method.WEB_ATM, until=until)
    await shop.pay(TRADE)
    at = await shop.clock.now()
    assert await shop.pushes.tell_due(at) == 0
    for minutes in (5, 10, 15, 20, 25):
        await shop.pushes.tell_due(at + timedelta(minutes=minutes))
    assert len(shop.told) == 4


async def test_a_stall(shop: Shop) -> None:
    await shop.mischief.begin("ecpay", "slow", {"seconds": 0.3})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await shop.client.get(BASE + ATM)


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"a=1&a=2", b"MerchantID=3002607", b"MerchantTradeNo=%00"]
)
@pytest.mark.parametrize("path", ["/Cashier/Pay", "/Cashier/Atm", CHECKOUT, "/nowhere"])
async def test_nonsense_changes_nothing(shop: Shop, path: str, body: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer: httpx2.Response = await shop.client.post(BASE + path, content=body, headers=headers)
    assert answer.status_code in (200, 400, 404)
    assert not shop.bodies
    assert await Trades(shop.db).find(TRADE) is None
