"""One row of a registry file: a person, or what is wrong with it."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from emask.identity.model import NewPerson
from emask.identity.people_headings import COLUMNS, OPTIONAL
from emask.rounds.model import LineError
from emask.rules.calendar import Language
from emask.rules.people import (
    InvalidEntry,
    normalise_household_number,
    normalise_id,
    normalise_mobile,
    normalise_name,
    normalise_nhi_card,
    parse_birth_date,
)


class Row(NamedTuple):
    """The number of a line, or of a row where there are no lines, and its cells as `COLUMNS`."""

    number: int
    cells: tuple[str, ...]


def person_of(row: Row) -> NewPerson:
    """The person, all numbers in their normal form. Raises InvalidEntry at the first fault."""
    id_number, name, birth_date, nhi_card, household_number, mobile, language = row.cells
    return NewPerson(
        id_number=normalise_id(id_number),
        name=normalise_name(name),
        birth_date=parse_birth_date(birth_date),
        nhi_card=normalise_nhi_card(nhi_card),
        household_number=normalise_household_number(household_number),
        mobile=normalise_mobile(mobile) if mobile else None,
        language=_language(language) if language else "zh",
    )


def faults_of(row: Row, headings: tuple[str, ...]) -> Iterator[LineError]:
    """Every fault of a row under the file's own headings; none repeats what was written."""
    for column, heading, cell in zip(COLUMNS, headings, row.cells, strict=True):
        if column in OPTIONAL and not cell:
            continue
        try:
            _READERS[column](cell)
        except InvalidEntry as wrong:
            yield LineError(line=row.number, field=heading, zh=wrong.zh, en=wrong.en)


def _language(text: str) -> Language:
    if text.lower() in _ENGLISH:
        return "en"
    if text.lower() in _CHINESE:
        return "zh"
    raise InvalidEntry("language", "wrong_shape")


_CHINESE: Final = ("zh", "zh-tw", "中文")
_ENGLISH: Final = ("en", "english", "英文")
_READERS: Final[dict[str, Callable[[str], object]]] = {
    "id_number": normalise_id,
    "name": normalise_name,
    "birth_date": parse_birth_date,
    "nhi_card": normalise_nhi_card,
    "household_number": normalise_household_number,
    "mobile": normalise_mobile,
    "language": _language,
}
