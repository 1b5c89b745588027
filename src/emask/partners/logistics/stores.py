"""Stores as the chains list them, and the map on which one is chosen."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import httpx2
import msgspec

from emask.delivery.ports import (
    BrowserForm,
    ChosenStore,
    ForgedMessage,
    ListedStore,
    MapDevice,
    NoAnswer,
    Refused,
    UnfitForParcel,
)
from emask.partners.ecpay.wire import read_form
from emask.partners.logistics.calls import STORE_LIST, STORE_MAP, post, sign
from emask.partners.logistics.kinds import (
    CVS_TYPES,
    SUB_TYPES,
    Logistics,
    SubType,
    store_of_the_list,
)
from emask.rounds.model import Chain

_LONGEST_NAME: Final = 50
_DONE: Final = "1"
_TWENTY: Final = re.compile(r"[A-Za-z0-9]{1,20}", re.ASCII)
_CODE: Final = re.compile(r"[A-Za-z0-9]{1,10}", re.ASCII)


class _Store(msgspec.Struct):
    code: str = msgspec.field(name="StoreId")
    name: str = msgspec.field(name="StoreName")
    address: str = msgspec.field(name="StoreAddr")
    phone: str = msgspec.field(name="StorePhone", default="")


class _OfChain(msgspec.Struct):
    cvs_type: str = msgspec.field(name="CvsType")
    stores: list[_Store] = msgspec.field(name="StoreInfo")


class _Answer(msgspec.Struct):
    code: str | int = msgspec.field(name="RtnCode")
    said: str = msgspec.field(name="RtnMsg", default="")
    chains: list[_OfChain] = msgspec.field(name="StoreList", default_factory=list)


async def fetch_stores(
    client: httpx2.AsyncClient, logistics: Logistics, chain: Chain, *, at: datetime
) -> list[ListedStore]:
    """All stores of a chain; ECPay renews them every evening at eight.

    Raises:
        Refused: ECPay says that it has none to give.
        Paused, NoAnswer: as everywhere; a list without a single store is no answer.
    """
    account = logistics.account_for(SUB_TYPES[chain])
    fields = sign({"CvsType": CVS_TYPES[chain]}, account)
    body = await post(client, logistics, STORE_LIST, fields, at=at)
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise NoAnswer(STORE_LIST) from None
    if str(answer.code) != _DONE:
        raise Refused(STORE_LIST, answer.said)
    stores = list(_stores_of(chain, answer.chains))
    if not stores or not all(_CODE.fullmatch(store.code) for store in stores):
        raise NoAnswer(STORE_LIST)
    return stores


def _stores_of(chain: Chain, told: Iterable[_OfChain]) -> Iterable[ListedStore]:
    for each in told:
        if each.cvs_type == CVS_TYPES[chain]:
            for store in each.stores:
                yield ListedStore(
                    chain=chain,
                    code=store_of_the_list(chain, store.code.strip()),
                    name=store.name.strip(),
                    address=store.address.strip(),
                    phone=store.phone.strip(),
                )


def map_form(
    logistics: Logistics,
    chain: Chain,
    *,
    trade_no: str,
    returned: str,
    nonce: str,
    device: MapDevice,
) -> BrowserForm:
    """The form that opens a chain's map.

    Args:
        logistics: who we are.
        chain: whose stores are shown.
        trade_no: any number of ours; it comes back.
        returned: where the browser brings the store to, by a POST from another site: it carries no
            cookie of ours, and is not the address to which parcels are told of.
        nonce: comes back as well, and is good for once: at most twenty letters and digits.
        device: what the map is drawn for.

    Raises:
        UnfitForParcel: the nonce or the number is not of 1 to 20 letters and digits.
    """
    for field, text in (("MerchantTradeNo", trade_no), ("ExtraData", nonce)):
        if not _TWENTY.fullmatch(text):
            raise UnfitForParcel(field)
    sub_type = SUB_TYPES[chain]
    fields = {
        "MerchantTradeNo": trade_no,
        "LogisticsType": "CVS",
        "LogisticsSubType": sub_type.value,
        "IsCollection": "N",
        "ServerReplyURL": returned,
        "ExtraData": nonce,
        "Device": device.value,
    }
    action = f"{logistics.base}{STORE_MAP}"
    return BrowserForm(action, sign(fields, logistics.account_for(sub_type)))


def read_chosen(body: bytes) -> ChosenStore:
    """What the map sent back through the browser. Raises ForgedMessage if it is not in form."""
    try:
        fields = read_form(body)
        chain = SubType(fields["LogisticsSubType"]).chain
        code, nonce = fields["CVSStoreID"], fields["ExtraData"]
        if not (_CODE.fullmatch(code) and _TWENTY.fullmatch(nonce)):
            raise ForgedMessage
        return ChosenStore(
            chain=chain,
            code=store_of_the_list(chain, code),
            name=fields.get("CVSStoreName", "")[:_LONGEST_NAME],
            nonce=nonce,
        )
    except (KeyError, ValueError):
        raise ForgedMessage from None
