"""Creating and asking: what goes out, and what each answer is taken for."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from emask.delivery.ports import (
    MapDevice,
    NoAnswer,
    ParcelState,
    Paused,
    Refused,
    UnfitForParcel,
    UnknownParcel,
)
from emask.partners.ecpay.mac import Digest, check_mac_value, is_genuine
from emask.partners.logistics import EcpayLogistics
from emask.partners.logistics.creation import creation_fields, fitting_name
from emask.rounds.model import Chain
from partners.logistics import (
    B2C,
    C2C,
    CREATED,
    LOGISTICS,
    STANDING,
    TRADE,
    Server,
    parcel,
    raw,
)

NOW = datetime(2020, 3, 22, 7, 48, 42, tzinfo=UTC)


def test_the_mac_is_the_owners() -> None:
    fields = {
        "MerchantID": "2000132",
        "LogisticsType": "CVS",
        "LogisticsSubType": "UNIMART",
        "MerchantTradeDate": "2025/01/01 12:00:00",
    }
    assert check_mac_value(fields, B2C.keys, Digest.MD5) == "545E6146FD45BDA683C88454DB34CE8D"


async def test_a_parcel_is_created_in_one_signed_call() -> None:
    server = Server(b"1|" + raw(CREATED))
    created = await server.carrier.create(parcel(), at=NOW)
    [(url, fields)] = server.asked
    assert url == "https://chains.test/Express/Create"
    assert is_genuine(fields, B2C.keys, Digest.MD5)
    assert (created.trade_no, created.parcel_no, created.chain) == (TRADE, "1000001", Chain.SE)
    assert (
        fields.items()
        >= {
            "MerchantID": "2000132",
            "MerchantTradeNo": TRADE,
            "MerchantTradeDate": "2020/03/22 15:48:42",
            "LogisticsType": "CVS",
            "LogisticsSubType": "UNIMART",
            "GoodsAmount": "22",
            "CollectionAmount": "22",
            "IsCollection": "N",
            "ReceiverName": "王小明",
            "ReceiverStoreID": "131386",
        }.items()
    )


@pytest.mark.parametrize(
    ("chain", "merchant", "sub_type", "store", "collected"),
    [
        (Chain.SE, "2000132", "UNIMART", "131386", "22"),
        (Chain.FM, "2000132", "FAMI", "006598", None),
        (Chain.HL, "2000132", "HILIFE", "2001", None),
        (Chain.OK, "2000933", "OKMARTC2C", "1328", None),
    ],
)
def test_each_chain_has_its_kind_and_account(
    chain: Chain, merchant: str, sub_type: str, store: str, collected: str | None
) -> None:
    fields = creation_fields(LOGISTICS, parcel(chain), at=NOW)
    assert fields["MerchantID"] == merchant
    assert fields["LogisticsSubType"] == sub_type
    assert fields["ReceiverStoreID"] == store
    assert fields.get("CollectionAmount") == collected
    assert is_genuine(fields, (C2C if chain is Chain.OK else B2C).keys, Digest.MD5)
    assert {"GoodsName", "SenderCellPhone"} <= fields.keys()


async def test_numbers_for_handing_in_are_kept() -> None:
    told = CREATED | {"LogisticsSubType": "OKMARTC2C", "CVSPaymentNo": "C9681067"}
    created = await Server(b"1|" + raw(told, C2C)).carrier.create(parcel(Chain.OK), at=NOW)
    assert (created.payment_no, created.validation_no) == ("C9681067", "")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"<html>",
        raw(CREATED),
        b"2|" + raw(CREATED),
        b"1|" + raw(CREATED)[:-1],
        b"1|" + raw(CREATED).replace(b"2000132", b"2000131"),
        b"1|" + raw(CREATED, C2C),
        b"1|" + raw(CREATED, RtnCode="1"),
        b"1|" + raw(CREATED, MerchantTradeNo="EP9"),
        b"1|" + raw(CREATED, LogisticsSubType="FAMI"),
        b"1|" + raw(CREATED) + b"&RtnCode=300",
        b"1|" + raw({name: CREATED[name] for name in CREATED if name != "AllPayLogisticsID"}),
    ],
)
async def test_what_is_not_signed_or_about_another_parcel_is_no_answer(body: bytes) -> None:
    with pytest.raises(NoAnswer):
        await Server(body).carrier.create(parcel(), at=NOW)


async def test_empty_fields_are_part_of_what_is_signed() -> None:
    body = b"1|" + raw(CREATED)
    with pytest.raises(NoAnswer):
        await Server(body.replace(b"BookingNote=&", b"")).carrier.create(parcel(), at=NOW)


@pytest.mark.parametrize("status", [200, 500])
async def test_a_refusal_keeps_the_chains_words_to_itself(status: int) -> None:
    server = Server("0|收件人王小明姓名錯誤".encode(), status)
    with pytest.raises(Refused) as caught:
        await server.carrier.create(parcel(), at=NOW)
    assert caught.value.said == "收件人王小明姓名錯誤"
    assert str(caught.value) == "/Express/Create"


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("MerchantTradeNo", {"trade_no": "EP-1"}),
        ("MerchantTradeNo", {"trade_no": "E" * 21}),
        ("GoodsName", {"goods": ""}),
        ("GoodsName", {"goods": "片" * 26}),
        ("GoodsName", {"goods": "3 & 3"}),
        ("ReceiverName", {"receiver_name": "王"}),
        ("ReceiverName", {"receiver_name": "123"}),
        ("ReceiverCellPhone", {"receiver_mobile": "0212345678"}),
        ("ReceiverCellPhone", {"receiver_mobile": "+886900000002"}),
        ("ReceiverCellPhone", {"receiver_mobile": "0900000002\n"}),
        ("ReceiverStoreID", {"store_code": ""}),
        ("ReceiverStoreID", {"store_code": "1313861"}),
        ("ServerReplyURL", {"told": ""}),
        ("ServerReplyURL", {"told": "https://口罩.test/"}),
    ],
)
async def test_nothing_is_asked_about_what_would_be_refused(
    field: str, changed: dict[str, str]
) -> None:
    server = Server()
    with pytest.raises(UnfitForParcel, match=f"^{field}$"):
        await server.carrier.create(parcel(changed=changed), at=NOW)
    assert not server.asked


@pytest.mark.parametrize(
    ("name", "on_the_label"),
    [
        ("王小明", "王小明"),
        ("歐陽小明", "歐陽小明"),
        ("達悟‧夏曼‧藍波安", "達悟夏曼藍"),
        ("NGUYEN THI HOA", "NGUYENTHIH"),
        ("李A", "李A"),
        ("Ō Ján", "ŌJán"),
    ],
)
def test_a_label_has_room_for_the_beginning_of_a_name(name: str, on_the_label: str) -> None:
    assert fitting_name(name) == on_the_label
    assert fitting_name(on_the_label) == on_the_label


async def test_a_question_is_answered_as_a_push_would() -> None:
    server = Server(raw(STANDING))
    standing = await server.carrier.ask(Chain.SE, TRADE, at=NOW)
    [(url, fields)] = server.asked
    assert url == "https://chains.test/Helper/QueryLogisticsTradeInfo/V5"
    assert fields["TimeStamp"] == "1584863322"
    assert standing.created.parcel_no == "1000001"
    assert standing.shipment_no == "00000000001"
    assert (standing.latest.code, standing.latest.state) == ("2063", ParcelState.ARRIVED)
    assert standing.latest.updated_at == NOW - timedelta(minutes=3)
    assert standing.news(None) == standing.latest
    assert standing.news(replace(standing.latest, code="2030")) == standing.latest
    assert standing.news(replace(standing.latest, updated_at=NOW)) is None


async def test_only_one_refusal_means_that_there_is_no_such_parcel() -> None:
    for said in ("0|找不到訂單", "0|找不到訂單資料"):
        with pytest.raises(UnknownParcel):
            await Server(said.encode(), 500).carrier.ask(Chain.SE, TRADE, at=NOW)
    for said in ("0|TimeStamp Is Expired", "0|CheckMacValue驗證錯誤", "0|找不到加密金鑰"):
        with pytest.raises(Refused):
            await Server(said.encode()).carrier.ask(Chain.SE, TRADE, at=NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        raw(STANDING) + b"&LogisticsStatus=2067",
        raw(STANDING).replace(b"2063", b"2067"),
        raw(STANDING, MerchantTradeNo="EP9"),
        raw(STANDING, LogisticsType="CVS_FAMI"),
        raw(STANDING, LogisticsStatus="x"),
        raw(STANDING, C2C),
        b"1|" + raw(STANDING),
    ],
)
async def test_a_forged_standing_is_none(body: bytes) -> None:
    with pytest.raises(NoAnswer):
        await Server(body).carrier.ask(Chain.SE, TRADE, at=NOW)


CALLS: list[Callable[[EcpayLogistics], Awaitable[object]]] = [
    lambda carrier: carrier.create(parcel(), at=NOW),
    lambda carrier: carrier.ask(Chain.SE, TRADE, at=NOW),
    lambda carrier: carrier.stores(Chain.SE, at=NOW),
]


@pytest.mark.parametrize("call", CALLS)
async def test_every_call_knows_a_pause_and_silence(
    call: Callable[[EcpayLogistics], Awaitable[object]],
) -> None:
    with pytest.raises(Paused) as caught:
        await call(Server(status=403).carrier)
    assert caught.value.until == NOW + timedelta(minutes=30)
    for server in (Server(status=502), Server(status=302), Server(seconds=2)):
        with pytest.raises(NoAnswer):
            await call(server.carrier)


def test_the_map_brings_back_a_nonce() -> None:
    form = Server().carrier.store_map(
        Chain.FM,
        trade_no="EP1",
        returned="https://shop.test/chosen",
        nonce="n0nce",
        device=MapDevice.PHONE,
    )
    assert form.action == "https://chains.test/Express/map"
    assert is_genuine(form.fields, B2C.keys, Digest.MD5)
    assert (
        form.fields.items()
        >= {
            "LogisticsSubType": "FAMI",
            "ExtraData": "n0nce",
            "Device": "1",
            "ServerReplyURL": "https://shop.test/chosen",
        }.items()
    )


@pytest.mark.parametrize("nonce", ["", "n" * 21, "n-1", "暗", "n\n"])
def test_a_nonce_that_would_not_come_back_is_refused(nonce: str) -> None:
    with pytest.raises(UnfitForParcel, match="ExtraData"):
        Server().carrier.store_map(
            Chain.FM, trade_no="EP1", returned="x", nonce=nonce, device=MapDevice.COMPUTER
        )
