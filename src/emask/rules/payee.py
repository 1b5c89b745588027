"""Where a refund is to be sent: a bank's code and an account, as people type them."""

import re

from emask.rules.entries import InvalidEntry, compact

_BANK_CODE = re.compile(r"[0-9]{3}")
_ACCOUNT = re.compile(r"[0-9]{6,16}")
_SHOWN = 4  # digits


def normalise_bank_code(text: str) -> str:
    """The three digits by which banks and post offices are known. Raises InvalidEntry."""
    return _matching(_BANK_CODE, text, "bank_code")


def normalise_account(text: str) -> str:
    """An account of 6 to 16 digits, typed with or without spaces. Raises InvalidEntry."""
    return _matching(_ACCOUNT, text, "account")


def last_digits(account: str) -> str:
    """What pages show of an account: its last four digits."""
    return account[-_SHOWN:]


def _matching(shape: re.Pattern[str], text: str, field: str) -> str:
    digits = compact(text)
    if shape.fullmatch(digits) is None:
        raise InvalidEntry(field, "wrong_shape")
    return digits
