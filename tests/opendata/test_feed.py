"""The two files of 2020, read as the maps of 2020 read them."""

import csv
import dataclasses
import json
from datetime import datetime
from io import StringIO
from pathlib import Path

import pytest

from emask.opendata.feed import (
    UNKNOWN_PERIODS,
    SiteStock,
    hours_in_words,
    maskdata_csv,
    points_json,
)
from opendata.map_of_2020 import MapOf2020
from opendata.sites import SITE

HEADER = (
    "醫事機構代碼,醫事機構名稱,醫事機構地址,醫事機構電話,成人口罩剩餘數,兒童口罩剩餘數,來源資料時間"
)
NOWHERE = dataclasses.replace(SITE, site_code="232107A014", longitude=None, latitude=None)


def _read(row: dict[str, str]) -> SiteStock:
    code, name, address, phone, adult, child, updated = row.values()
    return dataclasses.replace(
        SITE,
        site_code=code,
        name=name,
        address=address,
        phone=phone,
        adult=int(adult),
        child=int(child),
        changed_at=datetime.strptime(f"{updated} +0800", "%Y/%m/%d %H:%M:%S %z"),
    )


def test_the_csv_is_that_of_2020_byte_for_byte() -> None:
    row = "5901010076,安心藥局,臺北市松山區南京東路４段１號,(02)27120000,970,0,2020/02/06 10:05:09"
    assert maskdata_csv([SITE]) == f"{HEADER}\n{row}\n".encode()


def test_sites_come_in_the_order_of_their_codes() -> None:
    lines = maskdata_csv([SITE, NOWHERE]).decode().split("\n")
    assert [line[:10] for line in lines[1:3]] == ["232107A014", "5901010076"]
    assert lines[3:] == [""]


def test_only_what_has_to_be_is_quoted() -> None:
    odd = dataclasses.replace(SITE, address='1 段, 2 號 "後門"')
    text = maskdata_csv([odd]).decode()
    assert text.count('"') == 2 + 2 * 2
    assert next(csv.DictReader(StringIO(text)))["醫事機構地址"] == odd.address


def test_the_real_file_comes_out_as_it_was(shared_data: Path) -> None:
    published = (shared_data / "pharmacies_maskdata_2021.csv").read_bytes()
    header, *lines = published.splitlines(keepends=True)
    made = maskdata_csv(_read(row) for row in csv.DictReader(StringIO(published.decode())))
    assert made == header + b"".join(sorted(lines))


def test_a_point_has_exactly_what_the_maps_read() -> None:
    collection = json.loads(points_json([SITE]))
    assert collection.keys() == {"type", "features"}
    assert collection["type"] == "FeatureCollection"
    (feature,) = collection["features"]
    assert feature["type"] == "Feature"
    assert feature["geometry"] == {"type": "Point", "coordinates": [121.555235, 25.052137]}
    told = feature["properties"]
    assert list(told) == [
        *("id", "name", "phone", "address", "mask_adult", "mask_child", "updated", "available"),
        *("note", "custom_note", "website", "county", "town", "cunli", "service_periods"),
    ]
    numbers = {name: value for name, value in told.items() if type(value) is int}
    assert numbers == {"mask_adult": 970, "mask_child": 0}
    assert all(type(value) is str for name, value in told.items() if name not in numbers)
    assert told["updated"] == "2020/02/06 10:05:09"


def test_a_site_whose_place_is_unknown_is_in_the_csv_only() -> None:
    assert b"232107A014" in maskdata_csv([NOWHERE])
    assert json.loads(points_json([NOWHERE])) == {"type": "FeatureCollection", "features": []}


def test_hours_are_told_half_day_by_half_day() -> None:
    told = hours_in_words("NNNNNNYNNNNNYYNNNNNYY").split("、")
    assert len(told) == 21
    assert told[0] == "星期一上午看診"
    assert told[6] == "星期日上午休診"
    assert told[7] == "星期一下午看診"
    assert told[12:14] == ["星期六下午休診", "星期日下午休診"]
    assert told[14] == "星期一晚上看診"
    assert told[20] == "星期日晚上休診"


def test_unknown_hours_are_not_made_up() -> None:
    assert hours_in_words(UNKNOWN_PERIODS) == ""


@pytest.mark.parametrize("periods", ["", "N" * 20, "N" * 22])
def test_anything_but_21_letters_is_a_mistake(periods: str) -> None:
    with pytest.raises(ValueError, match="zip"):
        hours_in_words(periods)


def test_a_map_of_2020_works() -> None:
    shown = MapOf2020(maskdata_csv([SITE, NOWHERE]), points_json([SITE, NOWHERE]))
    assert shown.markers() == [(25.052137, 121.555235, "green")]
    assert shown.popup("5901010076") == "安心藥局 970 10:05"
    assert shown.is_open("5901010076", weekday=0, half=0)
    assert not shown.is_open("5901010076", weekday=6, half=0)
    assert sum(int(row["成人口罩剩餘數"]) for row in shown.stock.values()) == 1940
