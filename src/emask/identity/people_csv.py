"""Registry files in CSV, line by line: UTF-8, commas, one person a line."""

import csv
from codecs import getincrementaldecoder
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from emask.identity.people_headings import Arrangement, arrange
from emask.identity.people_row import Row
from emask.rounds.csv_file import FileRejected, tidy
from emask.rounds.model import LineError

_LONGEST_LINE: Final = 1 << 16  # bytes; a person's takes about a hundred
_CHUNK: Final = 1 << 20  # bytes
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_UTF_16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


def scan_csv(path: Path) -> tuple[bytes, int]:
    """A file's SHA-256 and how many lines it has. Raises FileRejected if it is not UTF-8."""
    digest, decoder, lines, end = sha256(), getincrementaldecoder("utf-8")(), 0, b"\n"
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            lines, end = lines + chunk.count(b"\n"), chunk[-1:]
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                raise _not_utf_8(path) from None
    if not _is(decoder.getstate()[0], "utf-8"):
        raise _not_utf_8(path)
    return digest.digest(), lines + (end != b"\n")


def arrange_csv(path: Path) -> Arrangement:
    """Where the columns stand. Raises FileRejected."""
    with path.open("rb") as file:
        return arrange(_heading(file))


def read_csv(path: Path, arrangement: Arrangement) -> Iterator[Row | LineError]:
    """The lines that are not blank, in order; one that is no row of the table is a fault.

    A cell ends with its line, quoted or not, so that a forgotten quote spoils one line only.
    """
    with path.open("rb") as file:
        width = len(_heading(file))
        for number, line in enumerate(_lines(file), start=2):
            if not line.strip():
                continue
            try:
                cells = _cells(line)
            except (ValueError, csv.Error):
                zh, en = "此行不是正確的 CSV 格式", "This line is not CSV"
                yield LineError(line=number, field="", zh=zh, en=en)
                continue
            if len(cells) != width:
                zh = f"應有 {width} 個欄位，實有 {len(cells)} 個"
                en = f"{width} columns are needed, there are {len(cells)}"
                yield LineError(line=number, field="", zh=zh, en=en)
                continue
            yield Row(
                number,
                tuple("" if place is None else tidy(cells[place]) for place in arrangement.places),
            )


def _not_utf_8(path: Path) -> FileRejected:
    """Which line is not UTF-8, and what the file seems to be."""
    with path.open("rb") as file:
        number, line = next(
            (number, line) for number, line in enumerate(file, start=1) if not _is(line, "utf-8")
        )
    known = "UTF-16" if line.startswith(_UTF_16_MARKS) else "Big5" if _is(line, "cp950") else ""
    zh = f"檔案是 {known} 編碼" if known else "檔案不是 UTF-8 編碼"
    en = f"The file is in {known}" if known else "The file is not in UTF-8"
    return FileRejected(
        LineError(
            line=number,
            field="",
            zh=f"{zh}；以 UTF-8 編碼另存後再匯入",
            en=f"{en}: save it in UTF-8 and import it again",
        )
    )


def _is(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _heading(file: BinaryIO) -> Sequence[str]:
    line = file.readline(_LONGEST_LINE).removeprefix(_BYTE_ORDER_MARK)
    try:
        return _cells(line)
    except (ValueError, csv.Error):
        zh, en = "第一行不是正確的 CSV 格式", "The first line is not CSV"
        raise FileRejected(LineError(line=1, field="", zh=zh, en=en)) from None


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines that remain; of one that is too long only the beginning, spoilt."""
    while line := file.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE and not line.endswith(b"\n"):
            while rest := file.readline(_LONGEST_LINE):
                if rest.endswith(b"\n"):
                    break
            line = b'"'  # a quote that is never closed
        yield line


def _cells(line: bytes) -> Sequence[str]:
    text = line.decode().rstrip("\r\n")
    if '"' not in text:
        return text.split(",")
    return next(csv.reader([text], strict=True))
