"""The chains' store file: what is read from it, and how each fault in it is told."""

import csv
from pathlib import Path

import pytest

from emask.rounds.model import Chain, LineError, Store
from emask.rounds.store_file import read_stores

GOOD = {
    "MARKET_CD": "HL",
    "MARKET_NM": "萊爾富",
    "HSN_NM": "臺北市",
    "TOWN_NM": "大安區",
    "STORE_CD": "2001",
    "STORE_NM": "北市杭州店",
    "ADDR": "台北市大安區杭州南路二段５號",
    "ISOPEN": "Y",
    "ZIP_CD": "106",
}


def write(path: Path, *rows: dict[str, str]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        table = csv.DictWriter(out, list(GOOD), quoting=csv.QUOTE_ALL)
        table.writeheader()
        table.writerows(rows)
    return path


def errors_of(path: Path) -> tuple[LineError, ...]:
    _, errors = read_stores(path)
    for error in errors:
        assert error.zh
        assert error.en
    return errors


def places(errors: tuple[LineError, ...]) -> list[tuple[int, str]]:
    return [(error.line, error.field) for error in errors]


def test_a_line_is_read_as_published(tmp_path: Path) -> None:
    assert read_stores(write(tmp_path / "stores.csv", GOOD)) == (
        [
            Store(
                chain=Chain.HL,
                code="2001",
                name="北市杭州店",
                address="台北市大安區杭州南路二段５號",
                county="臺北市",
                town="大安區",
                zip_code="106",
                open=True,
            )
        ],
        (),
    )


def test_codes_and_places_take_one_form(tmp_path: Path) -> None:
    row = {
        **GOOD,
        "STORE_CD": "Ｈ０１",
        "HSN_NM": "台東縣",
        "TOWN_NM": "台東市",
        "ISOPEN": "N",
        "ADDR": "　台東縣台東市　中山路１號　　",
    }
    ((store,), _) = read_stores(write(tmp_path / "stores.csv", row))
    assert (store.code, store.county, store.town) == ("H01", "臺東縣", "臺東市")
    assert store.address == "台東縣台東市 中山路１號"
    assert not store.open


def test_a_town_cut_short_is_completed_from_the_address(tmp_path: Path) -> None:
    row = {**GOOD, "HSN_NM": "臺東縣", "TOWN_NM": "太麻里", "ADDR": "台東縣太麻里鄉泰和村１號"}
    ((store,), _) = read_stores(write(tmp_path / "stores.csv", row))
    assert store.town == "太麻里鄉"


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("MARKET_CD", "XX"),
        ("MARKET_CD", ""),
        ("STORE_CD", ""),
        ("STORE_CD", "20 01"),
        ("STORE_CD", "２００一"),
        ("STORE_NM", "  "),
        ("STORE_NM", "店\x07"),
        ("ADDR", "　"),
        ("HSN_NM", "台北"),
        ("TOWN_NM", ""),
        ("ZIP_CD", "10"),
        ("ZIP_CD", "1067"),
        ("ISOPEN", "y"),
        ("ISOPEN", ""),
    ],
)
def test_a_fault_is_told_with_line_and_field(tmp_path: Path, field: str, text: str) -> None:
    path = write(tmp_path / "stores.csv", GOOD, {**GOOD, "STORE_CD": "2002", field: text})
    assert places(errors_of(path)) == [(3, field)]


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    path = write(
        tmp_path / "stores.csv", {**GOOD, "ISOPEN": "?", "ZIP_CD": "?"}, {**GOOD, "ADDR": ""}
    )
    assert places(errors_of(path)) == [(2, "ZIP_CD"), (2, "ISOPEN"), (3, "ADDR")]


def test_the_same_store_twice_is_a_fault_that_names_the_first(tmp_path: Path) -> None:
    path = write(
        tmp_path / "stores.csv", GOOD, {**GOOD, "MARKET_CD": "FM"}, {**GOOD, "STORE_CD": "２００１"}
    )
    (error,) = errors_of(path)
    assert (error.line, error.field) == (4, "STORE_CD")
    assert "第 2 行" in error.zh
    assert "line 2" in error.en


def test_a_cell_of_several_lines_does_not_shift_the_count(tmp_path: Path) -> None:
    path = write(tmp_path / "stores.csv", {**GOOD, "ADDR": "台北市\n大安區"}, {**GOOD, "ADDR": ""})
    assert places(errors_of(path)) == [(4, "ADDR")]


def test_a_row_too_short_is_a_fault(tmp_path: Path) -> None:
    path = write(tmp_path / "stores.csv", GOOD)
    with path.open("a", encoding="utf-8") as out:
        out.write("HL,萊爾富\n")
    assert places(errors_of(path)) == [(3, "")]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "stores.csv"
    path.write_text("MARKET_CD,STORE_CD\nHL,2001\n")
    assert places(errors_of(path)) == [(1, "STORE_NM")]


def test_another_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "stores.csv"
    path.write_bytes(b"MARKET_CD\n" + "萊爾富\n".encode("big5"))
    (error,) = errors_of(path)
    assert error.line == 2
    assert "UTF-8" in error.zh


def test_what_is_no_csv_is_told_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path / "stores.csv", GOOD)
    with path.open("a", encoding="utf-8") as out:
        out.write('"HL"x,"2002"\n')
    assert places(errors_of(path)) == [(3, "")]


@pytest.mark.parametrize("rows", [(), ("",)])
def test_a_file_without_stores_is_a_fault(tmp_path: Path, rows: tuple[str, ...]) -> None:
    path = write(tmp_path / "stores.csv")
    with path.open("a", encoding="utf-8") as out:
        out.writelines(f"{row}\n" for row in rows)
    assert len(errors_of(path)) == 1


def test_the_real_file_has_no_fault(shared_data: Path) -> None:
    stores, errors = read_stores(shared_data / "convenience_stores_2020.csv")
    assert errors == ()
    assert len(stores) == 11_176
    assert not [store for store in stores if store.town[-1] not in "鄉鎮市區"]


@pytest.mark.parametrize("name", ["=1+1", "+886", "-1", "@SUM(1)", "＝HYPERLINK(1)"])
def test_nothing_that_a_spreadsheet_would_reckon_with_gets_into_files_of_centres(
    tmp_path: Path, name: str
) -> None:
    errors = errors_of(write(tmp_path / "stores.csv", {**GOOD, "STORE_NM": name}))
    assert places(errors) == [(2, "STORE_NM")]
