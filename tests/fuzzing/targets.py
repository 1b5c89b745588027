"""What reads bytes from outside, each with valid examples and what may come of any input."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from emask.identity.people_file import PeopleFile, open_people_file
from emask.identity.people_row import Row, faults_of, person_of
from emask.rounds.csv_file import FileRejected
from emask.rules.people import InvalidEntry, normalise_id
from emask.sandbox.people_file import write_people
from emask.sandbox.population import made_up_people
from fuzzing import cards, certificates


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A reader: `read` raises nothing for any input, and AssertionError if it reads nonsense."""

    seeds: Callable[[], list[bytes]]
    read: Callable[[bytes], None]
    longest: int


def read_people(data: bytes) -> None:
    """A registry file, CSV or Parquet, as `emask people import` reads it."""
    path = _folder() / "people"
    path.write_bytes(data)
    try:
        people = open_people_file(path)
        for row in people.read():
            _check_row(people, row)
    except FileRejected:
        return


def _check_row(people: PeopleFile, row: object) -> None:
    if not isinstance(row, Row):
        return
    try:
        person = person_of(row)
    except InvalidEntry:
        assert list(faults_of(row, people.arrangement.headings))
        return
    assert normalise_id(person.id_number) == person.id_number


def csv_seeds() -> list[bytes]:
    path = _folder() / "seed.csv"
    write_people(path, made_up_people(3))
    content = path.read_text()
    chinese = (
        "身分證字號,姓名,出生年月日,健保卡號,戶號\n"
        'Ａ１２３４５６７８９,"王, 小明",民國72年7月15日,0000 1234 5678,f123-4567\n'
    )
    return [content.encode(), content.encode("utf-8-sig"), chinese.encode(), chinese.encode("big5")]


def parquet_seeds() -> list[bytes]:
    path = _folder() / "seed.csv"
    write_people(path, made_up_people(3))
    text = pa.csv.ConvertOptions(column_types=dict.fromkeys(("nhi_card", "mobile"), pa.string()))
    table = pa.csv.read_csv(path, convert_options=text)  # the birth date as a date
    seeds = []
    for compression in ("none", "snappy", "gzip", "zstd"):
        for dictionary in (True, False):
            pq.write_table(
                table,
                path.with_suffix(".parquet"),
                compression=compression,
                use_dictionary=dictionary,
            )
            seeds.append(path.with_suffix(".parquet").read_bytes())
    return seeds


TARGETS: Final[Mapping[str, Target]] = {
    "card": Target(seeds=cards.record_seeds, read=cards.read_record, longest=200),
    "evidence": Target(seeds=cards.evidence_seeds, read=cards.read_evidence, longest=8_000),
    "signature": Target(
        seeds=certificates.signature_seeds, read=certificates.read_signature, longest=8_000
    ),
    "list": Target(seeds=certificates.list_seeds, read=certificates.read_list, longest=4_000),
    "answer": Target(seeds=certificates.answer_seeds, read=certificates.read_answer, longest=4_000),
    "csv": Target(seeds=csv_seeds, read=read_people, longest=4_000),
    "parquet": Target(seeds=parquet_seeds, read=read_people, longest=12_000),
}


@cache
def _folder() -> Path:
    """A folder that is gone with the process."""
    _kept.append(tempfile.TemporaryDirectory(prefix="emask-fuzz-"))
    return Path(_kept[0].name)


_kept: Final[list[tempfile.TemporaryDirectory[str]]] = []
