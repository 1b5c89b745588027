"""Files of people to enter into the registry: CSV, or Parquet, told apart by how they begin."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Final

from emask.identity.people_csv import arrange_csv, read_csv, scan_csv
from emask.identity.people_headings import Arrangement
from emask.identity.people_row import Row
from emask.rounds.csv_file import FileRejected
from emask.rounds.model import LineError

_PARQUET: Final = b"PAR1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleFile:
    """A file that is a table of people, known again by its SHA-256.

    `rows` is how many it has at most: blank lines of a CSV file are counted, but none is read.
    """

    path: Path
    digest: bytes
    rows: int
    arrangement: Arrangement
    reader: Callable[[Path, Arrangement], Iterator[Row | LineError]]

    def read(self) -> Iterator[Row | LineError]:
        """The rows in order, not checked yet, and the faults of those that are no rows.

        Raises:
            FileRejected: from here on the file cannot be read.
        """
        return self.reader(self.path, self.arrangement)


def open_people_file(path: Path) -> PeopleFile:
    """Find out which file it is and where its columns stand.

    Raises:
        FileRejected: not UTF-8, a column missing, nobody in it, damaged, or Parquet where its
            reader is not installed.
    """
    with path.open("rb") as content:
        people = _parquet(path) if content.read(len(_PARQUET)) == _PARQUET else _csv(path)
    if people.rows == 0:
        zh, en = "檔案沒有人", "The file has nobody"
        raise FileRejected(LineError(line=2, field="", zh=zh, en=en))
    return people


def _csv(path: Path) -> PeopleFile:
    digest, lines = scan_csv(path)
    return PeopleFile(
        path=path,
        digest=digest,
        rows=max(0, lines - 1),
        arrangement=arrange_csv(path),
        reader=read_csv,
    )


def _parquet(path: Path) -> PeopleFile:
    try:
        from emask.identity.people_parquet import (  # noqa: PLC0415 - optional, and slow to load
            arrange_parquet,
            read_parquet,
        )
    except ImportError:
        zh = "讀取 Parquet 要先安裝 emask[parquet]，或改用 CSV"
        en = "Reading Parquet needs emask[parquet] to be installed; CSV will do as well"
        raise FileRejected(LineError(line=1, field="", zh=zh, en=en)) from None
    arrangement, rows = arrange_parquet(path)
    with path.open("rb") as content:
        digest = file_digest(content, "sha256").digest()
    return PeopleFile(
        path=path, digest=digest, rows=rows, arrangement=arrangement, reader=read_parquet
    )
