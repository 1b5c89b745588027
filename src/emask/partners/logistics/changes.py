"""Labels, and what can still be done with a parcel: another store, or withdrawing it.

A parcel that comes back by itself needs no call. ECPay's calls for goods that people send back
(ReturnUniMartCVS, ReturnCVS, ReturnHilifeCVS) have no use here: nothing is taken back.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import httpx2

from emask.delivery.ports import BrowserForm, CreatedParcel, NoAnswer, Refused
from emask.partners.ecpay.wire import stamp
from emask.partners.logistics.calls import (
    CANCEL,
    CHANGE_STORE_B2C,
    CHANGE_STORE_C2C,
    DONE,
    LABELS,
    post,
    sign,
)
from emask.partners.logistics.kinds import SUB_TYPES, Logistics, SubType, store_on_the_wire

C2C_LABELS: Final = {
    SubType.UNIMARTC2C: "/Express/PrintUniMartC2COrderInfo",
    SubType.FAMIC2C: "/Express/PrintFAMIC2COrderInfo",
    SubType.HILIFEC2C: "/Express/PrintHILIFEC2COrderInfo",
    SubType.OKMARTC2C: "/Express/PrintOKMARTC2COrderInfo",
}
MOST_LABELS: Final = 100
"""How many labels one page may have."""

_PICK_UP_STORE: Final = "01"  # "02" would be the one to which a parcel returns
_DATE_LENGTH: Final = len("2020/03/26")


def label_form(logistics: Logistics, parcels: Sequence[CreatedParcel]) -> BrowserForm:
    """The form that opens the page of the labels of some parcels of one chain.

    Raises:
        ValueError: none, too many, or of several chains.
    """
    call, fields = _label_call(logistics, parcels)
    return BrowserForm(f"{logistics.base}{call}", fields)


async def fetch_labels(
    client: httpx2.AsyncClient,
    logistics: Logistics,
    parcels: Sequence[CreatedParcel],
    *,
    at: datetime,
) -> bytes:
    """That page, HTML. Raises ValueError, Refused, Paused and NoAnswer."""
    call, fields = _label_call(logistics, parcels)
    return await post(client, logistics, call, fields, at=at)


async def change_store(
    client: httpx2.AsyncClient,
    logistics: Logistics,
    parcel: CreatedParcel,
    *,
    store_code: str,
    at: datetime,
) -> None:
    """Send a parcel to another store of its chain. Raises Refused, Paused and NoAnswer.

    Doing it again changes nothing, so after NoAnswer it may be.
    """
    sub_type = SUB_TYPES[parcel.chain]
    store = store_on_the_wire(parcel.chain, store_code)
    fields = {"AllPayLogisticsID": parcel.parcel_no, "ReceiverStoreID": store}
    if sub_type.is_c2c:
        call = CHANGE_STORE_C2C
        fields |= _c2c_numbers(parcel) | {"StoreType": _PICK_UP_STORE}
    else:
        call = CHANGE_STORE_B2C
        fields |= {"ShipmentDate": stamp(at)[:_DATE_LENGTH]}
    await _do(client, logistics, call, sub_type, fields, at=at)


async def cancel_parcel(
    client: httpx2.AsyncClient, logistics: Logistics, parcel: CreatedParcel, *, at: datetime
) -> None:
    """Withdraw a parcel that has not been handed in, which only 7-ELEVEN's C2C knows.

    Raises:
        Refused: too late, or the chain has no such call; then nothing was asked.
        Paused, NoAnswer: as everywhere.
    """
    sub_type = SUB_TYPES[parcel.chain]
    if sub_type is not SubType.UNIMARTC2C:
        raise Refused(CANCEL, "no such call")
    fields = {"AllPayLogisticsID": parcel.parcel_no, **_c2c_numbers(parcel)}
    await _do(client, logistics, CANCEL, sub_type, fields, at=at)


async def _do(
    client: httpx2.AsyncClient,
    logistics: Logistics,
    call: str,
    sub_type: SubType,
    fields: dict[str, str],
    *,
    at: datetime,
) -> None:
    told = sign(fields, logistics.account_for(sub_type))
    if (await post(client, logistics, call, told, at=at)).strip() != DONE:
        raise NoAnswer(call)


def _label_call(
    logistics: Logistics, parcels: Sequence[CreatedParcel]
) -> tuple[str, dict[str, str]]:
    chains = {parcel.chain for parcel in parcels}
    if len(chains) != 1 or len(parcels) > MOST_LABELS:
        raise ValueError("a page has the labels of 1 to 100 parcels of one chain")
    sub_type = SUB_TYPES[chains.pop()]
    fields = {"AllPayLogisticsID": ",".join(parcel.parcel_no for parcel in parcels)}
    if sub_type.is_c2c:
        fields["CVSPaymentNo"] = ",".join(parcel.payment_no for parcel in parcels)
    if sub_type is SubType.UNIMARTC2C:
        fields["CVSValidationNo"] = ",".join(parcel.validation_no for parcel in parcels)
    call = C2C_LABELS.get(sub_type, LABELS)
    return call, sign(fields, logistics.account_for(sub_type))


def _c2c_numbers(parcel: CreatedParcel) -> dict[str, str]:
    return {"CVSPaymentNo": parcel.payment_no, "CVSValidationNo": parcel.validation_no}
