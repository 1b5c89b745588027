"""Pushes, chosen stores, lists of stores, labels and changes."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emask.delivery.ports import CreatedParcel, ForgedMessage, NoAnswer, ParcelState, Refused
from emask.partners.ecpay.mac import MacKeys
from emask.partners.ecpay.wire import form_body
from emask.partners.logistics import Account
from emask.partners.logistics.calls import sign
from emask.rounds.model import Chain
from emask.rules.calendar import TAIPEI
from partners.logistics import B2C, C2C, PUSHED, TRADE, Server

NOW = datetime(2020, 3, 22, 7, 48, 42, tzinfo=UTC)
CARRIER = Server().carrier


def pushed(account: Account = B2C, **changed: str) -> bytes:
    return form_body(sign(PUSHED | changed, account))


def test_a_push_says_where_a_parcel_is() -> None:
    message = CARRIER.read(pushed())
    assert (message.trade_no, message.parcel_no, message.chain) == (TRADE, "1000001", Chain.SE)
    assert (message.code, message.state) == ("2063", ParcelState.ARRIVED)
    assert message.updated_at == datetime(2020, 3, 25, 9, 0, 1, tzinfo=TAIPEI)
    assert "王小明" not in repr(message)


def test_the_same_push_has_the_same_id() -> None:
    twice = {CARRIER.read(pushed()).message_id, CARRIER.read(pushed(RtnMsg="x")).message_id}
    assert len(twice) == 1
    assert CARRIER.read(pushed(RtnCode="2067")).message_id not in twice
    assert CARRIER.read(pushed(UpdateStatusDate="2020/03/25 09:00:02")).message_id not in twice


def test_what_a_push_wants_to_hear() -> None:
    assert (CARRIER.taken.status, CARRIER.taken.content) == (200, "1|OK")
    assert CARRIER.not_genuine.content.startswith("0|")


def test_an_unknown_code_is_somewhere() -> None:
    assert CARRIER.read(pushed(RtnCode="2111")).state is ParcelState.IN_TRANSIT
    assert CARRIER.read(pushed(RtnCode="3018")).state is ParcelState.IN_TRANSIT


def test_ok_is_told_of_under_the_other_account() -> None:
    message = CARRIER.read(pushed(C2C, LogisticsSubType="OKMARTC2C", RtnCode="2073"))
    assert (message.chain, message.state) == (Chain.OK, ParcelState.ARRIVED)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff=1",
        pushed().replace(b"2063", b"2067"),
        pushed() + b"&RtnCode=2067",
        pushed(Account(merchant_id="2000132", keys=MacKeys("a", "b"))),
        pushed(Account(merchant_id="9", keys=B2C.keys)),
        pushed(C2C),
        pushed(LogisticsSubType="OKMARTC2C"),
        pushed(LogisticsSubType="TCAT"),
        pushed(RtnCode=""),
        pushed(RtnCode="2063\n"),
        pushed(RtnMsg="x&RtnCode=2067"),
        pushed(UpdateStatusDate="2020-03-25"),
        pushed(MerchantTradeNo="a b"),
        form_body(PUSHED),
    ],
)
def test_what_the_chains_would_not_say_is_forged(body: bytes) -> None:
    with pytest.raises(ForgedMessage) as caught:
        CARRIER.read(body)
    assert not str(caught.value)


@given(st.binary() | st.dictionaries(st.text(), st.text()).map(form_body))
def test_nothing_at_all_comes_through_unsigned(body: bytes) -> None:
    with pytest.raises(ForgedMessage):
        CARRIER.read(body)
    with pytest.raises(ForgedMessage):
        CARRIER.read_chosen(body)


@given(st.dictionaries(st.sampled_from(sorted(PUSHED)), st.text(max_size=30)))
def test_whatever_is_signed_is_a_message_or_forged(changed: dict[str, str]) -> None:
    try:
        message = CARRIER.read(form_body(sign(PUSHED | changed, B2C)))
    except ForgedMessage:
        return
    assert message.trade_no.isalnum()
    assert message.code.isdecimal()


CHOSEN = {
    "MerchantID": "2000132",
    "MerchantTradeNo": "EP1",
    "LogisticsSubType": "FAMI",
    "CVSStoreID": "006598",
    "CVSStoreName": "台醫店",
    "CVSAddress": "台北市中正區中山南路７號１樓",
    "CVSTelephone": "",
    "CVSOutSide": "0",
    "ExtraData": "n0nce",
}


def test_a_chosen_store_is_named_as_in_our_list() -> None:
    store = CARRIER.read_chosen(form_body(CHOSEN))
    assert (store.chain, store.code, store.name) == (Chain.FM, "6598", "台醫店")
    assert store.nonce == "n0nce"
    kept = CARRIER.read_chosen(
        form_body(CHOSEN | {"LogisticsSubType": "OKMARTC2C", "CVSStoreID": "0299"})
    )
    assert (kept.chain, kept.code) == (Chain.OK, "0299")


@pytest.mark.parametrize(
    "changed",
    [
        {"ExtraData": ""},
        {"ExtraData": "n" * 21},
        {"CVSStoreID": ""},
        {"CVSStoreID": "' OR 1=1"},
        {"LogisticsSubType": "TCAT"},
    ],
)
def test_a_choice_out_of_form_is_none(changed: dict[str, str]) -> None:
    with pytest.raises(ForgedMessage):
        CARRIER.read_chosen(form_body(CHOSEN | changed))
    with pytest.raises(ForgedMessage):
        CARRIER.read_chosen(form_body({"CVSStoreID": "1"}))


def listed(cvs_type: str = "FAMI", code: object = "1", store: str = "006598") -> bytes:
    info = [{"StoreId": store, "StoreName": "台醫店", "StoreAddr": "台北市", "StorePhone": "02-1"}]
    told = {"RtnCode": code, "RtnMsg": "成功"}
    return json.dumps(told | {"StoreList": [{"CvsType": cvs_type, "StoreInfo": info}]}).encode()


@pytest.mark.parametrize("code", ["1", 1])
async def test_a_list_of_stores_is_read(code: object) -> None:
    server = Server(listed(code=code))
    [store] = await server.carrier.stores(Chain.FM, at=NOW)
    [(url, fields)] = server.asked
    assert url == "https://chains.test/Helper/GetStoreList"
    assert fields["CvsType"] == "FAMI"
    assert (store.chain, store.code, store.name) == (Chain.FM, "6598", "台醫店")


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b'{"RtnCode": 1}', listed("UNIMART"), listed(store="x y"), b'"\xff"'],
)
async def test_a_list_without_stores_is_no_answer(body: bytes) -> None:
    with pytest.raises(NoAnswer):
        await Server(body).carrier.stores(Chain.FM, at=NOW)


async def test_a_list_may_be_refused() -> None:
    with pytest.raises(Refused):
        await Server(listed(code="10500001")).carrier.stores(Chain.FM, at=NOW)


def created(chain: Chain = Chain.SE, n: int = 1) -> CreatedParcel:
    numbers = {"payment_no": f"C{n}", "validation_no": ""} if chain is Chain.OK else {}
    return CreatedParcel(trade_no=f"EP{n}", parcel_no=str(n), chain=chain, **numbers)


def test_labels_of_one_chain_are_one_page() -> None:
    form = CARRIER.label([created(n=1), created(n=2)])
    assert form.action == "https://chains.test/helper/printTradeDocument"
    assert form.fields["AllPayLogisticsID"] == "1,2"
    assert "CVSPaymentNo" not in form.fields
    form = CARRIER.label([created(Chain.OK)])
    assert form.action == "https://chains.test/Express/PrintOKMARTC2COrderInfo"
    assert form.fields["CVSPaymentNo"] == "C1"


@pytest.mark.parametrize(
    "parcels",
    [
        [],
        [created(), created(Chain.FM)],
        [created(n=n) for n in range(101)],
    ],
)
def test_other_labels_are_no_page(parcels: list[CreatedParcel]) -> None:
    with pytest.raises(ValueError, match="1 to 100"):
        CARRIER.label(parcels)


async def test_labels_can_be_fetched() -> None:
    assert await Server(b"<html>").carrier.fetch_labels([created()], at=NOW) == b"<html>"


@pytest.mark.parametrize(
    ("chain", "call", "told"),
    [
        (
            Chain.FM,
            "/Helper/UpdateShipmentInfo",
            {"ReceiverStoreID": "006599", "ShipmentDate": "2020/03/22"},
        ),
        (
            Chain.OK,
            "/Express/UpdateStoreInfo",
            {"ReceiverStoreID": "6599", "StoreType": "01", "CVSPaymentNo": "C1"},
        ),
    ],
)
async def test_another_store_is_asked_for_by_kind(
    chain: Chain, call: str, told: dict[str, str]
) -> None:
    server = Server(b"1|OK")
    await server.carrier.change_store(created(chain), store_code="6599", at=NOW)
    [(url, fields)] = server.asked
    assert url == f"https://chains.test{call}"
    assert fields.items() >= told.items()


@pytest.mark.parametrize("body", [b"", b"1|", b"OK", b"2|OK", b"1|OK|x"])
async def test_a_change_is_done_only_if_it_says_so(body: bytes) -> None:
    with pytest.raises(NoAnswer):
        await Server(body).carrier.change_store(created(), store_code="1", at=NOW)


async def test_parcels_from_a_centre_cannot_be_withdrawn() -> None:
    server = Server(b"1|OK")
    for chain in Chain:
        with pytest.raises(Refused):
            await server.carrier.cancel(created(chain), at=NOW)
    assert not server.asked
