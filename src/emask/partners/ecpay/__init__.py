"""ECPay's AIO Check Out V5: forms, pushes, queries, card refunds and the daily file."""

from emask.partners.ecpay.card_refund import next_step, reckoned_state, take_step
from emask.partners.ecpay.checkout import checkout_form
from emask.partners.ecpay.daily_file import fetch_file, read_file
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
from emask.partners.ecpay.trade_query import TradeInfo, TradeStatus, query_account, query_trade

__all__ = [
    "BAD_MAC",
    "TAKEN",
    "EcpayGateway",
    "MacKeys",
    "Merchant",
    "NotGenuine",
    "Push",
    "PushKind",
    "TradeInfo",
    "TradeStatus",
    "checkout_form",
    "fetch_file",
    "message_of",
    "next_step",
    "query_account",
    "query_trade",
    "read_file",
    "read_push",
    "read_push_body",
    "reckoned_state",
    "take_step",
]
