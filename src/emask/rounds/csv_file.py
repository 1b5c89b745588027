"""Reading published CSV files so that every fault is told with its line, in both languages."""

import csv
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from emask.rounds.model import LineError


class FileRejected(Exception):
    """The file cannot be read as a table at all; `error` says where and why."""

    def __init__(self, error: LineError) -> None:
        super().__init__(f"line {error.line}: {error.en}")
        self.error = error


class Line(NamedTuple):
    """One row: the number of its line in the file, and its cells by column."""

    number: int
    cells: Mapping[str, str]


def read_lines(path: Path, columns: Sequence[str]) -> Iterator[Line]:
    """The rows of a UTF-8 CSV file with a heading, in order; white space in cells is tidied.

    Args:
        path: the file; a byte-order mark is fine.
        columns: those that must be there; others are passed on too.

    Raises:
        FileRejected: not UTF-8, not CSV, a column missing, or a row too short or too long.
    """
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        zh, en = "檔案應以 UTF-8 編碼儲存", "Save the file in UTF-8"
        raise FileRejected(LineError(line=line, field="", zh=zh, en=en)) from None
    rows = _rows(text)
    _, heading = next(rows, (1, []))
    for column in columns:
        if column not in heading:
            zh, en = f"缺少欄位 {column}", f"The column {column} is missing"
            raise FileRejected(LineError(line=1, field=column, zh=zh, en=en))
    for number, row in rows:
        if len(row) != len(heading):
            zh = f"應有 {len(heading)} 個欄位，實有 {len(row)} 個"
            en = f"{len(heading)} columns are needed, there are {len(row)}"
            raise FileRejected(LineError(line=number, field="", zh=zh, en=en))
        yield Line(number, dict(zip(heading, map(tidy, row), strict=True)))


def tidy(text: str) -> str:
    """White space, the full-width kind too, taken off both ends and single in between."""
    return " ".join(text.split())


def half_width(text: str) -> str:
    """Codes and place names in one form: half-width letters and digits, 臺 instead of 台."""
    return unicodedata.normalize("NFKC", text).replace("台", "臺")


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with the line on which it begins."""
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    number = 1
    try:
        for row in reader:
            if row:
                yield number, row
            number = reader.line_num + 1
    except csv.Error as fault:
        zh, en = "此行不是正確的 CSV 格式", f"This line is not CSV: {fault}"
        raise FileRejected(LineError(line=number, field="", zh=zh, en=en)) from None
