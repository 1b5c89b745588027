"""Asking NewebPay's server how trades stand and to give cards' money back."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.partners.newebpay import (
    PushKind,
    Refused,
    TradeInfo,
    TradeStatus,
    next_step,
    query_trade,
    take_step,
)
from emask.partners.newebpay.cipher import check_code
from emask.payment.ports import (
    CardAction,
    CardRefund,
    CardState,
    Closing,
    NoAnswer,
    Paused,
    RefundRefused,
)
from emask.rules.calendar import TAIPEI
from emask.rules.words import Method
from emask.sandbox.wire import caller
from partners.newebpay import KEYS, MERCHANT, NOW, TRADE_NO
from sandbox.newebpay_shop import Shop

WHOLE = CardRefund(trade_no=TRADE_NO, gateway_trade_no="1", paid=22, back=22)
PART = CardRefund(trade_no=TRADE_NO, gateway_trade_no="1", paid=22, back=7)
NIGHT = datetime(2020, 3, 21, 3, 0, tzinfo=TAIPEI)
MORNING = datetime(2020, 3, 21, 6, 0, tzinfo=TAIPEI)

Server = Callable[[httpx2.Request], httpx2.Response]


@pytest.fixture
async def shop(db: Database, clock: SetClock) -> Shop:
    return await Shop.stand(db, clock)


async def test_a_trade_that_nobody_paid_is_not_known(shop: Shop) -> None:
    assert await shop.query() == TradeInfo(trade_no=TRADE_NO, status=TradeStatus.NOT_ESTABLISHED)
    await shop.open(Method.CREDIT_CARD)
    assert (await shop.query()).status is TradeStatus.NOT_ESTABLISHED


async def test_a_query_tells_of_an_account_what_the_browser_would_have(shop: Shop) -> None:
    issued = await shop.take_account()
    found = await shop.query()
    assert (found.status, found.payment, found.account) == (TradeStatus.UNPAID, None, issued)
    await shop.transfer(issued.account)
    found = await shop.query()
    assert (found.status, found.account, found.card) == (TradeStatus.PAID, None, None)


@pytest.mark.parametrize("method", [Method.CREDIT_CARD, Method.WEB_ATM])
async def test_a_query_and_a_push_tell_the_same_payment(shop: Shop, method: Method) -> None:
    await shop.pay(method)
    payment = (await shop.query()).payment
    assert payment is not None
    assert payment.kind is PushKind.PAID
    assert payment.message_id == shop.pushes[0].message_id
    assert payment.valued_at == shop.pushes[0].valued_at


async def test_another_amount_is_another_trade(shop: Shop) -> None:
    await shop.pay(Method.CREDIT_CARD)
    assert (await shop.query(23)).status is TradeStatus.NOT_ESTABLISHED


async def test_what_was_only_authorised_is_let_go(shop: Shop) -> None:
    await shop.pay(Method.CREDIT_CARD)
    assert await shop.step(WHOLE) == "abandon"
    assert (await shop.query()).status is TradeStatus.GIVEN_BACK
    assert await shop.step(WHOLE) is None


async def test_what_is_to_be_taken_is_called_back_first(shop: Shop) -> None:
    await shop.pay(Method.CREDIT_CARD)
    assert await shop.step(PART) == "close"
    with pytest.raises(Closing):
        await shop.step(PART)
    assert [await shop.step(WHOLE) for _ in range(3)] == ["cancel_closing", "abandon", None]


async def test_while_the_bank_takes_it_nothing_goes_back(shop: Shop) -> None:
    await shop.pay(Method.CREDIT_CARD)
    await shop.clock.set(NIGHT)
    assert (await shop.card()).state is CardState.CLOSING
    for refund in (WHOLE, PART):
        with pytest.raises(Closing):
            await shop.step(refund)


async def test_what_was_taken_goes_back_in_parts_and_never_more(shop: Shop) -> None:
    await shop.pay(Method.CREDIT_CARD)
    await shop.clock.set(MORNING)
    for left in (15, 8, 1):
        assert await shop.step(PART) == "refund"
        assert (await shop.card()).refundable == left
    with pytest.raises(RefundRefused, match="TRA10036"):
        await shop.step(PART)
    rest = CardRefund(trade_no=TRADE_NO, gateway_trade_no="1", paid=22, back=1)
    assert [await shop.step(rest), await shop.step(rest)] == ["refund", None]


async def test_transfers_have_no_card(shop: Shop) -> None:
    issued = await shop.take_account()
    await shop.transfer(issued.account)
    async with caller(shop.wire) as client:
        with pytest.raises(RefundRefused, match="TRA10021"):
            await take_step(client, MERCHANT, WHOLE, CardAction.REFUND, at=NOW)


async def test_a_step_is_asked_for_by_the_same_clock(shop: Shop) -> None:
    await shop.pay(Method.CREDIT_CARD)
    late = NOW + timedelta(minutes=3)
    async with caller(shop.wire) as client:
        with pytest.raises(RefundRefused, match="MEM40014"):
            await take_step(client, MERCHANT, WHOLE, CardAction.ABANDON, at=late)


@pytest.mark.parametrize("back", [0, 23, -1])
def test_what_goes_back_is_part_of_what_was_paid(back: int) -> None:
    with pytest.raises(ValueError, match="part"):
        CardRefund(trade_no=TRADE_NO, gateway_trade_no="1", paid=22, back=back)


def test_every_state_has_a_step_an_end_or_a_wait() -> None:
    for refund in (WHOLE, PART):
        assert next_step(refund, CardState.GIVEN_BACK) is None
        assert next_step(refund, CardState.CLOSED) == (CardAction.REFUND, CardState.GIVEN_BACK)


FOUR = {
    "MerchantID": MERCHANT.merchant_id,
    "Amt": "22",
    "TradeNo": "20032009000012345",
    "MerchantOrderNo": TRADE_NO,
}
PAID: dict[str, Any] = {
    **FOUR,
    "Amt": 22,
    "CheckCode": check_code(FOUR, KEYS),
    "TradeStatus": "1",
    "PaymentType": "CREDIT",
    "PayTime": "2020-03-20 10:15:30",
    "CloseStatus": "0",
    "BackBalance": "22",
}


def answering(body: Any, status: int = 200) -> Server:
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return lambda _: httpx2.Response(status, content=content)


async def ask(server: Server) -> TradeInfo:
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(server)) as client:
        return await query_trade(client, MERCHANT, TRADE_NO, amount=22, at=NOW)


def success(changes: Mapping[str, Any]) -> Any:
    return {"Status": "SUCCESS", "Message": "", "Result": PAID | dict(changes)}


async def test_a_query_is_asked_as_the_manual_says() -> None:
    asked: dict[str, str] = {}

    def server(request: httpx2.Request) -> httpx2.Response:
        asked.update(parse_qsl(request.content.decode()))
        return httpx2.Response(200, content=msgspec.json.encode(success({})))

    found = await ask(server)
    assert found.status is TradeStatus.PAID
    assert set(asked) == {
        "MerchantID",
        "Version",
        "RespondType",
        "CheckValue",
        "TimeStamp",
        "MerchantOrderNo",
        "Amt",
    }


@pytest.mark.parametrize(
    ("changes", "status", "refundable"),
    [
        ({"TradeStatus": 1, "CloseStatus": 3, "BackBalance": 15}, TradeStatus.PAID, 15),
        ({"BackBalance": None}, TradeStatus.PAID, 22),
        ({"TradeStatus": "6", "BackBalance": None}, TradeStatus.GIVEN_BACK, 0),
        ({"TradeStatus": "3"}, TradeStatus.GIVEN_BACK, 0),
    ],
)
async def test_figures_come_as_numbers_text_or_not_at_all(
    changes: dict[str, Any], status: TradeStatus, refundable: int
) -> None:
    found = await ask(answering(success(changes)))
    assert found.card is not None
    assert (found.status, found.card.refundable) == (status, refundable)


@pytest.mark.parametrize("changes", [{"TradeStatus": "7"}, {"OrderStatus": 9}])
async def test_nothing_follows_from_what_is_not_clear(changes: dict[str, Any]) -> None:
    found = await ask(answering(success(changes)))
    assert (found.status, found.payment) == (TradeStatus.UNCLEAR, None)


@pytest.mark.parametrize(
    "server",
    [
        answering(b"", 500),
        answering(b"<html>"),
        answering(b"\xff"),
        answering(b"[" * 5000),
        answering({"Status": "no such thing", "Result": []}),
        answering({"Status": "SUCCESS", "Result": []}),
        answering({"Status": "SUCCESS"}),
        answering(success({"CheckCode": "0" * 64})),
        answering(success({"Amt": 23})),
        answering(success({"MerchantOrderNo": "EM2"})),
        answering(success({"MerchantID": "MS2"})),
        answering(success({"PayTime": ""})),
        answering(success({"CloseStatus": "8"})),
        answering(success({"BackBalance": "-1"})),
        answering(success({"BackBalance": "many"})),
        answering(success({}), 302),
    ],
)
async def test_what_cannot_be_relied_on_is_no_answer(server: Server) -> None:
    with pytest.raises(NoAnswer):
        await ask(server)


async def test_a_server_that_is_slow_is_no_answer(shop: Shop) -> None:
    await shop.fault("slow", {"seconds": 5})
    hasty = replace(MERCHANT, call_seconds=0.05)
    async with caller(shop.wire) as client:
        with pytest.raises(NoAnswer):
            await query_trade(client, hasty, TRADE_NO, amount=22, at=NOW)


async def test_a_server_that_is_away_is_no_answer() -> None:
    def away(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("away", request=request)

    with pytest.raises(NoAnswer):
        await ask(away)


@pytest.mark.parametrize(("code", "hours"), [("TRA10071", 4), ("TRA11002", 4), ("TRA10702", 1)])
async def test_a_lock_says_until_when(code: str, hours: int) -> None:
    with pytest.raises(Paused) as paused:
        await ask(answering({"Status": code, "Message": "", "Result": []}))
    assert paused.value.until == NOW + timedelta(hours=hours)


async def test_another_refusal_says_its_code() -> None:
    with pytest.raises(Refused) as refused:
        await ask(answering({"Status": "TRA10054", "Message": "", "Result": []}))
    assert refused.value.code == "TRA10054"


async def test_letting_go_with_the_banks_batch_is_letting_go() -> None:
    server = answering({"Status": "TRA20001", "Message": "", "Result": []})
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(server)) as client:
        await take_step(client, MERCHANT, WHOLE, CardAction.ABANDON, at=NOW)


JSON: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just([])
)


@given(changes=st.dictionaries(st.sampled_from(sorted(PAID)), JSON, max_size=3))
async def test_any_answer_is_a_standing_or_none(changes: dict[str, Any]) -> None:
    try:
        found = await ask(answering(success(changes)))
    except NoAnswer:
        return
    assert found.trade_no == TRADE_NO
