"""ECPay's logistics: parcels to the stores of all four chains, and what becomes of them."""

from emask.delivery.counting import counting, latest
from emask.delivery.creating import Book, Turn, Waiting, create_due
from emask.delivery.pace import Beat, Pace
from emask.delivery.ports import (
    BrowserForm,
    Carrier,
    ChosenStore,
    CreatedParcel,
    ForgedMessage,
    ListedStore,
    MapDevice,
    NoAnswer,
    ParcelOrder,
    ParcelStanding,
    ParcelState,
    Paused,
    Refused,
    Reply,
    StatusMessage,
    UnfitForParcel,
    UnknownParcel,
)
from emask.partners.logistics.carrier import EcpayLogistics
from emask.partners.logistics.kinds import SUB_TYPES, Account, Logistics, Sender, SubType
from emask.partners.logistics.statuses import state_of

__all__ = [
    "SUB_TYPES",
    "Account",
    "Beat",
    "Book",
    "BrowserForm",
    "Carrier",
    "ChosenStore",
    "CreatedParcel",
    "EcpayLogistics",
    "ForgedMessage",
    "ListedStore",
    "Logistics",
    "MapDevice",
    "NoAnswer",
    "Pace",
    "ParcelOrder",
    "ParcelStanding",
    "ParcelState",
    "Paused",
    "Refused",
    "Reply",
    "Sender",
    "StatusMessage",
    "SubType",
    "Turn",
    "UnfitForParcel",
    "UnknownParcel",
    "Waiting",
    "counting",
    "create_due",
    "latest",
    "state_of",
]
