"""The chains' store file: UTF-8 CSV, one store a line."""

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from emask.rounds.csv_file import FileRejected, Line, half_width, read_lines
from emask.rounds.model import COUNTIES, Chain, LineError, Store

_COLUMNS = ("MARKET_CD", "STORE_CD", "STORE_NM", "ADDR", "HSN_NM", "TOWN_NM", "ZIP_CD", "ISOPEN")
_CODE = re.compile(r"[A-Z0-9]{1,10}")
_FORMULA = ("=", "+", "-", "@")
"""What a spreadsheet reckons with: centres open their files in one."""
ZIP_CODE = re.compile(r"\d{3}(\d{2,3})?")


def read_stores(path: Path) -> tuple[list[Store], tuple[LineError, ...]]:
    """The stores of a file and the faults in it; what has a fault is not among the stores.

    Columns: MARKET_CD chain (SE, FM, HL, OK), STORE_CD code, STORE_NM name, ADDR address,
    HSN_NM city or county, TOWN_NM town, ZIP_CD zip code, ISOPEN Y or N. Others are passed over.
    """
    stores: dict[tuple[str, str], Store] = {}
    lines: dict[tuple[str, str], int] = {}
    errors: list[LineError] = []
    try:
        for line in read_lines(path, _COLUMNS):
            faults = list(_faults(line))
            code = half_width(line.cells["STORE_CD"])
            key = line.cells["MARKET_CD"], code
            if not faults and key in lines:
                zh = f"與第 {lines[key]} 行為同一門市"
                faults = [_error(line, "STORE_CD", zh, f"The same store as line {lines[key]}")]
            if not faults:
                lines[key], stores[key] = line.number, _store(line, code)
            errors += faults
    except FileRejected as rejected:
        errors.append(rejected.error)
    if not stores and not errors:
        errors = [LineError(line=2, field="", zh="檔案沒有門市", en="The file has no stores")]
    return list(stores.values()), tuple(errors)


def digest_of(path: Path) -> bytes:
    """The SHA-256 of a file: tells one list from another."""
    return sha256(path.read_bytes()).digest()


def _store(line: Line, code: str) -> Store:
    cells = line.cells
    return Store(
        chain=Chain(cells["MARKET_CD"]),
        code=code,
        name=cells["STORE_NM"],
        address=cells["ADDR"],
        county=half_width(cells["HSN_NM"]),
        town=_town(half_width(cells["TOWN_NM"]), half_width(cells["ADDR"])),
        zip_code=cells["ZIP_CD"],
        open=cells["ISOPEN"] == "Y",
    )


def _town(written: str, address: str) -> str:
    """The town's full name; where its last character was left out, the address may have it."""
    found = re.search(f"{re.escape(written)}[鄉鎮市區]", address)
    return found[0] if found and written[-1] not in "鄉鎮市區" else written


def _faults(line: Line) -> Iterator[LineError]:
    cells = line.cells
    if cells["MARKET_CD"] not in tuple(Chain):
        chains = "、".join(Chain)
        yield _error(line, "MARKET_CD", f"通路代碼應為 {chains} 之一", f"Give one of {chains}")
    if not _CODE.fullmatch(half_width(cells["STORE_CD"])):
        zh, en = "店號應為 1 至 10 個大寫英文字母或數字", "Give 1 to 10 capital letters or digits"
        yield _error(line, "STORE_CD", zh, en)
    for column, zh, en in (
        ("STORE_NM", "填入店名", "Give the store's name"),
        ("ADDR", "填入地址", "Give the address"),
        ("TOWN_NM", "填入鄉鎮市區", "Give the town"),
    ):
        if not cells[column]:
            yield _error(line, column, zh, en)
        elif not cells[column].isprintable():
            yield _error(line, column, "含有控制字元", "There are control characters in it")
        elif half_width(cells[column]).startswith(_FORMULA):
            fault = "不能以 =、+、-、@ 開頭", "Does not begin with =, +, - or @"
            yield _error(line, column, *fault)
    if half_width(cells["HSN_NM"]) not in COUNTIES:
        zh, en = (
            "填入縣市全名，例如臺北市",
            "Give the full name of a county, such as 臺北市",
        )
        yield _error(line, "HSN_NM", zh, en)
    if not ZIP_CODE.fullmatch(cells["ZIP_CD"]):
        yield _error(line, "ZIP_CD", "郵遞區號應為 3、5 或 6 碼數字", "Give 3, 5 or 6 digits")
    if cells["ISOPEN"] not in ("Y", "N"):
        yield _error(line, "ISOPEN", "營業中填 Y，停業填 N", "Give Y if it is open, N if not")


def _error(line: Line, field: str, zh: str, en: str) -> LineError:
    return LineError(line=line.number, field=field, zh=zh, en=en)
