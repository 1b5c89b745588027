"""What the sandboxed ECPay tells by itself, in its own time and as badly as it is asked to.

Faults: `duplicate` (all is told twice), `reorder` (one message waits until the next one has been
told), `wrong_mac`. What is not answered with exactly `1|OK` is told again, four times at most.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import httpx2
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from emask.database.pool import Database
from emask.partners.ecpay.mac import FIELD, MacKeys, signed
from emask.partners.ecpay.pushes import TAKEN
from emask.partners.ecpay.wire import FORM_TYPE, form_body, stamp
from emask.sandbox.ecpay.exchange import PARTNER
from emask.sandbox.ecpay.trades import BANK_CODE, Payment, Trade
from emask.sandbox.mischief import Mischief

TABLES = """
CREATE TABLE IF NOT EXISTS sandbox.ecpay_push (
    seq    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    url    text    NOT NULL,
    fields jsonb   NOT NULL,
    held   boolean NOT NULL,
    tries  integer NOT NULL DEFAULT 0,
    due_at timestamptz
);
COMMENT ON COLUMN sandbox.ecpay_push.held IS 'Waits until another message has been told.';
COMMENT ON COLUMN sandbox.ecpay_push.due_at IS 'Null once it was taken, or given up.';
"""

AGAIN_AFTER: Final = timedelta(minutes=5)
_MOST_TRIES: Final = 4
_ANSWERED_WITHIN: Final = 10  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    seq: int
    url: str
    fields: Mapping[str, str]
    tries: int


class Pushes:
    """Tells the merchant; the table is :data:`TABLES`.

    Args:
        db: where it keeps what is still to be told.
        client: what it calls the merchant with.
        keys: what it signs with.
    """

    def __init__(
        self, db: Database, client: httpx2.AsyncClient, keys: MacKeys, mischief: Mischief
    ) -> None:
        self._db = db
        self._client = client
        self._keys = keys
        self._mischief = mischief

    async def tell(self, url: str, fields: Mapping[str, str], *, at: datetime) -> None:
        """Tell of a trade now, then what was held back until something else is told."""
        faults = await self._mischief.kinds(PARTNER)
        told = self._signed(fields, faults)
        async with self._db.connection() as connection:
            cursor = await connection.execute(
                "INSERT INTO sandbox.ecpay_push (url, fields, held, due_at)"
                " SELECT %s, %s, held, CASE WHEN held THEN %s ELSE %s END FROM (SELECT %s"
                "  AND NOT EXISTS (SELECT FROM sandbox.ecpay_push WHERE held) AS held) AS turn"
                " RETURNING seq, held",
                (url, Jsonb(told), at, at + AGAIN_AFTER, "reorder" in faults),
            )
            row = await cursor.fetchone()
        if row is None or row[1]:
            return
        await self._send(_Waiting(seq=row[0], url=url, fields=told, tries=0), faults, at)
        for held in await self._waiting("held AND due_at <= %s", at):
            await self._send(held, faults, at)

    async def tell_due(self, at: datetime) -> int:
        """Tell whatever is due once more, and what is held back; how many messages."""
        faults = await self._mischief.kinds(PARTNER)
        due = await self._waiting("due_at <= %s", at)
        for each in due:
            await self._send(each, faults, at)
        return len(due)

    async def _waiting(self, condition: str, at: datetime) -> list[_Waiting]:
        async with (
            self._db.connection() as connection,
            connection.cursor(row_factory=class_row(_Waiting)) as cursor,
        ):
            await cursor.execute(
                "SELECT seq, url, fields, tries FROM sandbox.ecpay_push"
                f" WHERE {condition} ORDER BY seq",
                (at,),
            )
            return await cursor.fetchall()

    async def _send(self, push: _Waiting, faults: Mapping[str, Any], at: datetime) -> None:
        taken = await self._taken(push)
        if "duplicate" in faults:
            taken = await self._taken(push) and taken
        over = taken or push.tries + 1 >= _MOST_TRIES
        async with self._db.connection() as connection:
            await connection.execute(
                "UPDATE sandbox.ecpay_push SET held = false, tries = tries + 1, due_at = %s"
                " WHERE seq = %s",
                (None if over else at + AGAIN_AFTER, push.seq),
            )

    async def _taken(self, push: _Waiting) -> bool:
        try:
            async with asyncio.timeout(_ANSWERED_WITHIN):
                response = await self._client.post(
                    push.url, content=form_body(push.fields), headers={"content-type": FORM_TYPE}
                )
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError):
            return False
        return response.status_code == httpx2.codes.OK and response.content == TAKEN.encode()

    def _signed(self, fields: Mapping[str, str], faults: Mapping[str, Any]) -> dict[str, str]:
        told = signed(fields, self._keys)
        if "wrong_mac" in faults:
            told[FIELD] = told[FIELD][::-1]
        return told


def paid_fields(trade: Trade, payment: Payment) -> dict[str, str]:
    """What ReturnURL is told of money."""
    return _head(trade) | {
        "TradeNo": payment.gateway_trade_no,
        "TradeAmt": str(payment.amount),
        **_success(payment.paid_at),
        "SimulatePaid": "0",
    }


def simulated_fields(trade: Trade, *, at: datetime) -> dict[str, str]:
    """Likewise, of what ECPay's back office has only simulated."""
    return _head(trade) | {**_success(at), "SimulatePaid": "1"}


def failed_fields(trade: Trade) -> dict[str, str]:
    """Likewise, of a payment that the bank refused."""
    return _head(trade) | {
        "RtnCode": "10100058",
        "RtnMsg": "付款失敗",
        "PaymentDate": "",
        "PaymentTypeChargeFee": "0",
        "SimulatePaid": "0",
    }


def issued_fields(trade: Trade) -> dict[str, str]:
    """What PaymentInfoURL is told: an account."""
    return _head(trade) | {
        "RtnCode": "2",
        "RtnMsg": "Get VirtualAccount Succeeded",
        "BankCode": BANK_CODE,
        "vAccount": trade.account,
        "ExpireDate": f"{trade.expires_on:%Y/%m/%d}" if trade.expires_on else "",
    }


def _success(at: datetime) -> dict[str, str]:
    return {
        "RtnCode": "1",
        "RtnMsg": "交易成功",
        "PaymentDate": stamp(at),
        "PaymentTypeChargeFee": "0",
    }


def _head(trade: Trade) -> dict[str, str]:
    return {
        "MerchantID": trade.fields["MerchantID"],
        "MerchantTradeNo": trade.trade_no,
        "StoreID": "",
        "TradeNo": trade.gateway_trade_no,
        "TradeAmt": str(trade.amount),
        "PaymentType": trade.method,
        "TradeDate": stamp(trade.opened_at),
        **{f"CustomField{n}": trade.fields.get(f"CustomField{n}", "") for n in range(1, 5)},
    }
