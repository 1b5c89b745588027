"""ECPay's AIO Check Out V5: forms, pushes, queries, card refunds and the daily file."""

from emask.partners.ecpay.calls import NoAnswer, Paused
from emask.partners.ecpay.card_refund import (
    CardAction,
    CardRefund,
    CardState,
    Closing,
    RefundRefused,
    next_step,
    take_step,
)
from emask.partners.ecpay.checkout import (
    Purchase,
    ReturnAddresses,
    UnfitForCheckout,
    checkout_form,
)
from emask.partners.ecpay.daily_file import FileRow, UnreadableFile, fetch_file, read_file
from emask.partners.ecpay.gateway import EcpayGateway, message_of
from emask.partners.ecpay.mac import MacKeys
from emask.partners.ecpay.merchant import Merchant
from emask.partners.ecpay.pushes import (
    BAD_MAC,
    TAKEN,
    NotGenuine,
    Push,
    PushKind,
    read_push,
    read_push_body,
)
from emask.partners.ecpay.trade_query import TradeInfo, TradeStatus, query_trade

__all__ = [
    "BAD_MAC",
    "TAKEN",
    "CardAction",
    "CardRefund",
    "CardState",
    "Closing",
    "EcpayGateway",
    "FileRow",
    "MacKeys",
    "Merchant",
    "NoAnswer",
    "NotGenuine",
    "Paused",
    "Purchase",
    "Push",
    "PushKind",
    "RefundRefused",
    "ReturnAddresses",
    "TradeInfo",
    "TradeStatus",
    "UnfitForCheckout",
    "UnreadableFile",
    "checkout_form",
    "fetch_file",
    "message_of",
    "next_step",
    "query_trade",
    "read_file",
    "read_push",
    "read_push_body",
    "take_step",
]
