"""A NewebPay of our own: it takes orders, lets payers pay, tells of it and gives money back."""

from emask.sandbox.newebpay.application import ATM, create_newebpay
from emask.sandbox.newebpay.exchange import PARTNER
from emask.sandbox.newebpay.pages import TEST_CARD
from emask.sandbox.newebpay.trades import TABLES

__all__ = ["ATM", "PARTNER", "TABLES", "TEST_CARD", "create_newebpay"]
