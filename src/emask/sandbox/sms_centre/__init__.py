"""SMS centres of our own, on the wire that the real ones speak."""

from emask.sandbox.sms_centre.mitake import PARTNER, SandboxMitake
from emask.sandbox.sms_centre.queries import TABLES
from emask.sandbox.sms_centre.smpp import SMPP, SandboxSmpp

__all__ = ["PARTNER", "SMPP", "TABLES", "SandboxMitake", "SandboxSmpp"]
