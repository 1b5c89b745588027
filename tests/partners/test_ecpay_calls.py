"""Queries, refunds and the file: what is asked, and what each answer is taken for."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta

import httpx2
import pytest

from emask.partners.ecpay import (
    PushKind,
    TradeStatus,
    fetch_file,
    next_step,
    query_account,
    query_trade,
    read_push,
    reckoned_state,
    take_step,
)
from emask.partners.ecpay.card_refund import LETTERS
from emask.partners.ecpay.mac import is_genuine
from emask.partners.ecpay.wire import read_form
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
from partners.ecpay import ISSUED, MERCHANT, PAID, TRADE, sent

NOW = datetime(2020, 3, 19, 3, 0, tzinfo=UTC)
REFUND = CardRefund(trade_no=TRADE, gateway_trade_no="2003191030001234", paid=44, back=44)
PART = CardRefund(trade_no=TRADE, gateway_trade_no="2003191030001234", paid=44, back=22)
INFO = {
    "MerchantID": "3002607",
    "MerchantTradeNo": TRADE,
    "TradeStatus": "1",
    "TradeNo": "2003191030001234",
    "TradeAmt": "22",
    "PaymentDate": "2020/03/19 10:31:05",
    "PaymentType": "WebATM_BOT",
    "HandlingCharge": "10",
    "TradeDate": "2020/03/19 10:30:00",
    "ItemName": "口罩 3 片",
}


class Server:
    """Answers with one thing, and remembers what it was asked."""

    def __init__(self, body: bytes = b"", *, status: int = 200, seconds: float = 0) -> None:
        self.body, self.status, self.seconds = body, status, seconds
        self.asked: list[tuple[str, dict[str, str]]] = []

    async def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append((str(request.url), read_form(request.content)))
        await asyncio.sleep(self.seconds)
        return httpx2.Response(self.status, content=self.body)

    @property
    def client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=httpx2.MockTransport(self.answer))


def raw(fields: dict[str, str]) -> bytes:
    return "&".join(f"{name}={value}" for name, value in fields.items()).encode()


async def test_a_paid_trade_is_what_its_push_says() -> None:
    server = Server(raw(sent(INFO)))
    async with server.client as client:
        info = await query_trade(client, MERCHANT, TRADE, at=NOW)
    [(url, fields)] = server.asked
    assert url == "https://cashier.test/Cashier/QueryTradeInfo/V5"
    assert fields["TimeStamp"] == "1584586800"
    assert is_genuine(fields, MERCHANT.keys)
    assert info.status is TradeStatus.PAID
    push = read_push(sent(PAID), MERCHANT)
    assert info.payment == push
    assert info.payment.message_id == push.message_id
    assert push.kind is PushKind.PAID


async def test_an_answer_that_comes_url_encoded_is_read_too() -> None:
    body = httpx2.QueryParams(sent(INFO))
    async with Server(str(body).encode()).client as client:
        assert (await query_trade(client, MERCHANT, TRADE, at=NOW)).payment


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("0", TradeStatus.UNPAID),
        ("10200095", TradeStatus.NOT_ESTABLISHED),
        ("10200047", TradeStatus.UNCLEAR),
    ],
)
async def test_the_other_states_are_no_money(code: str, status: TradeStatus) -> None:
    async with Server(raw(sent(INFO, TradeStatus=code, PaymentDate=""))).client as client:
        info = await query_trade(client, MERCHANT, TRADE, at=NOW)
    assert (info.status, info.payment) == (status, None)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"<html>",
        raw(INFO),
        raw(sent(INFO) | {"TradeStatus": "0"}),
        raw(sent(INFO, MerchantTradeNo="EM9")),
        raw(sent(INFO, MerchantID="2000132")),
        raw(sent(INFO, TradeAmt="x")),
        raw(sent(INFO)) + b"&TradeStatus=0",
    ],
)
async def test_what_is_not_signed_or_about_another_trade_is_no_answer(body: bytes) -> None:
    async with Server(body).client as client:
        with pytest.raises(NoAnswer):
            await query_trade(client, MERCHANT, TRADE, at=NOW)


async def test_an_account_is_what_its_push_says() -> None:
    server = Server(raw(sent(ISSUED)))
    async with server.client as client:
        push = await query_account(client, MERCHANT, TRADE, at=NOW)
    [(url, fields)] = server.asked
    assert url == "https://cashier.test/Cashier/QueryPaymentInfo"
    assert (fields["MerchantTradeNo"], fields["TimeStamp"]) == (TRADE, "1584586800")
    assert is_genuine(fields, MERCHANT.keys)
    assert push == read_push(sent(ISSUED), MERCHANT)


async def test_a_trade_without_an_account_has_none() -> None:
    told = {"MerchantID": "3002607", "MerchantTradeNo": TRADE, "RtnCode": "10200047"}
    async with Server(raw(sent(told))).client as client:
        assert await query_account(client, MERCHANT, TRADE, at=NOW) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        raw(ISSUED),
        raw(sent(ISSUED, MerchantTradeNo="EM9")),
        raw(sent(ISSUED, vAccount="x")),
        raw(sent(ISSUED)).replace(b"&BankCode=004", b""),
    ],
)
async def test_what_is_not_signed_is_no_account(body: bytes) -> None:
    async with Server(body).client as client:
        with pytest.raises(NoAnswer):
            await query_account(client, MERCHANT, TRADE, at=NOW)


CALLS: list[Callable[[httpx2.AsyncClient], Awaitable[object]]] = [
    lambda client: query_trade(client, MERCHANT, TRADE, at=NOW),
    lambda client: query_account(client, MERCHANT, TRADE, at=NOW),
    lambda client: take_step(client, MERCHANT, REFUND, CardAction.ABANDON, at=NOW),
    lambda client: fetch_file(
        client, MERCHANT, begin=date(2020, 3, 19), end=date(2020, 3, 19), at=NOW
    ),
]


@pytest.mark.parametrize("call", CALLS)
async def test_after_a_403_nothing_is_asked_for_half_an_hour(
    call: Callable[[httpx2.AsyncClient], Awaitable[object]],
) -> None:
    async with Server(status=403).client as client:
        with pytest.raises(Paused) as caught:
            await call(client)
    assert caught.value.until == NOW + timedelta(minutes=30)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "server", [Server(status=500), Server(status=302), Server(seconds=5), Server(b"")]
)
async def test_without_an_answer_nothing_is_known(
    server: Server, call: Callable[[httpx2.AsyncClient], Awaitable[object]]
) -> None:
    async with server.client as client:
        with pytest.raises(NoAnswer):
            await call(client)


def steps(refund: CardRefund, state: CardState) -> str:
    letters = ""
    while step := next_step(refund, state):
        action, state = step
        letters += LETTERS[action]
    assert state is CardState.GIVEN_BACK
    return letters


@pytest.mark.parametrize(
    ("state", "whole", "part"),
    [
        (CardState.AUTHORISED, "N", "CR"),
        (CardState.TO_BE_CLOSED, "EN", "R"),
        (CardState.CLOSED, "R", "R"),
        (CardState.GIVEN_BACK, "", ""),
    ],
)
def test_the_steps_follow_the_state(state: CardState, whole: str, part: str) -> None:
    assert (steps(REFUND, state), steps(PART, state)) == (whole, part)


@pytest.mark.parametrize(
    ("refund", "action", "amount"),
    [
        (REFUND, CardAction.ABANDON, "44"),
        (PART, CardAction.CLOSE, "44"),
        (PART, CardAction.REFUND, "22"),
    ],
)
async def test_a_step(refund: CardRefund, action: CardAction, amount: str) -> None:
    server = Server(b"MerchantID=3002607&RtnCode=1&RtnMsg=Succeeded.")
    async with server.client as client:
        await take_step(client, MERCHANT, refund, action, at=NOW)
    [(url, fields)] = server.asked
    assert url == "https://cashier.test/CreditDetail/DoAction"
    assert (fields["Action"], fields["TotalAmount"]) == (LETTERS[action], amount)
    assert is_genuine(fields, MERCHANT.keys)


async def test_a_step_that_is_refused_says_its_code_alone() -> None:
    async with Server("RtnCode=10100050&RtnMsg=王小明".encode()).client as client:
        with pytest.raises(RefundRefused, match=r"^abandon: 10100050$"):
            await take_step(client, MERCHANT, REFUND, CardAction.ABANDON, at=NOW)


@pytest.mark.parametrize("body", [b"\xff", b"RtnCode=&RtnMsg=", b"RtnCode=x", b"RtnMsg=1"])
async def test_an_unclear_answer_to_a_step_is_none(body: bytes) -> None:
    async with Server(body).client as client:
        with pytest.raises(NoAnswer):
            await take_step(client, MERCHANT, REFUND, CardAction.ABANDON, at=NOW)


async def test_nothing_goes_back_while_the_day_is_closed() -> None:
    server = Server(b"RtnCode=1")
    begin = datetime(2020, 3, 19, 12, 15, tzinfo=UTC)  # 20:15 in Taipei
    async with server.client as client:
        for at in (begin, begin + timedelta(minutes=14, seconds=59)):
            with pytest.raises(Closing) as caught:
                await take_step(client, MERCHANT, REFUND, CardAction.REFUND, at=at)
            assert caught.value.until == begin + timedelta(minutes=15)
        assert not server.asked
        for at in (begin - timedelta(seconds=1), begin + timedelta(minutes=15)):
            await take_step(client, MERCHANT, REFUND, CardAction.REFUND, at=at)


@pytest.mark.parametrize("refund", [REFUND, PART])
def test_while_the_day_is_closed_there_is_no_step(refund: CardRefund) -> None:
    with pytest.raises(Closing):
        next_step(refund, CardState.CLOSING)


@pytest.mark.parametrize(
    ("paid", "now", "state"),
    [
        ((19, 9, 0), (19, 20, 14), CardState.AUTHORISED),
        ((19, 9, 0), (19, 20, 15), CardState.CLOSING),
        ((19, 9, 0), (19, 20, 29), CardState.CLOSING),
        ((19, 9, 0), (19, 20, 30), CardState.CLOSED),
        ((19, 20, 15), (19, 20, 30), CardState.AUTHORISED),
        ((19, 21, 0), (20, 20, 14), CardState.AUTHORISED),
        ((19, 21, 0), (20, 20, 30), CardState.CLOSED),
    ],
)
def test_the_state_of_a_card_follows_from_the_clock(
    paid: tuple[int, int, int], now: tuple[int, int, int], state: CardState
) -> None:
    paid_at, at = (datetime(2020, 3, *each, tzinfo=TAIPEI) for each in (paid, now))
    assert reckoned_state(paid_at, at=at) is state


@pytest.mark.parametrize("back", [0, -1, 45])
def test_only_what_was_paid_goes_back(back: int) -> None:
    with pytest.raises(ValueError, match="part of what was paid"):
        CardRefund(trade_no=TRADE, gateway_trade_no="1", paid=44, back=back)
