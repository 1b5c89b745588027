"""NewebPay's multi payment gateway (MPG): forms, pushes, queries and card refunds."""

from emask.partners.newebpay.calls import NoAnswer, Paused, Refused
from emask.partners.newebpay.card_refund import (
    CardAction,
    CardRefund,
    Closing,
    RefundRefused,
    next_step,
    take_step,
)
from emask.partners.newebpay.checkout import (
    Purchase,
    ReturnAddresses,
    UnfitForCheckout,
    checkout_form,
)
from emask.partners.newebpay.cipher import TradeKeys
from emask.partners.newebpay.gateway import NewebPayGateway, message_of
from emask.partners.newebpay.merchant import Merchant
from emask.partners.newebpay.pushes import (
    BAD_SHA_STATUS,
    TAKEN,
    NotGenuine,
    Push,
    PushKind,
    read_push,
    read_push_body,
)
from emask.partners.newebpay.trade_query import (
    CardStanding,
    CardState,
    TradeInfo,
    TradeStatus,
    query_trade,
)

__all__ = [
    "BAD_SHA_STATUS",
    "TAKEN",
    "CardAction",
    "CardRefund",
    "CardStanding",
    "CardState",
    "Closing",
    "Merchant",
    "NewebPayGateway",
    "NoAnswer",
    "NotGenuine",
    "Paused",
    "Purchase",
    "Push",
    "PushKind",
    "RefundRefused",
    "Refused",
    "ReturnAddresses",
    "TradeInfo",
    "TradeKeys",
    "TradeStatus",
    "UnfitForCheckout",
    "checkout_form",
    "message_of",
    "next_step",
    "query_trade",
    "read_push",
    "read_push_body",
    "take_step",
]
