"""A certificate authority of our own, the cards of those whom it issues to, and its directory."""

from emask.sandbox.certificates.authority import Authority, serial_of
from emask.sandbox.certificates.cards import PIN, SandboxCertificates
from emask.sandbox.certificates.condition import Condition
from emask.sandbox.certificates.directory import create_directory
from emask.sandbox.certificates.queries import TABLES

__all__ = [
    "PIN",
    "TABLES",
    "Authority",
    "Condition",
    "SandboxCertificates",
    "create_directory",
    "serial_of",
]
