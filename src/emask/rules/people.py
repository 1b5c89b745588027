"""Who people are: their numbers, what screens may show of them, and what proves them."""

import re
from datetime import date
from enum import StrEnum

from emask.rules.entries import (
    InvalidEntry,
    compact,
    normalise_certificate_number,
    normalise_household_number,
    normalise_mobile,
    normalise_name,
    normalise_nhi_card,
    parse_birth_date,
)
from emask.rules.refusals import DocumentMismatch
from emask.rules.words import Document

__all__ = [
    "Document",
    "InvalidEntry",
    "Residency",
    "check_document",
    "documents_for",
    "is_child",
    "last_digit",
    "make_national_id",
    "make_residence_id",
    "masked_id",
    "masked_name",
    "normalise_certificate_number",
    "normalise_household_number",
    "normalise_id",
    "normalise_mobile",
    "normalise_name",
    "normalise_nhi_card",
    "parse_birth_date",
    "residency_of",
]


class Residency(StrEnum):
    """Some ways in are for nationals only (A5)."""

    NATIONAL = "national"
    FOREIGN = "foreign"


def normalise_id(text: str) -> str:
    """A national ID or a residence permit number of either format, ten half-width characters.

    Raises:
        InvalidEntry: field "id_number"; "wrong_shape" or "wrong_check_digit".
    """
    number = compact(text)
    if _ID.fullmatch(number) is None:
        raise InvalidEntry("id_number", "wrong_shape")
    if _weighted_sum(number) % 10 != 0:
        raise InvalidEntry("id_number", "wrong_check_digit")
    return number


def residency_of(id_number: str) -> Residency:
    """Told by the second character of a normalised number: 1 or 2 for nationals."""
    return Residency.NATIONAL if id_number[1] in "12" else Residency.FOREIGN


def last_digit(id_number: str) -> int:
    """What odd and even days at the counter go by."""
    return int(id_number[-1])


def make_national_id(serial: int, *, last_digit: int | None = None) -> str:
    """A valid, made-up national ID.

    Different serials (0 to 51,999,999, ValueError beyond) give different numbers, whatever
    last digits are asked for.
    """
    return _made_up(serial, "12", serial % 10 if last_digit is None else last_digit)


def make_residence_id(serial: int) -> str:
    """A valid, made-up residence permit number, likewise different for each serial."""
    return _made_up(serial, "89", serial % 10)


def is_child(birth_date: date, child_born_from: date) -> bool:
    """A rule of birth dates, not of the age on some day (B1)."""
    return birth_date >= child_born_from


def masked_name(name: str) -> str:
    """王小明 as 王○明, 王明 as 王○, John Smith as J*** S****."""
    if _LATIN.search(name):
        return " ".join(word[0] + "*" * (len(word) - 1) for word in name.split())
    if len(name) <= len("王明"):
        return name[:1] + "○" * len(name[1:])
    return name[0] + "○" * len(name[1:-1]) + name[-1]


def masked_id(id_number: str) -> str:
    """The last three characters, as screens show them: *******789."""
    return "*" * len(id_number[:-3]) + id_number[-3:]


def documents_for(residency: Residency) -> frozenset[Document]:
    """The orderer's documents that a till accepts, any one of them (B4, B15)."""
    return frozenset(_DOCUMENTS[residency])


def check_document(residency: Residency, document: Document) -> None:
    """Raises DocumentMismatch unless a person of this residency can prove the order by it."""
    if document not in _DOCUMENTS[residency]:
        raise DocumentMismatch(accepted=_DOCUMENTS[residency])


_ID = re.compile(r"[A-Z][1289][0-9]{8}|[A-Z][A-D][0-9]{8}")
_LATIN = re.compile(r"[A-Za-z]")
_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"  # stand for 10, 11, …, 35
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 1, 1)
_SERIALS = len(_LETTERS) * 2 * 10**6

_DOCUMENTS = {
    Residency.NATIONAL: (Document.NATIONAL_ID, Document.NHI_CARD, Document.DRIVING_LICENCE),
    Residency.FOREIGN: (Document.RESIDENCE_PERMIT, Document.NHI_CARD, Document.DRIVING_LICENCE),
}


def _weighted_sum(number: str) -> int:
    """Ten divides it exactly when the check digit is right.

    A letter in the second place, A to D on the older residence permits, counts from 0 to 3.
    """
    tens, units = divmod(_LETTERS.index(number[0]) + 10, 10)
    second = _LETTERS.find(number[1])
    digits = [second if second >= 0 else int(number[1]), *map(int, number[2:])]
    return tens + 9 * units + sum(w * d for w, d in zip(_WEIGHTS, digits, strict=True))


def _made_up(serial: int, second: str, check: int) -> str:
    """Letter, second character and six digits say the serial; the ninth makes the sum right."""
    if not 0 <= serial < _SERIALS:
        raise ValueError(f"made-up numbers have serials from 0 to {_SERIALS - 1}")
    rest, which = divmod(serial, len(second))
    digits, letter = divmod(rest, len(_LETTERS))
    body = f"{_LETTERS[letter]}{second[which]}{digits:06}"
    ninth = -_weighted_sum(f"{body}0{check}") % 10
    return f"{body}{ninth}{check}"
