"""What the bars on labels say: a shipment's random number, a bag, and two check digits.

Nothing of it tells round, store or person without the database. Bag 0 is the label of the whole
shipment. The check digits (ISO 7064, MOD 97-10) show a digit mistyped and neighbours swapped, for
who keys a number that a scanner cannot read.
"""

import re
from typing import NamedTuple

from emask.rules.entries import compact

MOST_BAGS = 99_999
"""A store's bags have five digits."""


class Label(NamedTuple):
    """The shipment that a label belongs to, and its bag; bag 0 stands for the whole."""

    shipment: str
    bag: int


def label_number(label: Label) -> str:
    """The 18 digits of a label. Raises ValueError for a number or bag that it cannot say."""
    if re.fullmatch(r"[0-9]{11}", label.shipment) is None or not 0 <= label.bag <= MOST_BAGS:
        raise ValueError("a label is made from eleven digits and a bag of up to five")
    digits = f"{label.shipment}{label.bag:05}"
    return f"{digits}{98 - int(digits) * 100 % 97:02}"


def read_label(text: str) -> Label | None:
    """What a scanner or somebody has keyed; None if it is no label, or not keyed right."""
    number = compact(text)
    if re.fullmatch(r"[0-9]{18}", number) is None or int(number) % 97 != 1:
        return None
    return Label(number[:11], int(number[11:16]))
