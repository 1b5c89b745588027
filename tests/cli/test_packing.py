"""`emask packing`: totals, the file of a centre, and the file that it sends back."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest
from typer.testing import Result

from cli.one_store import packs_of_one_store

Run = Callable[..., Result]


@pytest.fixture
def emask(emask: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """In a folder of its own, where it leaves its files."""
    monkeypatch.chdir(tmp_path)
    return emask


@pytest.fixture
def packed(emask: Run, database_url: str) -> None:
    """Three packs for one store."""
    assert emask("rounds", "load", "2020-1").exit_code == 0
    with psycopg.connect(database_url) as connection:
        packs_of_one_store(connection, ["paid"] * 3)
        connection.execute(
            "INSERT INTO shipment (round_id, chain, store_code, packs, packed_at)"
            " VALUES ('2020-1', 'SE', '100001', 3, now())"
        )


@pytest.mark.usefixtures("packed")
def test_totals_for_people_and_machines(emask: Run) -> None:
    table = emask("packing", "totals", "2020-1")
    assert table.exit_code == 0
    assert "7-11" in table.output
    figures = json.loads(emask("packing", "totals", "2020-1", "--json").output)
    assert (figures["SE"]["stores"], figures["SE"]["packs"], figures["SE"]["packed"]) == (1, 3, 1)
    assert figures["OK"]["packs"] == 0


@pytest.mark.usefixtures("packed")
def test_the_file_is_the_same_until_something_changes(emask: Run, tmp_path: Path) -> None:
    first = emask("packing", "export", "2020-1", "SE")
    assert first.exit_code == 0, first.output
    content = (tmp_path / "packing-2020-1-SE-v1.csv").read_bytes()
    assert sha256(content).hexdigest() in first.output
    again = tmp_path / "again.csv"
    assert emask("packing", "export", "2020-1", "SE", "--out", str(again)).exit_code == 0
    assert again.read_bytes() == content
    kept = emask("packing", "export", "2020-1", "SE", "--version", "1", "--out", str(again))
    assert kept.exit_code == 0


@pytest.mark.usefixtures("packed")
def test_what_cannot_be_had_is_said(emask: Run) -> None:
    nothing = emask("packing", "export", "2020-1", "FM", EMASK_LANG="en")
    assert nothing.exit_code == 2
    assert "nothing to pack" in nothing.output
    assert "第 7 版" in emask("packing", "export", "2020-1", "SE", "--version", "7").output
    assert "沒有輪次 1999-1" in emask("packing", "totals", "1999-1").output
    nowhere = emask("packing", "export", "2020-1", "SE", "--out", "/nowhere/file.csv")
    assert nowhere.exit_code == 2


@pytest.mark.usefixtures("packed")
def test_what_a_centre_sends_back_is_taken_or_its_faults_are_told(
    emask: Run, tmp_path: Path
) -> None:
    back = tmp_path / "back.csv"
    back.write_text("store_code,step,packs\n100001,shipped,3\n", encoding="utf-8")
    assert "1 項" in emask("packing", "confirm", "2020-1", "SE", str(back)).output
    assert "0 項" in emask("packing", "confirm", "2020-1", "SE", str(back)).output
    back.write_text("store_code,step,packs\n100001,shipped,2\n", encoding="utf-8")
    wrong = emask("packing", "confirm", "2020-1", "SE", str(back))
    assert wrong.exit_code == 2
    assert "back.csv:2: packs" in wrong.output
