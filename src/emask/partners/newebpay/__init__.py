"""NewebPay's multi payment gateway (MPG): forms, pushes, queries and card refunds."""

from emask.partners.newebpay.calls import Refused
from emask.partners.newebpay.card_refund import next_step, take_step
from emask.partners.newebpay.checkout import checkout_form
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
    TradeInfo,
    TradeStatus,
    query_trade,
)

__all__ = [
    "BAD_SHA_STATUS",
    "TAKEN",
    "CardStanding",
    "Merchant",
    "NewebPayGateway",
    "NotGenuine",
    "Push",
    "PushKind",
    "Refused",
    "TradeInfo",
    "TradeKeys",
    "TradeStatus",
    "checkout_form",
    "message_of",
    "next_step",
    "query_trade",
    "read_push",
    "read_push_body",
    "take_step",
]
