"""Providers of short messages as they are spoken to, and who goes on when one of them fails."""

from emask.partners.sms.failover import FailoverSender, Limits
from emask.partners.sms.mitake import MITAKE, Mitake, MitakeAccount
from emask.partners.sms.mitake_answers import BadPush, push_reply, read_push
from emask.partners.sms.receipts_path import RECEIPTS, receipts_path, receipts_secret
from emask.partners.sms.sender import sms_sender
from emask.partners.sms.smpp import SMPP, Smpp
from emask.partners.sms.smpp_link import SmppAccount
from emask.partners.sms.smpp_receipts import ReceiptIds

__all__ = [
    "MITAKE",
    "RECEIPTS",
    "SMPP",
    "BadPush",
    "FailoverSender",
    "Limits",
    "Mitake",
    "MitakeAccount",
    "ReceiptIds",
    "Smpp",
    "SmppAccount",
    "push_reply",
    "read_push",
    "receipts_path",
    "receipts_secret",
    "sms_sender",
]
