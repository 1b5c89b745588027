"""Where Mitake pushes its receipts to: they are unsigned, so the path is a secret."""

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final

from emask.database.vault import Keys

RECEIPTS: Final = "/api/sms/receipts"
"""What stands before the secret."""


def receipts_secret(keys: Keys) -> str:
    """The secret of an installation: 43 letters of an address."""
    digest = hmac.digest(keys.session, b"sms receipts", sha256)
    return urlsafe_b64encode(digest).decode().rstrip("=")


def receipts_path(keys: Keys) -> str:
    """The whole path at the site."""
    return f"{RECEIPTS}/{receipts_secret(keys)}"
