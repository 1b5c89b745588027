"""The published schemas describe the published files."""

import csv
import json
from collections.abc import Callable
from datetime import datetime
from io import StringIO
from typing import Any

import jsonschema_rs
import pytest

from emask.database.pool import Database
from emask.opendata.catalogue import DATASETS, INDEX, MASKDATA, POINTS, STATISTICS, STORES_CSV
from emask.opendata.schemas import JSON_SCHEMA, TABLE_SCHEMA, schemas
from emask.opendata.snapshot import OpenData, PublishedFile
from emask.rules.calendar import TAIPEI
from opendata.test_snapshot import stocked
from opendata.test_statistics import ROUND, Counted, counted

__all__ = ["counted", "stocked"]  # fixtures

SCHEMAS = {path: (media_type, json.loads(body)) for path, media_type, body in schemas()}


@pytest.fixture
async def published(counted: Counted, stocked: Database) -> dict[str, PublishedFile]:
    """Every file of a small world."""
    await counted.publish()
    counted.clock.instant = ROUND.pickup_ends_at
    open_data = OpenData()
    await open_data.refresh(stocked, counted.clock)
    return dict(open_data.snapshot.files)


def test_each_dataset_has_its_schema() -> None:
    assert {each.form for each in DATASETS} == SCHEMAS.keys()
    for path, (media_type, content) in SCHEMAS.items():
        is_table = path.endswith(".table.json")
        assert media_type == (TABLE_SCHEMA if is_table else JSON_SCHEMA)
        if not is_table:
            jsonschema_rs.meta.validate(content)


def test_each_json_file_is_as_its_schema_says(published: dict[str, PublishedFile]) -> None:
    for dataset in DATASETS:
        path = dataset.of_round(ROUND.id)
        if path.endswith(".json"):
            _, content = SCHEMAS[dataset.form]
            jsonschema_rs.validate(content, json.loads(published[path].body))


@pytest.mark.parametrize(
    ("path", "spoilt"),
    [
        (POINTS, lambda told: told["features"][0]["properties"].update(note=None)),
        (POINTS, lambda told: told["features"][0]["properties"].update(mask_adult="5")),
        (POINTS, lambda told: told["features"][0]["properties"].update(service_periods="N")),
        (POINTS, lambda told: told["features"][0]["properties"].pop("cunli")),
        (POINTS, lambda told: told["features"][0].pop("type")),
        (STATISTICS.path, lambda told: told["total"].update(paid=4)),
        (INDEX, lambda told: told.pop("licence")),
    ],
)
def test_the_schemas_notice_what_is_wrong(
    published: dict[str, PublishedFile], path: str, spoilt: Callable[[Any], object]
) -> None:
    dataset = next(each for each in DATASETS if each.path == path)
    told = json.loads(published[dataset.of_round(ROUND.id)].body)
    spoilt(told)
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(SCHEMAS[dataset.form][1], told)


@pytest.mark.parametrize("path", [MASKDATA, STORES_CSV])
def test_each_table_is_as_its_schema_says(published: dict[str, PublishedFile], path: str) -> None:
    dataset = next(each for each in DATASETS if each.path == path)
    fields = SCHEMAS[dataset.form][1]["fields"]
    header, *rows = csv.reader(StringIO(published[path].body.decode()))
    assert header == [field["name"] for field in fields]
    assert rows
    for row in rows:
        for field, value in zip(fields, row, strict=True):
            _check(field, value)


def _check(field: dict[str, Any], value: str) -> None:
    limits = field.get("constraints", {})
    if value == "":
        assert not limits.get("required")
    elif field["type"] == "integer":
        assert int(value) >= limits["minimum"]
    elif field["type"] == "datetime":
        datetime.strptime(value, field["format"]).replace(tzinfo=TAIPEI)
    else:
        assert len(value) >= limits.get("minLength", 0)
        assert value in limits.get("enum", [value])
