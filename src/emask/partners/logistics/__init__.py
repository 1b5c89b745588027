"""ECPay's logistics: parcels to the stores of all four chains, and what becomes of them."""

from emask.partners.logistics.carrier import EcpayLogistics
from emask.partners.logistics.kinds import SUB_TYPES, Account, Logistics, Sender, SubType
from emask.partners.logistics.statuses import state_of

__all__ = [
    "SUB_TYPES",
    "Account",
    "EcpayLogistics",
    "Logistics",
    "Sender",
    "SubType",
    "state_of",
]
