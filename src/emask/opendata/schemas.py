"""The forms of the files: JSON Schema for JSON, Table Schema for CSV."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

import msgspec

from emask.opendata.catalogue import (
    CONTENTS,
    SITES,
    SITES_ON_MAP,
    STATISTICS,
    STORES,
    STORES_TABLE,
    Dataset,
    Index,
)
from emask.opendata.feed import MASKDATA_HEADER, TIME_FORMAT, Points
from emask.opendata.statistics import STORES_HEADER, RoundStatistics, StoreFigures
from emask.opendata.suppression import LEAST
from emask.rounds.model import Chain

TABLE_SCHEMA: Final = "application/vnd.tableschema+json"
JSON_SCHEMA: Final = "application/schema+json"

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_REQUIRED: Final = {"required": True}
_PIECES: Final = {"type": "integer", "constraints": {"required": True, "minimum": 0}}
_PEOPLE: Final = {"type": "integer", "constraints": {"minimum": LEAST}}
_MASKDATA: Final[dict[str, dict[str, Any]]] = {
    "醫事機構代碼": {
        "title": "Institution code",
        "constraints": {"required": True, "unique": True, "minLength": 10, "maxLength": 10},
    },
    "醫事機構名稱": {"title": "Name", "constraints": _REQUIRED},
    "醫事機構地址": {"title": "Address"},
    "醫事機構電話": {"title": "Telephone"},
    "成人口罩剩餘數": {"title": "Masks for adults left, in pieces", **_PIECES},
    "兒童口罩剩餘數": {"title": "Masks for children left, in pieces", **_PIECES},
    "來源資料時間": {
        "title": "When the stock last changed, in Taipei (UTC+8)",
        "type": "datetime",
        "format": TIME_FORMAT,
        "constraints": _REQUIRED,
    },
}
_STORES: Final[dict[str, dict[str, Any]]] = {
    "round_id": {"title": "輪次 Round", "constraints": _REQUIRED},
    "chain": {
        "title": "通路 Chain",
        "constraints": {"required": True, "enum": [str(chain) for chain in Chain]},
    },
    "store_code": {"title": "門市代號 Store code", "constraints": _REQUIRED},
    "name": {"title": "門市名稱 Name"},
    "address": {"title": "地址 Address"},
    "county": {"title": "縣市 City or county"},
    "town": {"title": "鄉鎮市區 Town or district"},
    "paid": {
        "title": "付款人數，未滿 5 人者不公開 People who paid; under five are not told",
        **_PEOPLE,
    },
    "collected": {
        "title": "取貨人數，未滿 5 人者不公開 People who collected; under five are not told",
        **_PEOPLE,
    },
}


@cache
def schemas() -> Sequence[tuple[str, str, bytes]]:
    """Each dataset's own: its path, its media type and the document."""
    return tuple(_schemas())


def _schemas() -> Iterator[tuple[str, str, bytes]]:
    yield SITES.form, TABLE_SCHEMA, _table(_MASKDATA, key=MASKDATA_HEADER[0])
    yield SITES_ON_MAP.form, JSON_SCHEMA, _json(SITES_ON_MAP, Points)
    yield STORES_TABLE.form, TABLE_SCHEMA, _table(_STORES, key=list(STORES_HEADER[:3]))
    yield STORES.form, JSON_SCHEMA, _json(STORES, list[StoreFigures])
    yield STATISTICS.form, JSON_SCHEMA, _json(STATISTICS, RoundStatistics)
    yield CONTENTS.form, JSON_SCHEMA, _json(CONTENTS, Index)


def _table(columns: Mapping[str, Mapping[str, Any]], *, key: str | list[str]) -> bytes:
    fields = [{"name": name, "type": "string", **column} for name, column in columns.items()]
    return _document({"fields": fields, "primaryKey": key, "missingValues": [""]})


def _json(dataset: Dataset, shape: Any) -> bytes:
    heading = {"$schema": _DIALECT, "title": f"{dataset.title.zh} {dataset.title.en}"}
    return _document(heading | msgspec.json.schema(shape))


def _document(content: Mapping[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(content), indent=2)
