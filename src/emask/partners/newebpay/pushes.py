"""Reading what NewebPay tells of a trade, by its server or through the payer's browser.

Whoever has the page of an order holds things that verify: our own order, and the message that an
account was issued. Neither may pass for money, so what a push says decides, never where it came
to. The fields beside TradeInfo are not signed and are not read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from emask.partners.newebpay.cipher import NotSealed, is_genuine, opened
from emask.partners.newebpay.merchant import FLAGS, SUCCESS, Merchant
from emask.partners.newebpay.stamps import NEVER, deadline, moment
from emask.rules.words import Method

TAKEN: Final = "OK"
"""The answer to a push that has been dealt with: 200; NewebPay looks at the status alone."""

BAD_SHA_STATUS: Final = 400
"""The status for a push that is not genuine: should the keys be wrong, it is sent again, thrice."""

METHODS: Final = {flag: method for method, flag in FLAGS.items()}
"""The ways to pay that we offer, by NewebPay's words."""

_LONGEST: Final = 8192
"""Letters of a push; a real one has between one and two thousand."""
_TRADE_NO: Final = re.compile(r"[A-Za-z0-9_]{1,30}")
_GATEWAY_NO: Final = re.compile(r"[A-Za-z0-9]{1,20}")
_BANK_CODE: Final = re.compile(r"[0-9]{3,7}")
_ACCOUNT: Final = re.compile(r"[0-9]{6,30}")
_CODE: Final = re.compile(r"[A-Za-z0-9]{1,10}")
_MOST: Final = 2**31 - 1


class NotGenuine(Exception):
    """A push that NewebPay did not send, or would never send: change nothing, raise an alarm.

    The message says whether it was signed; nothing of the push stands in it.
    """


class PushKind(StrEnum):
    """What a push tells; an issued account is not money.

    Trial payments come from the test host alone, with its own keys; nothing else marks them.
    """

    PAID = "paid"
    ACCOUNT_ISSUED = "account_issued"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A genuine push.

    Args:
        kind: what it tells.
        trade_no: ours.
        gateway_trade_no: NewebPay's; empty if a trade failed before it had one.
        amount: NT$.
        method: how it was paid or is to be; None if that is no way that we offer.
        valued_at: when it was paid; otherwise when we read the push.
        bank_code: of the issued account.
        account: likewise.
        expires_at: until when the account takes money.
        payer_bank_code: where a transfer came from.
        code: why it failed, in NewebPay's code.
    """

    kind: PushKind
    trade_no: str
    gateway_trade_no: str
    amount: int
    method: Method | None
    valued_at: datetime
    bank_code: str | None = None
    account: str | None = None
    expires_at: datetime | None = None
    payer_bank_code: str | None = None
    code: str | None = None

    @property
    def message_id(self) -> str:
        """The same for every way of telling the same, so that a query and a push count once."""
        code = f":{self.code}" if self.kind is PushKind.FAILED else ""
        return f"{self.kind}:{self.gateway_trade_no or self.trade_no}{code}"


class _Result(msgspec.Struct, frozen=True, rename="pascal"):
    merchant_id: str = msgspec.field(name="MerchantID")
    amt: int
    merchant_order_no: str
    trade_no: str | None = None
    payment_type: str | None = None
    pay_time: str | None = None
    expire_date: str | None = None
    expire_time: str | None = None
    bank_code: str | None = None
    code_no: str | None = None
    pay_bank_code: str | None = None


class _Told(msgspec.Struct, frozen=True, rename="pascal"):
    status: str
    result: _Result


def read_push_body(body: bytes, merchant: Merchant, *, at: datetime) -> Push:
    """Verify and read the body of a push. Raises NotGenuine and nothing else."""
    if len(body) > _LONGEST:
        raise NotGenuine("not signed")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        raise NotGenuine("not signed") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise NotGenuine("not signed")
    return read_push(fields, merchant, at=at)


def read_push(fields: Mapping[str, str], merchant: Merchant, *, at: datetime) -> Push:
    """What a push tells, from the fields of its form. Raises NotGenuine and nothing else."""
    info, sha = fields.get("TradeInfo", ""), fields.get("TradeSha", "")
    if not 0 < len(info) <= _LONGEST or not is_genuine(info, sha, merchant.keys):
        raise NotGenuine("not signed")
    try:
        # Amounts come as numbers or as text; our own orders are no JSON, so none gets further.
        told = msgspec.json.decode(opened(info, merchant.keys), type=_Told, strict=False)
        result = told.result
        if result.merchant_id != merchant.merchant_id:
            raise NotGenuine("signed, about another merchant")
        return _push(told.status, result, at=at)
    except (NotSealed, msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        raise NotGenuine("signed, not in form") from None


def _push(status: str, result: _Result, *, at: datetime) -> Push:
    """Raises ValueError."""
    if not 1 <= result.amt <= _MOST:
        raise ValueError("amount")
    if status != SUCCESS:
        return _failed(status, result, at=at)
    if (result.pay_time or "") not in NEVER:
        return _paid(result)
    return _issued(result, at=at)


def _paid(result: _Result) -> Push:
    gateway_no = _matching(_GATEWAY_NO, result.trade_no)
    payer = result.pay_bank_code or ""
    return Push(
        kind=PushKind.PAID,
        trade_no=_matching(_TRADE_NO, result.merchant_order_no),
        gateway_trade_no=gateway_no,
        amount=result.amt,
        method=METHODS.get(result.payment_type or ""),
        valued_at=moment(result.pay_time or ""),
        payer_bank_code=payer if _BANK_CODE.fullmatch(payer) else None,  # money counts without it
    )


def _issued(result: _Result, *, at: datetime) -> Push:
    gateway_no = _matching(_GATEWAY_NO, result.trade_no)
    return Push(
        kind=PushKind.ACCOUNT_ISSUED,
        trade_no=_matching(_TRADE_NO, result.merchant_order_no),
        gateway_trade_no=gateway_no,
        amount=result.amt,
        method=METHODS.get(result.payment_type or ""),
        valued_at=at,
        bank_code=_matching(_BANK_CODE, result.bank_code),
        account=_matching(_ACCOUNT, result.code_no),
        expires_at=deadline(result.expire_date or "", result.expire_time or ""),
    )


def _failed(status: str, result: _Result, *, at: datetime) -> Push:
    """A failure may come before the trade has a number with NewebPay."""
    code = _matching(_CODE, status)
    trade_no = _matching(_TRADE_NO, result.merchant_order_no)
    gateway_no = _matching(_GATEWAY_NO, result.trade_no) if result.trade_no else ""
    return Push(
        kind=PushKind.FAILED,
        trade_no=trade_no,
        gateway_trade_no=gateway_no,
        amount=result.amt,
        method=METHODS.get(result.payment_type or ""),
        valued_at=at,
        code=code,
    )


def _matching(form: re.Pattern[str], text: str | None) -> str:
    """The text. Raises ValueError for what has not its form."""
    if text is None or not form.fullmatch(text):
        raise ValueError("field")
    return text
