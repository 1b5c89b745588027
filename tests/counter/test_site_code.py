"""What an institution code, an address and a location tell of themselves."""

from pathlib import Path

import pytest

from counter.test_sites import HEADING, PHARMACY, file_of
from emask.counter.address import place_of
from emask.counter.location_file import read_locations
from emask.counter.model import Location
from emask.counter.site_code import check_digit_differs
from emask.counter.site_file import read_sites


@pytest.mark.parametrize("code", ["2331070012", "2101010013", "593620B138", "593106A646"])
def test_published_codes_carry_their_digit(code: str) -> None:
    assert not check_digit_differs(code)
    assert check_digit_differs(code[:-1] + str((int(code[-1]) + 1) % 10))


@pytest.mark.parametrize("code", ["T000000001", "593620C130", "59A0010003", "1", ""])
def test_other_codes_are_not_judged(code: str) -> None:
    assert not check_digit_differs(code)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("臺北市松山區八德路４段６９２號", ("臺北市", "松山區")),
        ("台北市 大安區辛亥路３段１５號", ("臺北市", "大安區")),
        ("１０６台北市大安區", ("臺北市", "大安區")),
        ("桃園市平鎮區中豐路1號", ("桃園市", "平鎮區")),
        ("臺南市新市區中華路1號", ("臺南市", "新市區")),
        ("高雄市那瑪夏區達卡努瓦里", ("高雄市", "那瑪夏區")),
        ("彰化縣彰化市中山路1號", ("彰化縣", "彰化市")),
        ("屏東縣三地門鄉中正路1號", ("屏東縣", "三地門鄉")),
        ("桃園縣大溪鎮介壽路７５８號", ("桃園市", "大溪區")),
        ("臺中縣豐原市三村里", ("臺中市", "豐原區")),
        ("臺中縣", ("臺中市", "")),
        ("新竹市中正路120號", ("新竹市", "")),
        ("somewhere", ("", "")),
        ("", ("", "")),
    ],
)
def test_an_address_tells_county_and_town(address: str, place: tuple[str, str]) -> None:
    assert place_of(address) == place


def locations_of(folder: Path, *lines: str) -> Path:
    path = folder / "locations.csv"
    path.write_text("\n".join(["醫事機構代碼,x,y", *lines]), "utf-8")
    return path


@pytest.mark.parametrize(
    ("written", "zh"),
    [
        ("25.05,121.57", "寫反"),
        ("139.7,35.7", "不在臺灣"),
        ("0,0", "不在臺灣"),
        ("nan,25", "不在臺灣"),
        (",", "不是數字"),
        ("east,north", "不是數字"),
    ],
)
def test_coordinates_that_cannot_be_are_told_and_left_out(
    tmp_path: Path, written: str, zh: str
) -> None:
    good = "5901010003,121.577251,25.049862"
    file = read_locations(locations_of(tmp_path, good, f"2301010008,{written}"))
    assert file.locations == {"5901010003": Location(longitude=121.577251, latitude=25.049862)}
    (warning,) = file.warnings
    assert warning.line == 3
    assert zh in warning.zh
    assert not file.errors


def test_no_table_is_no_list_of_locations(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("code\n1")
    assert read_locations(path).errors


def test_doubtful_entries_are_taken_with_a_warning(tmp_path: Path) -> None:
    line = PHARMACY.replace("5901010003", "5901010004").replace("臺北市松山區", "松山區")
    file = read_sites(file_of(tmp_path, line.replace("2021/06/21", "21 June")))
    assert (len(file.entries), file.errors) == (1, ())
    assert [warning.field for warning in file.warnings] == [
        "醫事機構代碼",
        "醫事機構地址",
        HEADING.rpartition(",")[2],
    ]
