"""A sender of the tests, and what the chains say to it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import httpx2

from emask.delivery.ports import ParcelOrder
from emask.partners.ecpay.mac import MacKeys
from emask.partners.ecpay.wire import read_form
from emask.partners.logistics import Account, EcpayLogistics, Logistics, Sender
from emask.partners.logistics.calls import sign
from emask.rounds.model import Chain

B2C = Account(merchant_id="2000132", keys=MacKeys("5294y06JbISpM5x9", "v77hoKGq4kWxNNIS"))
C2C = Account(merchant_id="2000933", keys=MacKeys("XBERn1YOvpM9nfZc", "h1ONHk4P4yqbl5LK"))
LOGISTICS = Logistics(
    b2c=B2C,
    c2c=C2C,
    base="https://chains.test",
    sender=Sender(name="口罩中心", mobile="0900000001"),
    call_seconds=0.5,
)
TRADE = "EP0123456789ABCDEF01"
STORES = {Chain.SE: "131386", Chain.FM: "6598", Chain.HL: "2001", Chain.OK: "1328"}


def parcel(
    chain: Chain = Chain.SE, changed: Mapping[str, str] = MappingProxyType({})
) -> ParcelOrder:
    told = {
        "trade_no": TRADE,
        "goods": "口罩 3 片",
        "receiver_name": "王小明",
        "receiver_mobile": "0900000002",
        "told": "https://shop.test/parcels",
        "store_code": STORES[chain],
        **changed,
    }
    return ParcelOrder(chain=chain, amount=22, **told)


CREATED = {
    "AllPayLogisticsID": "1000001",
    "BookingNote": "",
    "CVSPaymentNo": "",
    "CVSValidationNo": "",
    "GoodsAmount": "22",
    "LogisticsSubType": "UNIMART",
    "LogisticsType": "CVS",
    "MerchantTradeNo": TRADE,
    "ReceiverAddress": "",
    "ReceiverCellPhone": "0900000002",
    "ReceiverEmail": "",
    "ReceiverName": "王小明",
    "ReceiverPhone": "",
    "RtnCode": "300",
    "RtnMsg": "訂單處理中(已收到訂單資料)",
    "UpdateStatusDate": "2020/03/22 15:48:42",
}
PUSHED = CREATED | {
    "RtnCode": "2063",
    "RtnMsg": "包裹配達取件門市",
    "UpdateStatusDate": "2020/03/25 09:00:01",
}
STANDING = {
    "MerchantTradeNo": TRADE,
    "AllPayLogisticsID": "1000001",
    "LogisticsType": "CVS_UNIMART",
    "LogisticsStatus": "2063",
    "ShipmentNo": "00000000001",
    "CVSPaymentNo": "",
    "CVSValidationNo": "",
    "GoodsAmount": "22",
    "HandlingCharge": "10",
    "TradeDate": "2020/03/22 15:48:42",
}


def raw(fields: dict[str, str], account: Account = B2C, **changed: str) -> bytes:
    """The fields signed and not URL-encoded, some of them changed before."""
    told = sign(fields | changed, account)
    return "&".join(f"{name}={value}" for name, value in told.items()).encode()


@dataclass
class Server:
    """Answers with one thing, and remembers what it was asked."""

    body: bytes = b""
    status: int = 200
    seconds: float = 0
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    async def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append((str(request.url), read_form(request.content)))
        await asyncio.sleep(self.seconds)
        return httpx2.Response(self.status, content=self.body)

    @property
    def carrier(self) -> EcpayLogistics:
        client = httpx2.AsyncClient(transport=httpx2.MockTransport(self.answer))
        return EcpayLogistics(LOGISTICS, client)
