"""Providers of short messages as they are spoken to, and who goes on when one of them fails."""

from emask.partners.sms.failover import FailoverSender, Limits
from emask.partners.sms.mitake import Mitake, MitakeAccount
from emask.partners.sms.mitake_answers import BadPush, push_reply, read_push
from emask.partners.sms.outcomes import Delivery, NotAllTaken, Receipt, is_refusal
from emask.partners.sms.smpp import Smpp
from emask.partners.sms.smpp_link import SmppAccount
from emask.partners.sms.smpp_receipts import ReceiptIds

__all__ = [
    "BadPush",
    "Delivery",
    "FailoverSender",
    "Limits",
    "Mitake",
    "MitakeAccount",
    "NotAllTaken",
    "Receipt",
    "ReceiptIds",
    "Smpp",
    "SmppAccount",
    "is_refusal",
    "push_reply",
    "read_push",
]
