"""Registry files in Parquet, batch by batch; needs the extra `parquet`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from emask.identity.people_headings import COLUMNS, Arrangement, arrange
from emask.identity.people_row import Row
from emask.rounds.csv_file import FileRejected, tidy
from emask.rounds.model import LineError

_BATCH: Final = 5_000  # rows
_BUFFER: Final = 1 << 20  # bytes read ahead of a column, instead of all of it
_UNREADABLE: Final = (pa.ArrowException, OSError, UnicodeDecodeError)


def arrange_parquet(path: Path) -> tuple[Arrangement, int]:
    """Where the columns stand, and how many rows there are.

    Raises:
        FileRejected: damaged, a column missing, or one of another type than text (or a date, for
            the birth date): numbers have lost their leading zeros.
    """
    try:
        with _opened(path) as file:
            schema, rows = file.schema_arrow, file.metadata.num_rows
            arrangement = arrange(schema.names)
            types = schema.types
    except _UNREADABLE:
        raise _damaged() from None
    for column, place in zip(COLUMNS, arrangement.places, strict=True):
        if place is not None and not _fits(column, types[place]):
            zh, en = "此欄存為文字再匯入", "Store this column as text and import the file again"
            raise FileRejected(LineError(line=1, field=column, zh=zh, en=en))
    return arrangement, rows


def read_parquet(path: Path, arrangement: Arrangement) -> Iterator[Row | LineError]:
    """The rows in order, numbered from 1. Raises FileRejected where the file is damaged."""
    number = 0
    try:
        with _opened(path) as file:
            schema = file.schema_arrow.names
            names = [None if place is None else schema[place] for place in arrangement.places]
            batches = file.iter_batches(
                _BATCH, columns=[name for name in names if name is not None], use_threads=False
            )
            for batch in batches:
                columns = [
                    [b""] * batch.num_rows if name is None else _bytes(batch.column(name))
                    for name in names
                ]
                for cells in zip(*columns, strict=True):
                    number += 1
                    yield _row(number, cells, arrangement)
    except _UNREADABLE:
        raise _damaged(number) from None


def _opened(path: Path) -> pq.ParquetFile:
    return pq.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False)


def _row(number: int, cells: Sequence[bytes], arrangement: Arrangement) -> Row | LineError:
    texts: list[str] = []
    for cell, heading in zip(cells, arrangement.headings, strict=True):
        try:
            texts.append(tidy(cell.decode()))
        except UnicodeDecodeError:
            zh, en = "此欄不是 UTF-8 文字", "This is not text in UTF-8"
            return LineError(line=number, field=heading, zh=zh, en=en)
    return Row(number, tuple(texts))


def _bytes(column: pa.Array) -> list[bytes]:
    """The cells undecoded: one that is no text is its own line's fault, not the batch's."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_timestamp(column.type) or pa.types.is_date64(column.type):
        column = column.cast(pa.date32())
    if pa.types.is_date(column.type):
        column = column.cast(pa.string())
    return [cell or b"" for cell in column.cast(pa.binary()).to_pylist()]


def _fits(column: str, kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if column == "birth_date" and (pa.types.is_date(kind) or pa.types.is_timestamp(kind)):
        return True
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
        or pa.types.is_null(kind)
    )


def _damaged(after: int = 0) -> FileRejected:
    zh, en = "檔案損壞，無法以 Parquet 讀取", "The file is damaged: it cannot be read as Parquet"
    return FileRejected(LineError(line=after + 1, field="", zh=zh, en=en))
