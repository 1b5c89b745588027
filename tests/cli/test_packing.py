"""`emask packing`: totals, the file of a centre, and the file that it sends back."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from emask.cli.main import app

Run = Callable[..., Result]


@pytest.fixture
def emask(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("EMASK_DATABASE_URL", database_url)
    monkeypatch.setenv("EMASK_KEYS", str(tmp_path / "keys.json"))
    monkeypatch.delenv("EMASK_LANG", raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(app, list(arguments), env=environment)

    return run


@pytest.fixture
def packed(emask: Run, database_url: str) -> None:
    """Three packs for one store."""
    assert emask("rounds", "load", "2020-1").exit_code == 0
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO store (chain, store_code, name, address, county, town, zip_code)"
            " VALUES ('SE', '100001', '門市', '台北市', '臺北市', '大安區', '106')"
        )
        connection.execute(
            "INSERT INTO orders (person_id, round_id, chain, store_code, channel, amount, state,"
            " paid_at, changed_at) SELECT gen_random_uuid(), '2020-1', 'SE', '100001',"
            " 'computer', 22, 'paid', now(), now() FROM generate_series(1, 3)"
        )
        connection.execute(
            "INSERT INTO parcel (person_id, round_id, chain, store_code, bag_number, pickup_number)"
            " SELECT person_id, round_id, chain, store_code, row_number() OVER (),"
            " '000000000' FROM orders"
        )
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
