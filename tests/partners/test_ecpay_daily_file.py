"""The daily file is read by its headings, in either encoding, or not at all."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emask.partners.ecpay import fetch_file, query_trade, read_file
from emask.payment.ports import NoAnswer, SettledRow, UnreadableFile
from partners.ecpay import MERCHANT, TRADE
from partners.test_ecpay_calls import Server

HEADINGS = "訂單日期,廠商訂單編號,綠界訂單編號,付款方式,付款狀態,交易金額"
FIRST = (
    f'="2020-03-19 10:30:00",="{TRADE}",="2003191030001234",ATM櫃員機,'
    '="2020-03-19 10:31:05 已付款",="22"'
)
OPEN = '="2020-03-19 10:30:00",="EM2",="2003191030001235",ATM櫃員機,="未付款",="22"'
ROW = SettledRow(
    trade_no=TRADE,
    gateway_trade_no="2003191030001234",
    method="ATM櫃員機",
    amount=22,
    valued_at=datetime(2020, 3, 19, 2, 31, 5, tzinfo=UTC),
)


def content(*lines: str) -> bytes:
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp950"])
def test_paid_trades_are_read(encoding: str) -> None:
    text = f"{HEADINGS}\r\n{FIRST}\r\n{OPEN}\r\n\r\n合計,,,,,22\r\n,,,,小計:,=22"
    assert read_file(text.encode(encoding)) == [ROW]


def test_columns_are_found_wherever_they_stand() -> None:
    lines = ("交易金額,付款方式,綠界訂單編號,廠商訂單編號", f"=-22,信用卡,=EC1,={TRADE}")
    assert read_file(content(*lines)) == [
        SettledRow(
            trade_no=TRADE, gateway_trade_no="EC1", method="信用卡", amount=-22, valued_at=None
        )
    ]


def test_a_day_without_trades_is_a_file_too() -> None:
    assert read_file(content(HEADINGS)) == []


@pytest.mark.parametrize(
    ("unreadable", "reason"),
    [
        (b"", "empty"),
        (b"\x80\xff", "neither"),
        ("一分鐘之內僅限下載一個媒體檔".encode(), "columns"),
        (content(HEADINGS, FIRST, FIRST.replace('"22"', '"22.5"')), "row 3"),
        (content(HEADINGS, FIRST.replace("10:31", "25:31")), "row 2"),
        (content(HEADINGS, "=x,=y"), "row 2"),
        (content(HEADINGS, FIRST.replace(TRADE, "")), "row 2"),
    ],
)
def test_nothing_is_guessed(unreadable: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason) as caught:
        read_file(unreadable)
    assert TRADE not in str(caught.value)


@given(
    body=st.binary(max_size=300)
    | st.text(max_size=100).map(lambda t: (HEADINGS + "\n" + t).encode("utf-8", "replace"))
)
def test_anything_is_a_file_or_unreadable(body: bytes) -> None:
    try:
        rows = read_file(body)
    except UnreadableFile:
        return
    assert isinstance(rows, list)


async def test_paid_trades_of_days_are_asked_for() -> None:
    server = Server(content(HEADINGS, FIRST))
    day = date(2020, 3, 19)
    at = datetime(2020, 3, 20, tzinfo=UTC)
    async with server.client as client:
        assert await fetch_file(client, MERCHANT, begin=day, end=day, at=at) == [ROW]
    [(url, fields)] = server.asked
    assert url == "https://vendor.test/PaymentMedia/TradeNoAio"
    assert (fields["DateType"], fields["BeginDate"]) == ("2", "2020-03-19")


async def test_a_long_file_may_take_longer_than_other_calls() -> None:
    day, at = date(2020, 3, 19), datetime(2020, 3, 20, tzinfo=UTC)
    hurried = replace(MERCHANT, call_seconds=0.1)
    async with Server(content(HEADINGS, FIRST), seconds=0.3).client as client:
        assert await fetch_file(client, hurried, begin=day, end=day, at=at) == [ROW]
        with pytest.raises(NoAnswer):
            await query_trade(client, hurried, TRADE, at=at)


async def test_days_have_an_order() -> None:
    async with Server().client as client:
        with pytest.raises(ValueError, match="begin is after end"):
            await fetch_file(
                client,
                MERCHANT,
                begin=date(2020, 3, 20),
                end=date(2020, 3, 19),
                at=datetime(2020, 3, 20, tzinfo=UTC),
            )
