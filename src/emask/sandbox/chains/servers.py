"""What the sandboxed chains answer to a merchant's server.

Faults: `unanswered` (a parcel is created, and the answer is lost), `lost` and `store_closed` (what
becomes of new parcels). Each strikes one parcel in `every`, all of them without such a detail.
Texts of refusal are opaque, and but for that of an unknown parcel nobody may rely on them.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from zlib import crc32

import msgspec

from emask.partners.ecpay.mac import Digest, is_genuine
from emask.partners.ecpay.wire import read_amount, read_stamp, read_trade_no, stamp
from emask.partners.logistics.calls import DONE, sign
from emask.partners.logistics.creation import fitting_name
from emask.partners.logistics.kinds import CVS_TYPES, Account, Logistics, SubType
from emask.partners.logistics.parcel_query import CLOCKS_APART, NOT_FOUND
from emask.rounds.model import Chain
from emask.sandbox.chains.life import Fate, Timetable
from emask.sandbox.chains.parcels import Parcel, Parcels
from emask.sandbox.chains.playing import Playing
from emask.sandbox.chains.pushing import told_fields
from emask.sandbox.ecpay.exchange import Answer, Request

_OK: Final = Answer(body=DONE.decode())
_AMOUNTS: Final = range(1, 20_001)
_NEEDED: Final = ("SenderName", "ReceiverStoreID", "ServerReplyURL")
_JSON: Final = "application/json; charset=utf-8"


class Refusal(Exception):
    """Not done; the text goes back after `0|`."""

    @property
    def answer(self) -> Answer:
        return Answer(body=f"0|{self}")


def genuine(request: Request, logistics: Logistics) -> tuple[dict[str, str], Account]:
    """The fields of a merchant's request, and its account. Raises Refusal."""
    fields = request.form()
    try:
        account = logistics.account_named(fields["MerchantID"])
    except LookupError:
        raise Refusal("MerchantID Error") from None
    if not is_genuine(fields, account.keys, Digest.MD5):
        raise Refusal("CheckMacValue驗證錯誤")
    return fields, account


class Servers:
    """The calls of the servers that have one of our accounts."""

    def __init__(
        self, logistics: Logistics, timetable: Timetable, parcels: Parcels, playing: Playing
    ) -> None:
        self._logistics = logistics
        self._timetable = timetable
        self._parcels = parcels
        self._playing = playing

    async def create(self, request: Request) -> Answer:
        """Create: the order for one parcel. The answer is raw, and signed but for its head."""
        fields, account = self._genuine(request)
        kind = _kind(fields)
        if self._logistics.account_for(kind) != account:
            raise Refusal("找不到加密金鑰，請確認是否有申請開通此物流方式!")
        if reason := _unfit(fields, kind):
            raise Refusal(f"{reason} Error")
        if not await self._parcels.has_store(kind.chain, fields["ReceiverStoreID"]):
            raise Refusal("門市不存在或已關閉")
        parcel = await self._parcels.create(
            fields, fate=self._fate(fields, request), moves_on=self._timetable.taken, at=request.at
        )
        if parcel is None:
            raise Refusal("廠商訂單編號重覆")
        if _strikes(request.faults, "unanswered", parcel.trade_no):
            return Answer(status=502)
        return Answer(body="1|" + _raw(sign(told_fields(parcel), account)))

    async def query(self, request: Request) -> Answer:
        """QueryLogisticsTradeInfo: how a parcel stands."""
        fields, account = self._genuine(request)
        asked = timedelta(seconds=int(fields["TimeStamp"]) - request.at.timestamp())
        if abs(asked) > CLOCKS_APART:
            raise Refusal("TimeStamp Is Expired")
        await self._playing.play(request.at)  # also if the clock has jumped ahead
        parcel = await self._named(fields, account)
        return Answer(body=_raw(sign(_standing(parcel), account)))

    async def stores(self, request: Request) -> Answer:
        """GetStoreList: the stores of one chain or of all."""
        fields, _ = self._genuine(request)
        asked = [
            chain
            for chain in Chain
            if fields["CvsType"].lower() in ("all", CVS_TYPES[chain].lower())
        ]
        if not asked:
            raise Refusal("CvsType Error")
        listed = [
            {
                "CvsType": CVS_TYPES[chain],
                "StoreInfo": [
                    {
                        "StoreId": store.code,
                        "StoreName": store.name,
                        "StoreAddr": store.address,
                        "StorePhone": store.phone,
                    }
                    for store in await self._parcels.stores(chain)
                ],
            }
            for chain in asked
        ]
        told = {"RtnCode": 1, "RtnMsg": "成功", "StoreList": listed}
        return Answer(body=msgspec.json.encode(told).decode(), content_type=_JSON)

    async def change_store(self, request: Request) -> Answer:
        """UpdateShipmentInfo and UpdateStoreInfo: another store of the same chain."""
        fields, account = self._genuine(request)
        parcel = await self._named(fields, account)
        _check_numbers(fields, parcel)
        code = fields["ReceiverStoreID"]
        if not await self._parcels.has_store(parcel.kind.chain, code):
            raise Refusal("門市不存在或已關閉")
        if parcel.store_code != code and not await self._playing.change_store(
            parcel.trade_no, code=code, at=request.at
        ):
            raise Refusal("目前狀態無法更新門市")
        return _OK

    async def cancel(self, request: Request) -> Answer:
        """CancelC2COrder: a parcel of 7-ELEVEN that has not been handed in."""
        fields, account = self._genuine(request)
        parcel = await self._named(fields, account)
        _check_numbers(fields, parcel)
        if parcel.kind is not SubType.UNIMARTC2C or not await self._parcels.withdraw(parcel):
            raise Refusal("目前狀態無法取消")
        return _OK

    def _genuine(self, request: Request) -> tuple[dict[str, str], Account]:
        return genuine(request, self._logistics)

    async def _named(self, fields: Mapping[str, str], account: Account) -> Parcel:
        """The account's parcel that is meant. Raises Refusal."""
        if parcel_no := fields.get("AllPayLogisticsID"):
            parcel = await self._parcels.find_numbered(parcel_no)
        else:
            parcel = await self._parcels.find(fields["MerchantTradeNo"])
        if parcel is None or self._logistics.account_for(parcel.kind) != account:
            raise Refusal(NOT_FOUND)
        return parcel

    def _fate(self, fields: Mapping[str, str], request: Request) -> Fate:
        trade_no = fields["MerchantTradeNo"]
        if _strikes(request.faults, "lost", trade_no):
            return Fate.LOST
        if _strikes(request.faults, "store_closed", trade_no):
            return Fate.STORE_CLOSED
        visited = crc32(trade_no.encode()) % 100 < self._timetable.visited_in_a_hundred
        return Fate.COLLECTED if visited else Fate.KEPT


def _strikes(faults: Mapping[str, Any], kind: str, trade_no: str) -> bool:
    if kind not in faults:
        return False
    every = int(faults[kind].get("every", 1))
    return crc32(f"{kind}:{trade_no}".encode()) % every == 0


def _kind(fields: Mapping[str, str]) -> SubType:
    try:
        return SubType(fields["LogisticsSubType"])
    except ValueError:
        raise Refusal("LogisticsSubType Error") from None


def _unfit(fields: Mapping[str, str], kind: SubType) -> str:
    """Which field the chains would not take; empty if they take all of them."""
    try:
        read_trade_no(fields["MerchantTradeNo"])
        read_stamp(fields["MerchantTradeDate"])
        amount = read_amount(fields["GoodsAmount"])
    except (KeyError, ValueError):
        return "MerchantTradeNo, MerchantTradeDate or GoodsAmount"
    name = fields.get("ReceiverName", "")
    seven = kind.chain is Chain.SE
    fits = {
        "LogisticsType": fields.get("LogisticsType") == "CVS",
        "GoodsAmount": amount in _AMOUNTS,
        "CollectionAmount": not seven or fields.get("CollectionAmount") == fields["GoodsAmount"],
        "GoodsName": bool(fields.get("GoodsName")) or not kind.is_c2c,
        "SenderCellPhone": _is_mobile(fields.get("SenderCellPhone", "")) or not kind.is_c2c,
        "ReceiverName": bool(name) and fitting_name(name) == name,
        "ReceiverCellPhone": _is_mobile(fields.get("ReceiverCellPhone", "")),
        **{each: bool(fields.get(each)) for each in _NEEDED},
    }
    return next((field for field, fit in fits.items() if not fit), "")


def _is_mobile(text: str) -> bool:
    return len(text) == len("0912345678") and text.startswith("09") and text.isdecimal()


def _check_numbers(fields: Mapping[str, str], parcel: Parcel) -> None:
    """Whoever changes a parcel that is handed in at a store knows its numbers. Raises Refusal."""
    told = (fields.get("CVSPaymentNo", ""), fields.get("CVSValidationNo", ""))
    if told != (parcel.payment_no, parcel.validation_no):
        raise Refusal(NOT_FOUND)


def _standing(parcel: Parcel) -> dict[str, str]:
    return {
        "AllPayLogisticsID": parcel.parcel_no,
        "BookingNote": "",
        "CollectionChargeFee": "0",
        "CVSPaymentNo": parcel.payment_no,
        "CVSValidationNo": parcel.validation_no,
        "GoodsAmount": parcel.fields["GoodsAmount"],
        "GoodsName": parcel.fields.get("GoodsName", ""),
        "HandlingCharge": "0",
        "LogisticsStatus": parcel.code,
        "LogisticsType": f"CVS_{parcel.sub_type}",
        "MerchantTradeNo": parcel.trade_no,
        "ShipmentNo": parcel.shipment_no,
        "TradeDate": stamp(read_stamp(parcel.fields["MerchantTradeDate"])),
    }


def _raw(fields: Mapping[str, str]) -> str:
    """Not URL-encoded, as ECPay answers."""
    return "&".join(f"{name}={value}" for name, value in fields.items())
