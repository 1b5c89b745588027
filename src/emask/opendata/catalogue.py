"""What is published: titles, licence, what changed about it, and the index that lists it all."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from emask.language import Language

INDEX: Final = "/opendata/index.json"
MASKDATA: Final = "/opendata/maskdata.csv"
POINTS: Final = "/opendata/points.json"
STORES_CSV: Final = "/opendata/stores.csv"
STORES_JSON: Final = "/opendata/stores.json"
_STATISTICS: Final = "/opendata/rounds/{round_id}/statistics.json"
_SCHEMAS: Final = "/opendata/schemas/"

EVERY: Final = 30
"""Seconds of real time between two readings of the database."""

CSV: Final = "text/csv; charset=utf-8"
JSON: Final = "application/json"
GEOJSON: Final = "application/geo+json"


class Words(msgspec.Struct, frozen=True):
    """A text in both languages."""

    zh: str
    en: str

    def read(self, language: Language) -> str:
        """The text in one of them."""
        return self.zh if language is Language.ZH else self.en


class Dataset(NamedTuple):
    """A file, or one of each round: where it is, what it holds and where its schema is."""

    path: str
    title: Words
    form: str

    def of_round(self, round_id: str) -> str:
        """The address of the file of a round."""
        return self.path.format(round_id=round_id)


class Licence(msgspec.Struct, frozen=True):
    """On what terms everything here may be used."""

    name: Words
    url: str


class Change(msgspec.Struct, frozen=True):
    """What became different for readers, on a day of publication."""

    version: str
    text: Words


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One file in the index.

    `form` is the address of its schema, `etag` that of its unpacked contents, which are so many
    `bytes`. Nothing here depends on which process answers.
    """

    path: str
    media_type: str
    title: Words
    form: str
    etag: str
    bytes: int


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """``index.json``."""

    title: Words
    licence: Licence
    refreshed_every_seconds: int
    files: list[Entry]
    changes: list[Change]


SITES: Final = Dataset(
    MASKDATA,
    Words("健保特約機構口罩剩餘數量明細清單", "Masks left at pharmacies and health centres"),
    f"{_SCHEMAS}maskdata.table.json",
)
SITES_ON_MAP: Final = Dataset(
    POINTS,
    Words("健保特約機構口罩剩餘數量與位置", "The same with places, opening hours and notes"),
    f"{_SCHEMAS}points.schema.json",
)
STORES_TABLE: Final = Dataset(
    STORES_CSV,
    Words("超商門市各輪取貨統計", "Pick-up at convenience stores, by round"),
    f"{_SCHEMAS}stores.table.json",
)
STORES: Final = Dataset(
    STORES_JSON,
    Words("超商門市各輪取貨統計（JSON）", "Pick-up at convenience stores, by round (JSON)"),
    f"{_SCHEMAS}stores.schema.json",
)
STATISTICS: Final = Dataset(
    _STATISTICS,
    Words("各輪登記、中籤、付款與取貨統計", "Each round: registered, drawn, paid and collected"),
    f"{_SCHEMAS}statistics.schema.json",
)
CONTENTS: Final = Dataset(
    INDEX, Words("開放資料目錄", "Index of the open data"), f"{_SCHEMAS}index.schema.json"
)
DATASETS: Final = (SITES, SITES_ON_MAP, STORES_TABLE, STORES, STATISTICS, CONTENTS)

TITLE: Final = Words("口罩實名制開放資料", "Open data of the mask rationing scheme")
LICENCE: Final = Licence(
    Words("政府資料開放授權條款－第1版", "Open Government Data License, version 1.0"),
    "https://data.gov.tw/license",
)
CHANGES: Final = [
    Change(
        "1",
        Words(
            "第一版。maskdata.csv 與 points.json 的欄位、順序與時間格式同 2020 年的資料集。",
            "First version. Fields, order and time format of maskdata.csv and points.json are those"
            " of 2020.",
        ),
    ),
]


def dataset_at(path: str) -> Dataset:
    """The dataset of a file's path; those of rounds have their round in it."""
    return next((each for each in DATASETS if each.path == path), STATISTICS)


def index_json(files: Iterable[Entry]) -> bytes:
    """The index of these files."""
    index = Index(
        title=TITLE,
        licence=LICENCE,
        refreshed_every_seconds=EVERY,
        files=sorted(files, key=lambda file: file.path),
        changes=CHANGES,
    )
    return msgspec.json.encode(index)
