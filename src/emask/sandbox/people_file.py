"""Registry files of made-up people, to try imports with."""

import csv
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from emask.identity.model import NewPerson
from emask.identity.people_headings import COLUMNS

_ROW_GROUP: Final = 50_000


class UnknownKind(ValueError):
    """A file's name ends neither in .csv nor in .parquet."""


def write_people(path: Path, people: Iterable[NewPerson]) -> None:
    """Write CSV or Parquet, as the file's name asks for, a few people in memory at a time.

    Raises:
        UnknownKind: nothing was written.
    """
    rows = (_cells(person) for person in people)
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(rows)
    elif path.suffix == ".parquet":
        _write_parquet(path, rows)
    else:
        raise UnknownKind


def _write_parquet(path: Path, rows: Iterator[tuple[str, ...]]) -> None:
    import pyarrow as pa  # noqa: PLC0415 - optional, and slow to load
    import pyarrow.parquet as pq  # noqa: PLC0415 - likewise

    schema = pa.schema([(column, pa.string()) for column in COLUMNS])
    with pq.ParquetWriter(path, schema) as writer:
        while group := list(islice(rows, _ROW_GROUP)):
            columns = [pa.array(column) for column in zip(*group, strict=True)]
            writer.write_table(pa.table(columns, schema=schema))


def _cells(person: NewPerson) -> tuple[str, ...]:
    return (
        person.id_number,
        person.name,
        person.birth_date.isoformat(),
        person.nhi_card,
        person.household_number,
        person.mobile or "",
        person.language,
    )
