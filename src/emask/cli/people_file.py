"""People to enter into the registry: UTF-8 CSV, one person a line."""

from collections.abc import Callable, Iterator
from pathlib import Path

from emask.identity.model import NewPerson
from emask.rounds.csv_file import FileRejected, Line, read_lines
from emask.rounds.model import LineError
from emask.rules.people import (
    InvalidEntry,
    normalise_household_number,
    normalise_id,
    normalise_mobile,
    normalise_nhi_card,
    parse_birth_date,
)

COLUMNS = ("id_number", "name", "birth_date", "mobile", "nhi_card", "household_number")
"""`mobile` may be empty; a column `language` (zh or en) may be added."""

_READERS: dict[str, Callable[[str], object]] = {
    "id_number": normalise_id,
    "birth_date": parse_birth_date,
    "nhi_card": normalise_nhi_card,
    "household_number": normalise_household_number,
}


def read_people(path: Path) -> tuple[list[NewPerson], tuple[LineError, ...]]:
    """The people of a file and the faults in it; no fault repeats what was written."""
    people: list[NewPerson] = []
    errors: list[LineError] = []
    try:
        for line in read_lines(path, COLUMNS):
            faults = list(_faults(line))
            if not faults:
                people.append(_person(line))
            errors += faults
    except FileRejected as rejected:
        errors.append(rejected.error)
    if not people and not errors:
        errors.append(LineError(line=2, field="", zh="檔案沒有人", en="The file has nobody"))
    return people, tuple(errors)


def _faults(line: Line) -> Iterator[LineError]:
    if not line.cells["name"]:
        yield LineError(line=line.number, field="name", zh="填入姓名", en="Give the name")
    if line.cells.get("language", "zh") not in ("zh", "en"):
        yield LineError(line=line.number, field="language", zh="填 zh 或 en", en="Give zh or en")
    readers = _READERS | ({"mobile": normalise_mobile} if line.cells["mobile"] else {})
    for field, read in readers.items():
        try:
            read(line.cells[field])
        except InvalidEntry as wrong:
            yield LineError(line=line.number, field=field, zh=wrong.zh, en=wrong.en)


def _person(line: Line) -> NewPerson:
    cells = line.cells
    return NewPerson(
        id_number=normalise_id(cells["id_number"]),
        name=cells["name"],
        birth_date=parse_birth_date(cells["birth_date"]),
        mobile=normalise_mobile(cells["mobile"]) if cells["mobile"] else None,
        nhi_card=normalise_nhi_card(cells["nhi_card"]),
        household_number=normalise_household_number(cells["household_number"]),
        language="en" if cells.get("language") == "en" else "zh",
    )
