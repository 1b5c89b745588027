"""The published list of institutions and the masks they have left: UTF-8 CSV, one a line."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from emask.counter.model import Site, SiteKind, Stock
from emask.rounds.csv_file import FileRejected, Line, half_width, read_lines
from emask.rounds.model import LineError
from emask.rules.calendar import Product

_CODE, _NAME, _ADDRESS, _PHONE = "醫事機構代碼", "醫事機構名稱", "醫事機構地址", "醫事機構電話"
_PIECES = {Product.ADULT_MASK: "成人口罩剩餘數", Product.CHILD_MASK: "兒童口罩剩餘數"}
_CODES = re.compile(r"[0-9A-Z]{10}")
_FIGURES = re.compile(r"[0-9]{1,7}")


class SiteFile(NamedTuple):
    """What a file says; with errors, its sites are those of the sound lines only."""

    sites: list[Site]
    stocks: list[Stock]
    errors: tuple[LineError, ...]


def read_sites(path: Path) -> SiteFile:
    """The sites, their stock and the faults of a file.

    Columns: institution code, name, address and phone number, pieces of adult and of child masks
    left. The kind of a site follows from its name; other columns are passed over.
    """
    sites: dict[str, Site] = {}
    lines: dict[str, int] = {}
    stocks: list[Stock] = []
    errors: list[LineError] = []
    try:
        for line in read_lines(path, (_CODE, _NAME, _ADDRESS, _PHONE, *_PIECES.values())):
            code = half_width(line.cells[_CODE])
            faults = list(_faults(line))
            if not faults and code in lines:
                zh = f"與第 {lines[code]} 行為同一機構"
                faults = [_error(line, _CODE, zh, f"The same institution as line {lines[code]}")]
            if not faults:
                lines[code], sites[code] = line.number, _site(code, line.cells)
                stocks += _stocks(code, line.cells)
            errors += faults
    except FileRejected as rejected:
        errors.append(rejected.error)
    if not sites and not errors:
        zh, en = "檔案沒有機構", "The file has no institutions"
        errors.append(LineError(line=2, field="", zh=zh, en=en))
    return SiteFile(list(sites.values()), stocks, tuple(errors))


def _site(code: str, cells: Mapping[str, str]) -> Site:
    return Site(
        site_code=code,
        kind=SiteKind.of_name(cells[_NAME]),
        name=cells[_NAME],
        address=cells[_ADDRESS],
        phone=cells[_PHONE],
    )


def _stocks(code: str, cells: Mapping[str, str]) -> list[Stock]:
    return [
        Stock(site_code=code, product=product, pieces=int(half_width(cells[column])))
        for product, column in _PIECES.items()
    ]


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
