"""Registry files through the command: what it says, how it ends, and what a kill leaves."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from emask.cli.main import app
from emask.identity.people_headings import HEADINGS

Run = Callable[..., Result]

HEADING = "id_number,name,birth_date,mobile,nhi_card,household_number"
MING = "A123456789,王小明,1983-07-15,0912345678,000012345678,F1234567"
HUA = "A123456788,王小華,1990-02-30,,1,"
PEOPLE = 12_000

# The command with so small blocks that a kill meets it between two of them.
_SMALL_BLOCKS = """
import emask.identity.people_import
from emask.cli.main import app
emask.identity.people_import.BLOCK = 300
app()
"""


@pytest.fixture
def environment(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    set_here = {"EMASK_DATABASE_URL": database_url, "EMASK_KEYS": str(tmp_path / "keys.json")}
    for name, value in set_here.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("EMASK_LANG", raising=False)
    return {**os.environ, **set_here}


@pytest.fixture
def emask(environment: dict[str, str]) -> Run:
    def run(*arguments: str, **extra: str) -> Result:
        return CliRunner().invoke(app, list(arguments), env=extra)

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(f"{HEADING}\n{HUA}\n{MING}\n")
    return path


def test_good_lines_are_entered_and_no_fault_repeats_what_was_written(
    emask: Run, file: Path
) -> None:
    ended = emask("people", "import", str(file))
    assert ended.exit_code == 1
    assert ended.stdout.strip() == "讀取 2 列，登錄 1，退回 1"
    for field in ("id_number", "birth_date", "nhi_card", "household_number"):
        assert f"{file}:2: {field} 輸入" in ended.stderr
    for cell in HUA.split(",")[:3]:
        assert cell not in ended.stderr + ended.stdout
    assert "Enter " in emask("people", "import", str(file), EMASK_LANG="en").stderr


def test_without_faults_it_ends_with_0(emask: Run, file: Path) -> None:
    file.write_text(f"{HEADING}\n{MING}\n")
    assert emask("people", "import", str(file)).exit_code == 0


def test_the_same_file_again_says_so(emask: Run, file: Path) -> None:
    emask("people", "import", str(file))
    known = emask("people", "import", str(file))
    assert (known.exit_code, "先前已處理" in known.stdout) == (1, True)
    anew = emask("people", "import", str(file), "--again")
    assert (anew.exit_code, "先前已處理" in anew.stdout) == (1, False)


def test_few_faults_are_told_and_all_are_written(emask: Run, file: Path, tmp_path: Path) -> None:
    bad = MING.replace("0912345678", "1")
    file.write_text("\n".join([HEADING, *[bad] * 100, MING]))
    ended = emask("people", "import", str(file), "--errors", str(tmp_path / "errors.csv"))
    assert ended.stderr.count(": mobile ") == 20
    assert "另有 80 處有誤" in ended.stderr
    with (tmp_path / "errors.csv").open(encoding="utf-8-sig", newline="") as errors:
        rows = list(csv.DictReader(errors))
    assert [(row["line"], row["column"]) for row in rows] == [
        (str(line), "mobile") for line in range(2, 102)
    ]
    assert rows[0]["zh"].startswith("輸入手機號碼")
    assert rows[0]["en"].startswith("Enter a mobile number")


def test_the_file_is_never_written_over(emask: Run, file: Path) -> None:
    content = file.read_bytes()
    ended = emask("people", "import", str(file), "--errors", str(file))
    assert (ended.exit_code, file.read_bytes()) == (2, content)


def test_a_file_that_is_no_table_ends_with_2(emask: Run, file: Path) -> None:
    file.write_bytes(f"{HEADING}\n{MING}\n".encode("big5"))
    ended = emask("people", "import", str(file), EMASK_LANG="en")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert f"{file}:2:  The file is in Big5: save it in UTF-8" in ended.stderr
    assert "nothing was imported" in ended.stderr


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_made_up_people_are_entered(emask: Run, tmp_path: Path, kind: str) -> None:
    file = tmp_path / f"made-up.{kind}"
    assert emask("people", "make", str(file), "--people", "500").exit_code == 0
    assert emask("people", "make", str(file)).exit_code == 2  # it is there already
    ended = emask("people", "import", str(file), "--json")
    assert ended.exit_code == 0
    figures = json.loads(ended.stdout)
    assert figures.pop("seconds") >= 0
    assert len(figures.pop("digest")) == 64
    assert figures == {"rows": 500, "entered": 500, "refused": 0, "known": 0}


def test_a_file_that_is_damaged_on_the_way_ends_with_2(emask: Run, tmp_path: Path) -> None:
    file = tmp_path / "people.parquet"
    emask("people", "make", str(file), "--people", "500")
    content = bytearray(file.read_bytes())
    content[100:2_000] = bytes(1_900)
    file.write_bytes(content)
    ended = emask("people", "import", str(file), EMASK_LANG="en")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "cannot be read as Parquet" in ended.stderr
    assert "mend the file" in ended.stderr


def test_no_other_kind_of_file_is_made(emask: Run, tmp_path: Path) -> None:
    ended = emask("people", "make", str(tmp_path / "people.xlsx"))
    assert (ended.exit_code, ".parquet" in ended.stderr) == (2, True)


def test_help_names_every_heading(emask: Run) -> None:
    told = emask("people", "import", "--help").output
    assert not [name for names in HEADINGS.values() for name in names if name not in told]


def test_an_import_that_was_killed_goes_on_where_it_stopped(
    emask: Run, environment: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "many.csv"
    emask("people", "make", str(file), "--people", str(PEOPLE))
    lines = file.read_text().splitlines()
    for number in (10, PEOPLE - 10):
        lines[number] = lines[number].replace(",09", ",08")
    file.write_text("\n".join(lines))

    done = killed(file, environment)
    entered = cards(environment)
    assert 0 < done < PEOPLE
    assert len(entered) == done - 1  # line 11 is at fault: the count fits what is entered

    again = emask("people", "import", str(file), "--json")
    figures: dict[str, Any] = json.loads(again.stdout)
    assert again.exit_code == 1
    assert (figures["rows"], figures["entered"], figures["refused"]) == (PEOPLE, PEOPLE - 2, 2)
    assert figures["known"] == done
    assert again.stderr.count(": mobile ") == 2
    assert entered < cards(environment)  # none of them was written a second time


def killed(file: Path, environment: dict[str, str]) -> int:
    """Import a file, kill the process amid it, and tell how many rows are counted."""
    with (
        psycopg.connect(environment["EMASK_DATABASE_URL"], autocommit=True) as watcher,
        subprocess.Popen(
            [sys.executable, "-c", _SMALL_BLOCKS, "people", "import", str(file)],
            env=environment,
            stderr=subprocess.DEVNULL,
        ) as command,
    ):
        while rows_done(watcher) < PEOPLE // 10:
            assert command.poll() is None
            time.sleep(0.005)
        command.send_signal(signal.SIGKILL)
        command.wait()
        while others(watcher):  # what the server was told before still happens
            time.sleep(0.005)
        return rows_done(watcher)


def rows_done(connection: psycopg.Connection[Any]) -> int:
    try:
        row = connection.execute("SELECT sum(rows_done) FROM people_import").fetchone()
    except psycopg.errors.UndefinedTable:
        return 0
    return int(row[0]) if row and row[0] else 0


def others(connection: psycopg.Connection[Any]) -> bool:
    """Whether anybody else is connected to the database."""
    return bool(
        connection.execute(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        ).fetchall()
    )


def cards(environment: dict[str, str]) -> set[tuple[Any, ...]]:
    """Every card on file with the transaction that wrote it last."""
    with psycopg.connect(environment["EMASK_DATABASE_URL"]) as connection:
        return set(connection.execute("SELECT person_id, xmin::text FROM nhi_card").fetchall())
