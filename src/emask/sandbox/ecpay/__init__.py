"""An ECPay of our own: the same wire, pages to pay on, and faults on demand."""

from emask.sandbox.ecpay import pushing, trades
from emask.sandbox.ecpay.application import ATM, PAY, create_ecpay
from emask.sandbox.ecpay.exchange import PARTNER
from emask.sandbox.ecpay.payers import Payers, UnknownTrade
from emask.sandbox.ecpay.pushing import Pushes
from emask.sandbox.ecpay.trades import Payment, Trade, Trades

TABLES = trades.TABLES + pushing.TABLES

__all__ = [
    "ATM",
    "PARTNER",
    "PAY",
    "TABLES",
    "Payers",
    "Payment",
    "Pushes",
    "Trade",
    "Trades",
    "UnknownTrade",
    "create_ecpay",
]
