import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emask.identity.people_file import open_people_file
from emask.identity.people_headings import COLUMNS
from emask.identity.people_row import Row, faults_of, person_of
from emask.rounds.csv_file import FileRejected
from emask.rounds.model import LineError
from emask.sandbox.people_file import UnknownKind, write_people
from emask.sandbox.population import made_up_people

HEADING = ",".join(COLUMNS)
MING = "A123456789,王小明,1983-07-15,000012345678,F1234567,0912345678,zh"

Write = Callable[[bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def put(content: bytes) -> Path:
        path = tmp_path / "people.csv"
        path.write_bytes(content)
        return path

    return put


def rejected(path: Path) -> LineError:
    with pytest.raises(FileRejected) as refused:
        list(open_people_file(path).read())
    return refused.value.error


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_in_utf_8_with_or_without_a_mark(write: Write, mark: bytes, end: str) -> None:
    people = open_people_file(write(mark + f"{HEADING}{end}{MING}{end}".encode()))
    assert people.rows == 1
    assert list(people.read()) == [Row(2, tuple(MING.split(",")))]


def test_chinese_headings_in_any_order_and_columns_of_others(write: Write) -> None:
    heading = "序號,戶號,姓名,身份證字號,出生年月日,健保卡號"
    row = "1, Ｆ１２３４５６７ ,王　小明,Ａ１２３４５６７８９,民國72年7月15日,0000 1234 5678"
    people = open_people_file(write(f"{heading}\n{row}".encode()))
    assert people.arrangement.headings[0] == "身份證字號"
    (found,) = people.read()
    assert isinstance(found, Row)
    person = person_of(found)
    assert (person.id_number, person.name, person.household_number) == (
        "A123456789",
        "王 小明",
        "F1234567",
    )
    assert (person.birth_date, person.mobile, person.language) == (date(1983, 7, 15), None, "zh")


@pytest.mark.parametrize(
    ("content", "place", "zh", "en"),
    [
        (f"{HEADING}\n{MING}".encode("big5"), (2, ""), "Big5", "in Big5"),
        (f"{HEADING}\n{MING}".encode("utf-16"), (1, ""), "UTF-16", "in UTF-16"),
        (f"{HEADING}\nx\n".encode() + b"\xff", (3, ""), "不是 UTF-8", "not in UTF-8"),
        (f"{HEADING}\n".encode() + b"\xe7\x8e", (2, ""), "編碼", "save it in UTF-8"),
        (b"", (1, "id_number"), "身分證字號", "id_number"),
        (b"\n\n", (1, "id_number"), "缺少欄位", "missing"),
        (MING.encode(), (1, "id_number"), "第一行寫上欄位名稱", "first line"),
        (f"{HEADING},姓名\n{MING},x".encode(), (1, "name"), "兩個", "twice"),
        (b'id_number,"name\n', (1, ""), "CSV", "CSV"),
        (HEADING.encode(), (2, ""), "檔案沒有人", "nobody"),
    ],
)
def test_what_is_no_table_of_people_says_what_to_do(
    write: Write, content: bytes, place: tuple[int, str], zh: str, en: str
) -> None:
    error = rejected(write(content))
    assert (error.line, error.field) == place
    assert zh in error.zh
    assert en in error.en
    assert "A123456789" not in error.zh + error.en
    assert "王小明" not in error.zh + error.en


def test_a_line_that_is_no_row_spoils_no_other(write: Write) -> None:
    lines = [HEADING, '"never closed', "", MING, "too,few", "x" * 200_000, MING.replace("A", '"A')]
    quoted = ",".join(f'"{cell}"' for cell in MING.split(","))
    people = open_people_file(write("\n".join([*lines, quoted]).encode()))
    found = list(people.read())
    assert [row.number for row in found if isinstance(row, Row)] == [4, 8]
    faults = [row for row in found if isinstance(row, LineError)]
    assert [(fault.line, fault.field) for fault in faults] == [(2, ""), (5, ""), (6, ""), (7, "")]
    assert faults[1].en == "7 columns are needed, there are 2"


def test_every_fault_of_a_row_is_told_under_the_files_own_heading() -> None:
    row = Row(7, ("A123456788", "", "1983-02-30", "12", "7654321", "02-5550000", "fr"))
    headings = ("身分證字號", *COLUMNS[1:])
    faults = list(faults_of(row, headings))
    assert [fault.field for fault in faults] == list(headings)
    assert {fault.line for fault in faults} == {7}
    for fault in faults:
        assert not any(cell in fault.zh + fault.en for cell in row.cells if len(cell) > 2)
        assert fault.zh.startswith(("輸入", "填"))
        assert fault.en.startswith(("Enter ", "Give "))


@pytest.mark.parametrize("name", ["people.csv", "people.parquet"])
def test_what_the_sandbox_writes_is_read_as_it_was(tmp_path: Path, name: str) -> None:
    made_up = list(made_up_people(300, seed=5))
    write_people(tmp_path / name, made_up)
    people = open_people_file(tmp_path / name)
    assert people.rows == 300
    assert [person_of(row) for row in people.read() if isinstance(row, Row)] == made_up


def test_nothing_is_written_under_another_name(tmp_path: Path) -> None:
    with pytest.raises(UnknownKind):
        write_people(tmp_path / "people.xlsx", made_up_people(1))
    assert not list(tmp_path.iterdir())


def table(**columns: object) -> pa.Table:
    cells = dict(zip(COLUMNS, ([cell] for cell in MING.split(",")), strict=True))
    return pa.table(cells | columns)


@pytest.mark.parametrize(
    "birth_dates",
    [
        pa.array(["072/07/15"]),
        pa.array(["1983-07-15"]).dictionary_encode(),
        pa.array([date(1983, 7, 15)]),
        pa.array([datetime(1983, 7, 15, tzinfo=UTC)], pa.timestamp("ms")),
        pa.array([date(1983, 7, 15)], pa.date64()),
        pa.array(["0720715"], pa.large_string()),
        pa.array([datetime(1983, 7, 14, 16, tzinfo=UTC)], pa.timestamp("ms", "Asia/Taipei")),
    ],
)
def test_parquet_brings_text_or_dates(tmp_path: Path, birth_dates: pa.Array) -> None:
    pq.write_table(table(birth_date=birth_dates, mobile=pa.nulls(1)), tmp_path / "people")
    (row,) = open_people_file(tmp_path / "people").read()
    assert isinstance(row, Row)
    person = person_of(row)
    assert (person.birth_date, person.mobile) == (date(1983, 7, 15), None)


def test_other_columns_of_parquet_are_not_even_read(tmp_path: Path) -> None:
    others = {" a.b": pa.array([{"name": "x"}]), "photograph": pa.array([[b"x"]])}
    pq.write_table(table(**others), tmp_path / "people")
    (row,) = open_people_file(tmp_path / "people").read()
    assert row == Row(1, tuple(MING.split(",")))


def test_numbers_in_parquet_have_lost_their_zeros(tmp_path: Path) -> None:
    pq.write_table(table(nhi_card=[12345678]), tmp_path / "people")
    error = rejected(tmp_path / "people")
    assert (error.field, error.en[:25]) == ("nhi_card", "Store this column as text")


def test_text_in_parquet_that_is_no_utf_8_is_that_rows_fault(tmp_path: Path) -> None:
    broken = pa.array([b"\xff\xfe"]).view(pa.string())
    pq.write_table(table(name=broken), tmp_path / "people")
    (fault,) = open_people_file(tmp_path / "people").read()
    assert isinstance(fault, LineError)
    assert (fault.line, fault.field) == (1, "name")


def test_a_parquet_file_cut_short_is_told(tmp_path: Path) -> None:
    write_people(tmp_path / "whole.parquet", made_up_people(100))
    content = (tmp_path / "whole.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(content[: len(content) // 2])
    assert "damaged" in rejected(tmp_path / "cut.parquet").en


def test_parquet_without_its_reader_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_people(tmp_path / "people.parquet", made_up_people(1))
    monkeypatch.setitem(sys.modules, "emask.identity.people_parquet", None)
    error = rejected(tmp_path / "people.parquet")
    assert "emask[parquet]" in error.zh
    assert "emask[parquet]" in error.en


def test_a_file_is_known_by_its_content(tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        write_people(tmp_path / f"{name}.csv", made_up_people(20, seed=seed))
    one, same, other = (
        open_people_file(tmp_path / f"{name}.csv").digest for name in ("one", "same", "other")
    )
    assert one == same != other
