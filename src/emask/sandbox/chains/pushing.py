"""What the sandboxed chains tell by themselves, in their own time and as badly as asked.

Faults: `duplicate` (all is told twice), `reorder` (what is due together is told in no order, the
latest news before the oldest), `wrong_mac`. What is not answered with exactly `1|OK` is told again:
three times every two hours, then on each of three days.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import httpx2
from psycopg.rows import class_row

from emask.database.pool import Database
from emask.delivery.ports import ParcelState
from emask.partners.ecpay.mac import FIELD
from emask.partners.ecpay.wire import FORM_TYPE, form_body, stamp
from emask.partners.logistics.calls import sign
from emask.partners.logistics.kinds import Logistics
from emask.partners.logistics.pushes import TAKEN
from emask.partners.logistics.statuses import state_of
from emask.sandbox.chains.parcels import Parcel
from emask.sandbox.mischief import Mischief

PARTNER: Final = "chains"
"""Their name in :class:`emask.sandbox.mischief.Mischief`."""

TABLES = """
CREATE TABLE IF NOT EXISTS sandbox.chains_push (
    seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    trade_no   text        NOT NULL,
    code       text        NOT NULL,
    updated_at timestamptz NOT NULL,
    tries      integer     NOT NULL DEFAULT 0,
    due_at     timestamptz
);
CREATE INDEX IF NOT EXISTS chains_push_due ON sandbox.chains_push (due_at);
COMMENT ON COLUMN sandbox.chains_push.due_at IS 'Null once it was taken, or given up.';
"""

AGAIN_AFTER: Final = [timedelta(hours=2)] * 3 + [timedelta(days=1)] * 3
_ANSWERED_WITHIN: Final = 10  # seconds
_AT_ONCE: Final = 8
_SAID: Final = {
    ParcelState.ORDER_TAKEN: "訂單處理中(已收到訂單資料)",
    ParcelState.ACCEPTED: "已收件",
    ParcelState.AT_CENTRE: "物流中心驗收成功",
    ParcelState.ARRIVED: "包裹配達取件門市",
    ParcelState.COLLECTED: "買家已到店取貨",
    ParcelState.GOING_BACK: "買家未取包裹，將退回物流中心",
    ParcelState.BACK_AT_CENTRE: "退回物流中心驗收成功",
    ParcelState.RETURNED_TO_SENDER: "退貨完成",
    ParcelState.RESELECT_STORE: "取件門市關轉，請重新選擇門市",
    ParcelState.STORE_CHANGED: "門市已更換",
    ParcelState.LOST: "包裹遺失",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    push: int
    told_code: str
    told_at: datetime
    seq: int
    trade_no: str
    sub_type: str
    store_code: str
    fields: Mapping[str, str]
    code: str
    updated_at: datetime

    @property
    def parcel(self) -> Parcel:
        """The parcel as it was when this became so."""
        return Parcel(
            seq=self.seq,
            trade_no=self.trade_no,
            sub_type=self.sub_type,
            store_code=self.store_code,
            fields=self.fields,
            code=self.told_code,
            updated_at=self.told_at,
        )


class Pushes:
    """Tells the merchants; the table is :data:`TABLES`.

    Args:
        db: where it keeps what is still to be told.
        client: what it calls them with.
        logistics: the accounts that it signs for.
        mischief: what is wrong with it at present.
    """

    def __init__(
        self, db: Database, client: httpx2.AsyncClient, logistics: Logistics, mischief: Mischief
    ) -> None:
        self._db = db
        self._client = client
        self._logistics = logistics
        self._mischief = mischief

    async def tell_due(self, at: datetime, *, most: int = 1000) -> int:
        """Tell some of what is due, several things at a time; how many messages were."""
        faults = await self._mischief.kinds(PARTNER)
        due = await self._take(at, most, "push DESC" if "reorder" in faults else "push")
        free = asyncio.Semaphore(_AT_ONCE)

        async def tell(waiting: _Waiting) -> int | None:
            async with free:
                return waiting.push if await self._tell(waiting.parcel, faults) else None

        taken = [done for done in await asyncio.gather(*map(tell, due)) if done is not None]
        async with self._db.connection() as connection:
            await connection.execute(
                "UPDATE sandbox.chains_push SET due_at = NULL WHERE seq = ANY(%s)", (taken,)
            )
        return len(due)

    async def _take(self, at: datetime, most: int, order: str) -> list[_Waiting]:
        """What is due, which is put off before it is told: whoever is killed tells it again."""
        async with (
            self._db.connection() as connection,
            connection.cursor(row_factory=class_row(_Waiting)) as cursor,
        ):
            await cursor.execute(
                "WITH due AS (SELECT seq FROM sandbox.chains_push WHERE due_at <= %s"
                " ORDER BY due_at, seq LIMIT %s FOR UPDATE SKIP LOCKED),"
                " taken AS (UPDATE sandbox.chains_push SET tries = tries + 1,"
                " due_at = %s + (%s::interval[])[tries + 1]"
                " WHERE seq IN (SELECT seq FROM due)"
                " RETURNING seq AS push, trade_no, code AS told_code, updated_at AS told_at)"
                " SELECT push, told_code, told_at, seq, trade_no, sub_type, store_code, fields,"
                " code, updated_at FROM taken JOIN sandbox.chains_parcel USING (trade_no)"
                f" ORDER BY {order}",
                (at, most, at, AGAIN_AFTER),
            )
            return await cursor.fetchall()

    async def _tell(self, parcel: Parcel, faults: Mapping[str, Any]) -> bool:
        fields = push_fields(parcel, self._logistics)
        if "wrong_mac" in faults:
            fields[FIELD] = fields[FIELD][::-1]
        url = parcel.fields["ServerReplyURL"]
        taken = await self._taken(url, fields)
        if "duplicate" in faults:
            taken = await self._taken(url, fields) and taken
        return taken

    async def _taken(self, url: str, fields: Mapping[str, str]) -> bool:
        try:
            async with asyncio.timeout(_ANSWERED_WITHIN):
                response = await self._client.post(
                    url, content=form_body(fields), headers={"content-type": FORM_TYPE}
                )
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError):
            return False
        return response.status_code == TAKEN.status and response.content == TAKEN.content.encode()


def push_fields(parcel: Parcel, logistics: Logistics) -> dict[str, str]:
    """What is told of a parcel, signed."""
    return sign(told_fields(parcel), logistics.account_for(parcel.kind))


def told_fields(parcel: Parcel) -> dict[str, str]:
    """What pushes and the answer to a creation say alike."""
    state = state_of(parcel.kind, parcel.code)
    return {
        "AllPayLogisticsID": parcel.parcel_no,
        "BookingNote": "",
        "CVSPaymentNo": parcel.payment_no,
        "CVSValidationNo": parcel.validation_no,
        "GoodsAmount": parcel.fields["GoodsAmount"],
        "LogisticsSubType": parcel.sub_type,
        "LogisticsType": "CVS",
        "MerchantTradeNo": parcel.trade_no,
        "ReceiverAddress": "",
        "ReceiverCellPhone": parcel.fields["ReceiverCellPhone"],
        "ReceiverEmail": parcel.fields.get("ReceiverEmail", ""),
        "ReceiverName": parcel.fields["ReceiverName"],
        "ReceiverPhone": parcel.fields.get("ReceiverPhone", ""),
        "RtnCode": parcel.code,
        "RtnMsg": _SAID.get(state, ""),
        "UpdateStatusDate": stamp(parcel.updated_at),
    }
