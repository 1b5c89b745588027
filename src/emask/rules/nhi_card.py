"""The basic data of an NHI card: 57 bytes, as the chip gives them."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from emask.rules.entries import InvalidEntry
from emask.rules.people import normalise_id, normalise_nhi_card

LENGTH: Final = 57
"""Bytes: card number 12, name 20, ID number 10, birth date 7, sex 1, issue date 7."""

_NAME_CODEC: Final = "big5hkscs"
"""Chips hold names in Big5 with the Hong Kong supplement; what it lacks reads as U+FFFD."""

_ROC_DATE: Final = re.compile(rb"[0-9]{7}")
_ROC_OFFSET: Final = 1911


class MalformedCard(ValueError):
    """The bytes are not the basic data of an NHI card. Never says what they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NhiCardData:
    """What stands on a card; numbers in their normal form."""

    card_number: str
    name: str
    id_number: str
    birth_date: date
    sex: str
    issued_on: date


def parse_nhi_card(record: bytes) -> NhiCardData:
    """Read the basic data.

    Args:
        record: exactly `LENGTH` bytes, without status word.

    Raises:
        MalformedCard: of another length, or a field has not its form.
    """
    if len(record) != LENGTH:
        raise MalformedCard
    sex = record[49:50]
    if sex not in (b"M", b"F"):
        raise MalformedCard
    try:
        return NhiCardData(
            card_number=normalise_nhi_card(_ascii(record[0:12])),
            name=record[12:32].rstrip(b"\0 ").decode(_NAME_CODEC, errors="replace"),
            id_number=normalise_id(_ascii(record[32:42])),
            birth_date=_roc_date(record[42:49]),
            sex=_ascii(sex),
            issued_on=_roc_date(record[50:57]),
        )
    except InvalidEntry:
        raise MalformedCard from None


def _ascii(field: bytes) -> str:
    if not field.isalnum():  # bytes: ASCII letters and digits alone
        raise MalformedCard
    return field.decode("ascii")


def _roc_date(field: bytes) -> date:
    """YYYMMDD of the Republic of China's calendar."""
    if _ROC_DATE.fullmatch(field) is None:
        raise MalformedCard
    digits = field.decode("ascii")
    try:
        return date(int(digits[:3]) + _ROC_OFFSET, int(digits[3:5]), int(digits[5:]))
    except ValueError:
        raise MalformedCard from None
