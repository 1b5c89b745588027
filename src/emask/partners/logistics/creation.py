"""Having a chain take the order for a parcel (B16)."""

import re
from datetime import datetime
from typing import Final
from unicodedata import category, east_asian_width

import httpx2

from emask.delivery.ports import (
    CreatedParcel,
    NoAnswer,
    ParcelOrder,
    UnfitForParcel,
)
from emask.partners.ecpay.wire import check_names, read_trade_no, stamp
from emask.partners.logistics.calls import CREATE, post, read_genuine, sign
from emask.partners.logistics.kinds import (
    SUB_TYPES,
    Account,
    Logistics,
    SubType,
    store_on_the_wire,
)

_ACCEPTED: Final = b"1|"  # stands before what is signed, and is no part of it
_TAKEN: Final = "300"
_COUNTED_TWICE: Final = frozenset({SubType.UNIMART, SubType.UNIMARTC2C})
_AMOUNTS: Final = range(1, 20_001)
_NAME_WIDTHS: Final = range(4, 11)
_LONGEST_NAME: Final = 10
_LONGEST_GOODS: Final = 50
_LONGEST_URL: Final = 200
_MOBILE: Final = re.compile(r"09[0-9]{8}", re.ASCII)
_STORE: Final = re.compile(r"[A-Za-z0-9]{1,6}", re.ASCII)
_NUMBER: Final = re.compile(r"[A-Za-z0-9]{0,20}", re.ASCII)
_SPECIAL: Final = frozenset("&=<>%'\"\\\r\n^`!@#*+|")


async def create_parcel(
    client: httpx2.AsyncClient, logistics: Logistics, order: ParcelOrder, *, at: datetime
) -> CreatedParcel:
    """Have the order for a parcel taken.

    Raises:
        UnfitForParcel: nothing was asked.
        Refused: there is no such parcel, or it was there before.
        Paused, NoAnswer: as everywhere; after NoAnswer ask before creating it again.
    """
    sub_type = SUB_TYPES[order.chain]
    account = logistics.account_for(sub_type)
    fields = creation_fields(logistics, order, at=at)
    body = await post(client, logistics, CREATE, fields, at=at)
    try:
        return _created(body, order, sub_type, account)
    except (KeyError, ValueError):
        raise NoAnswer(CREATE) from None


def creation_fields(logistics: Logistics, order: ParcelOrder, *, at: datetime) -> dict[str, str]:
    """The signed fields. Raises UnfitForParcel."""
    sub_type = SUB_TYPES[order.chain]
    name = fitting_name(order.receiver_name)
    _check(order, name)
    fields = {
        "MerchantTradeNo": order.trade_no,
        "MerchantTradeDate": stamp(at),
        "LogisticsType": "CVS",
        "LogisticsSubType": sub_type.value,
        "GoodsAmount": str(order.amount),
        "IsCollection": "N",
        "GoodsName": order.goods,
        "SenderName": logistics.sender.name,
        "SenderCellPhone": logistics.sender.mobile,
        "ReceiverName": name,
        "ReceiverCellPhone": order.receiver_mobile,
        "ReceiverStoreID": store_on_the_wire(order.chain, order.store_code),
        "ServerReplyURL": order.told,
    }
    if sub_type in _COUNTED_TWICE:
        fields["CollectionAmount"] = fields["GoodsAmount"]
    return sign(fields, logistics.account_for(sub_type))


def fitting_name(name: str) -> str:
    """As much of a name as a label holds: letters alone, ten columns, a Chinese one taking two.

    Names of foreigners and of indigenous people are longer. The clerk compares what is there with
    the beginning of the name on the document (B15).
    """
    kept, width = "", 0
    for letter in name:
        if not category(letter).startswith(("L", "M")):
            continue
        width += _columns(letter)
        if width > _LONGEST_NAME:
            break
        kept += letter
    return kept


def _columns(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WFA" else 1 for letter in text)


def _created(body: bytes, order: ParcelOrder, sub_type: SubType, account: Account) -> CreatedParcel:
    if not body.startswith(_ACCEPTED):
        raise ValueError("no answer to a creation")
    fields = read_genuine(body.removeprefix(_ACCEPTED), account)
    check_names(fields)
    told = (fields["MerchantID"], fields["MerchantTradeNo"], fields["LogisticsSubType"])
    if told != (account.merchant_id, order.trade_no, sub_type) or fields["RtnCode"] != _TAKEN:
        raise ValueError("about another parcel")
    return created_of(fields, sub_type)


def created_of(fields: dict[str, str], sub_type: SubType) -> CreatedParcel:
    """The parcel that verified fields are about. Raises KeyError, ValueError."""
    return CreatedParcel(
        trade_no=read_trade_no(fields["MerchantTradeNo"]),
        parcel_no=read_trade_no(fields["AllPayLogisticsID"]),
        chain=sub_type.chain,
        payment_no=_number(fields.get("CVSPaymentNo", "")),
        validation_no=_number(fields.get("CVSValidationNo", "")),
    )


def _number(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise ValueError("not a number")
    return text


def _check(order: ParcelOrder, name: str) -> None:
    for field, fits in (
        ("MerchantTradeNo", _is_trade_no(order.trade_no)),
        ("GoodsAmount", order.amount in _AMOUNTS),
        ("GoodsName", _plain(order.goods)),
        ("ReceiverName", _columns(name) in _NAME_WIDTHS),
        ("ReceiverCellPhone", _MOBILE.fullmatch(order.receiver_mobile)),
        ("ReceiverStoreID", _STORE.fullmatch(order.store_code)),
        ("ServerReplyURL", 0 < len(order.told) <= _LONGEST_URL and order.told.isascii()),
    ):
        if not fits:
            raise UnfitForParcel(field)


def _is_trade_no(text: str) -> bool:
    try:
        read_trade_no(text)
    except ValueError:
        return False
    return True


def _plain(text: str) -> bool:
    """Fit to come back raw in an answer, where an ampersand would end the field."""
    return 0 < _columns(text) <= _LONGEST_GOODS and not _SPECIAL & set(text)
