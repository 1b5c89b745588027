"""The columns of a registry file, and the headings by which each is known."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from emask.rounds.csv_file import FileRejected, half_width, tidy
from emask.rounds.model import LineError

COLUMNS: Final = (
    *("id_number", "name", "birth_date", "nhi_card", "household_number", "mobile", "language"),
)
"""In the order in which cells are passed on. The last two may be missing or empty."""

HEADINGS: Final = {
    "id_number": ("id_number", "身分證字號", "身分證統一編號", "統一證號", "居留證號碼"),
    "name": ("name", "姓名"),
    "birth_date": ("birth_date", "出生日期", "出生年月日", "生日"),
    "nhi_card": ("nhi_card", "健保卡號", "健保卡號碼", "健保卡卡號"),
    "household_number": ("household_number", "戶號", "戶口名簿戶號"),
    "mobile": ("mobile", "手機", "手機號碼", "行動電話"),
    "language": ("language", "語言"),
}
OPTIONAL: Final = ("mobile", "language")


class Arrangement(NamedTuple):
    """Where each of `COLUMNS` stands in a file, None where it does not, and under what heading."""

    places: tuple[int | None, ...]
    headings: tuple[str, ...]


def arrange(headings: Sequence[str]) -> Arrangement:
    """Find the columns; others are passed over.

    Raises:
        FileRejected: a column is missing or there twice. Says nothing of other headings: in a
            file without any they would be somebody's data.
    """
    known = {_plain(name): column for column, names in HEADINGS.items() for name in names}
    places: dict[str, int] = {}
    for place, heading in enumerate(headings):
        column = known.get(_plain(heading))
        if column in places:
            raise _rejected(column, "有兩個同樣的欄位", "This column is there twice")
        if column is not None:
            places[column] = place
    for column in COLUMNS:
        if column not in places and column not in OPTIONAL:
            names = "、".join(HEADINGS[column])
            raise _rejected(
                column,
                f"缺少欄位；第一行寫上欄位名稱，可用：{names}",
                f"The column is missing; head it in the first line as one of: {names}",
            )
    return Arrangement(
        tuple(places.get(column) for column in COLUMNS),
        tuple(tidy(headings[places[column]]) if column in places else column for column in COLUMNS),
    )


def _plain(heading: str) -> str:
    return half_width(tidy(heading)).lower().replace("身份證", "身分證")


def _rejected(column: str, zh: str, en: str) -> FileRejected:
    return FileRejected(LineError(line=1, field=column, zh=zh, en=en))
