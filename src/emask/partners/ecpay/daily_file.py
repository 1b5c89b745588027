"""The merchant's file of trades (TradeNoAio): CSV, complete on the day after.

Its columns are found by their headings. Cells come as a spreadsheet likes them, `="text"`, and in
Big5 where UTF-8 was asked for in vain. ECPay gives out one file a minute.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Final

import httpx2

from emask.partners.ecpay.calls import post
from emask.partners.ecpay.mac import signed
from emask.partners.ecpay.merchant import DAILY_FILE, Merchant
from emask.partners.ecpay.wire import read_amount, read_stamp, read_trade_no
from emask.payment.ports import NoAnswer, SettledRow, UnreadableFile

OUR_NUMBER: Final = "廠商訂單編號"
THEIR_NUMBER: Final = "綠界訂單編號"
METHOD: Final = "付款方式"
AMOUNT: Final = "交易金額"
STATUS: Final = "付款狀態"
PAID: Final = "已付款"

_HEADINGS: Final = (OUR_NUMBER, THEIR_NUMBER, METHOD, AMOUNT)
_CELL: Final = re.compile(r'="?([^"]*)"?')
_BY_DAY_OF_PAYMENT: Final = "2"
_PAID_ONLY: Final = "1"
_NEW_FORMAT: Final = "1"
_UTF8: Final = "2"
_PATIENCE: Final = 12  # times as long as other calls: a day may have a million rows


async def fetch_file(
    client: httpx2.AsyncClient, merchant: Merchant, *, begin: date, end: date, at: datetime
) -> list[SettledRow]:
    """The trades that were paid from `begin` to `end`, both days included.

    Raises:
        Paused, NoAnswer: there is no file now.
        UnreadableFile: what came is none; ECPay says so too when asked twice in a minute.
    """
    if begin > end:
        raise ValueError("begin is after end")
    fields = {
        "MerchantID": merchant.merchant_id,
        "DateType": _BY_DAY_OF_PAYMENT,
        "BeginDate": begin.isoformat(),
        "EndDate": end.isoformat(),
        "PaymentStatus": _PAID_ONLY,
        "MediaFormated": _NEW_FORMAT,
        "CharSet": _UTF8,
    }
    body = await post(
        client,
        replace(merchant, call_seconds=_PATIENCE * merchant.call_seconds),
        f"{merchant.vendor}{DAILY_FILE}",
        signed(fields, merchant.keys),
        at=at,
    )
    if not body:
        raise NoAnswer(DAILY_FILE)
    return read_file(body)


def read_file(content: bytes) -> list[SettledRow]:
    """The paid trades of a file, in its order. Raises UnreadableFile."""
    try:
        rows = list(csv.reader(io.StringIO(_text(content)), strict=False))
    except csv.Error:
        raise UnreadableFile("not CSV") from None
    if not rows:
        raise UnreadableFile("empty")
    headings = [_value(cell) for cell in rows[0]]
    if missing := [each for each in _HEADINGS if each not in headings]:
        raise UnreadableFile(f"without the columns {missing}")
    places: dict[str, int] = {
        each: headings.index(each) for each in (*_HEADINGS, STATUS) if each in headings
    }
    return list(_paid(rows[1:], places))


def _paid(rows: Sequence[Sequence[str]], places: dict[str, int]) -> Iterator[SettledRow]:
    for number, row in enumerate(rows, start=2):
        if not any(row):
            continue
        try:
            told = {name: _value(row[place]) for name, place in places.items()}
            if not told[OUR_NUMBER] and _is_total(row):
                continue
            if PAID in told.get(STATUS, PAID):
                yield _row(told)
        except (IndexError, ValueError):
            raise UnreadableFile(f"row {number}") from None


def _is_total(row: Sequence[str]) -> bool:
    return any(word in cell for cell in row for word in _TOTALS)


def _row(told: dict[str, str]) -> SettledRow:
    time = told.get(STATUS, "").replace(PAID, "").strip().replace("-", "/")
    return SettledRow(
        trade_no=read_trade_no(told[OUR_NUMBER]),
        gateway_trade_no=read_trade_no(told[THEIR_NUMBER]),
        method=told[METHOD],
        amount=_signed_amount(told[AMOUNT]),
        valued_at=read_stamp(time) if time else None,
    )


def _signed_amount(text: str) -> int:
    return -read_amount(text[1:]) if text.startswith("-") else read_amount(text)


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp950")
    except UnicodeDecodeError:
        raise UnreadableFile("neither UTF-8 nor Big5") from None


def _value(cell: str) -> str:
    """What a cell says, out of the formula that keeps a spreadsheet from reading it as a number."""
    found = _CELL.fullmatch(cell.strip())
    return (found[1] if found else cell).strip()


_TOTALS: Final = ("合計", "總計", "小計")
