"""Numbers of collection: what is typed at a kiosk, and what a slip bears for the till.

A pick-up number has eight random digits, a slip's eleven; both end in a check digit (Damm), which
shows every wrong digit and every swap of neighbours. Who has no pick-up number yet gives the first
eight characters of the entry's own number.
"""

import re

from emask.rules.entries import InvalidEntry, compact


def pickup_number(random_digits: str) -> str:
    """Nine digits from eight random ones. Raises ValueError for anything but eight digits."""
    if re.fullmatch(r"[0-9]{8}", random_digits) is None:
        raise ValueError("a pick-up number is made from eight digits")
    return f"{random_digits}{_check_digit(random_digits)}"


def is_pickup_number(text: str) -> bool:
    """Whether `text`, already normalised, is nine digits with the right check digit."""
    return re.fullmatch(r"[0-9]{9}", text) is not None and _check_digit(text) == 0


def normalise_pickup_number(text: str) -> str:
    """Full-width digits, spaces and hyphens are accepted.

    Raises:
        InvalidEntry: field "pickup_number"; "wrong_shape" or "wrong_check_digit".
    """
    number = compact(text)
    if re.fullmatch(r"[0-9]{9}", number) is None:
        raise InvalidEntry("pickup_number", "wrong_shape")
    if not is_pickup_number(number):
        raise InvalidEntry("pickup_number", "wrong_check_digit")
    return number


def normalise_kiosk_number(text: str) -> str:
    """A pick-up number, or the first eight characters of an entry's number in lower case.

    Raises:
        InvalidEntry: as in :func:`normalise_pickup_number`.
    """
    entry = compact(text).lower()
    if re.fullmatch(r"[0-9a-f]{8}", entry):
        return entry
    return normalise_pickup_number(text)


def slip_number(random_digits: str) -> str:
    """Twelve digits from eleven random ones. Raises ValueError for anything but eleven digits."""
    if re.fullmatch(r"[0-9]{11}", random_digits) is None:
        raise ValueError("a slip's number is made from eleven digits")
    return f"{random_digits}{_check_digit(random_digits)}"


def normalise_slip_number(text: str) -> str:
    """What a scanner types; full-width digits, spaces and hyphens are accepted.

    Raises:
        InvalidEntry: field "slip_number"; "wrong_shape" or "wrong_check_digit".
    """
    number = compact(text)
    if re.fullmatch(r"[0-9]{12}", number) is None:
        raise InvalidEntry("slip_number", "wrong_shape")
    if _check_digit(number) != 0:
        raise InvalidEntry("slip_number", "wrong_check_digit")
    return number


def _check_digit(digits: str) -> int:
    """The digit to add; over a complete number it comes to 0."""
    interim = 0
    for digit in digits:
        interim = int(_DAMM[interim][int(digit)])
    return interim


# A quasigroup of order ten that is totally anti-symmetric, with zeros on its diagonal.
_DAMM = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)
