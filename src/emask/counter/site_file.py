"""The published list of institutions and the masks they have left: UTF-8 CSV, one a line."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from emask.counter.model import Site, SiteKind
from emask.counter.site_code import check_digit_differs
from emask.rounds.csv_file import FileRejected, Line, half_width, read_lines
from emask.rounds.model import LineError
from emask.rules.calendar import TAIPEI, Product

_CODE, _NAME, _ADDRESS, _PHONE = "醫事機構代碼", "醫事機構名稱", "醫事機構地址", "醫事機構電話"
_PIECES = {Product.ADULT_MASK: "成人口罩剩餘數", Product.CHILD_MASK: "兒童口罩剩餘數"}
_AT = "來源資料時間"
_TIME = "%Y/%m/%d %H:%M:%S"
_EARLIEST = 2000
"""The first year that a time of stock can be of; the list is of 2020 and later."""
_CODES = re.compile(r"[0-9A-Z]{10}")
_FIGURES = re.compile(r"[0-9]{1,7}")


class Entry(NamedTuple):
    """One line: a site, the pieces it has left, and the time of that, None where it is not told."""

    site: Site
    stock: Mapping[Product, int]
    at: datetime | None


class SiteFile(NamedTuple):
    """What a file says; with errors, its entries are those of the sound lines only.

    What the warnings tell of is among the entries all the same.
    """

    entries: list[Entry]
    warnings: tuple[LineError, ...]
    errors: tuple[LineError, ...]


def read_sites(path: Path) -> SiteFile:
    """The sites, their stock and the faults of a file.

    Columns: institution code, name, address and phone number, pieces of adult and of child masks
    left; and, if it is there, the time of the stock. The kind of a site follows from its name;
    other columns are passed over.
    """
    entries: dict[str, Entry] = {}
    lines: dict[str, int] = {}
    warnings: list[LineError] = []
    errors: list[LineError] = []
    try:
        for line in read_lines(path, (_CODE, _NAME, _ADDRESS, _PHONE, *_PIECES.values())):
            code = half_width(line.cells[_CODE])
            faults = list(_faults(line))
            if not faults and code in lines:
                zh = f"與第 {lines[code]} 行為同一機構"
                faults = [_error(line, _CODE, zh, f"The same institution as line {lines[code]}")]
            if not faults:
                lines[code], entries[code] = line.number, _entry(code, line.cells)
                warnings += _doubts(line, entries[code])
            errors += faults
    except FileRejected as rejected:
        errors.append(rejected.error)
    if not entries and not errors:
        zh, en = "檔案沒有機構", "The file has no institutions"
        errors.append(LineError(line=2, field="", zh=zh, en=en))
    return SiteFile(list(entries.values()), tuple(warnings), tuple(errors))


def _entry(code: str, cells: Mapping[str, str]) -> Entry:
    site = Site(
        site_code=code,
        kind=SiteKind.of_name(cells[_NAME]),
        name=cells[_NAME],
        address=cells[_ADDRESS],
        phone=cells[_PHONE],
    )
    stock = {product: int(half_width(cells[column])) for product, column in _PIECES.items()}
    return Entry(site, stock, _time(cells.get(_AT, "")))


def _time(written: str) -> datetime | None:
    """None for years of another calendar, too, such as 0109."""
    try:
        at = datetime.strptime(half_width(written), _TIME).replace(tzinfo=TAIPEI)
    except ValueError:
        return None
    return at if at.year >= _EARLIEST else None


def _doubts(line: Line, entry: Entry) -> Iterator[LineError]:
    """What looks wrong and is taken all the same: such institutions exist."""
    if check_digit_differs(entry.site.site_code):
        zh, en = "機構代碼的檢查碼不符，仍已採用", "The check digit differs; taken all the same"
        yield _error(line, _CODE, zh, en)
    if not all(entry.site.place):
        zh, en = "地址看不出縣市與鄉鎮市區", "The address tells no county or no town"
        yield _error(line, _ADDRESS, zh, en)
    if entry.at is None and line.cells.get(_AT):
        zh, en = "時間應為 2020/03/12 09:00:00 的寫法", "Write a time as 2020/03/12 09:00:00"
        yield _error(line, _AT, zh, en)


def _faults(line: Line) -> Iterator[LineError]:
    cells = line.cells
    if not _CODES.fullmatch(half_width(cells[_CODE])):
        zh, en = "機構代碼應為 10 個數字或大寫英文字母", "Give 10 digits or capital letters"
        yield _error(line, _CODE, zh, en)
    for column, zh, en in (
        (_NAME, "填入機構名稱", "Give the institution's name"),
        (_ADDRESS, "填入地址", "Give the address"),
        (_PHONE, "填入電話", "Give the phone number"),
    ):
        if not cells[column]:
            yield _error(line, column, zh, en)
        elif not cells[column].isprintable():
            yield _error(line, column, "含有控制字元", "There are control characters in it")
    for column in _PIECES.values():
        if not _FIGURES.fullmatch(half_width(cells[column])):
            zh, en = "剩餘數應為 7 位以內的數字", "Give the pieces left in up to 7 digits"
            yield _error(line, column, zh, en)


def _error(line: Line, field: str, zh: str, en: str) -> LineError:
    return LineError(line=line.number, field=field, zh=zh, en=en)
