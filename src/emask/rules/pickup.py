"""Pick-up numbers: eight random digits and a check digit for what is typed at a kiosk.

The check digit (Damm) shows every wrong digit and every swap of neighbours.
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
