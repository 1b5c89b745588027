"""`emask notices`: figures for people and machines, and sending what waits."""

import json
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from typer.testing import CliRunner, Result

from emask.cli.main import app
from emask.database.vault import Keys, Vault

Run = Callable[..., Result]


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


@pytest.fixture
def emask(database_url: str, kept: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("EMASK_DATABASE_URL", database_url)
    monkeypatch.setenv("EMASK_KEYS", str(kept))
    monkeypatch.delenv("EMASK_LANG", raising=False)

    def run(*arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(app, list(arguments), env=environment)

    return run


@pytest.fixture
def queued(emask: Run, database_url: str, kept: Path) -> None:
    """Two people to tell, and one who left no number."""
    assert emask("rounds", "load", "2020-1").exit_code == 0
    vault = Vault(Keys.read_or_create(kept))
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO store (chain, store_code, name, address, county, town, zip_code)"
            " VALUES ('SE', '100001', '門市', '台北市', '臺北市', '大安區', '106')"
        )
        for number in range(3):
            person_id = uuid4()
            mobile = vault.seal(f"091234567{number}", person_id=person_id, field="mobile")
            if number:
                connection.execute(
                    "INSERT INTO preorder (person_id, round_id, ticket, chain, store_code,"
                    " channel, mobile, language, state, submission_id, placed_at, changed_at)"
                    " VALUES (%s, '2020-1', %s, 'SE', '100001', 'computer', %s, 'zh',"
                    " 'registered', %s, now(), now())",
                    (person_id, uuid4(), mobile, uuid4()),
                )
            connection.execute(
                "INSERT INTO outbox (person_id, kind, reference, created_at, next_at)"
                " VALUES (%s, 'forfeited', '2020-1', now() - interval '5 minutes', now())",
                (person_id,),
            )


def facts(emask: Run) -> dict[str, object]:
    ended = emask("notices", "--json")
    assert ended.exit_code == 0, ended.output
    found: dict[str, object] = json.loads(ended.stdout)
    return found


def kind(**numbers: int) -> dict[str, object]:
    none = dict.fromkeys(("waiting", "sent", "delivered", "undelivered", "unclear", "failed"), 0)
    return {"round_id": "2020-1", "kind": "forfeited", **none, **numbers}


@pytest.mark.usefixtures("queued")
@pytest.mark.parametrize("more", [[], ["--until-empty"]])
def test_what_waits_is_sent_and_counted(emask: Run, more: list[str]) -> None:
    waiting = facts(emask)
    assert waiting["kinds"] == [kind(waiting=3)]
    assert waiting["providers"] == []
    assert isinstance(age := waiting["oldest_waiting_seconds"], float)
    assert 300 <= age < 400

    drained = emask("notices", "drain", *more)
    assert drained.exit_code == 0, drained.output
    assert "已送出 2 則" in drained.stdout
    assert "3/3" in drained.stderr

    after = facts(emask)
    assert after["kinds"] == [kind(sent=2, failed=1)]
    assert after["oldest_waiting_seconds"] is None
    assert after["per_second"] == pytest.approx(2 / 60)
    assert emask("notices", "drain", EMASK_LANG="en").stdout.startswith("0 sent")


@pytest.mark.usefixtures("queued")
def test_figures_are_told_in_both_languages(emask: Run) -> None:
    told = emask("notices", COLUMNS="120").stdout
    assert "等待" in told
    assert "最久的等了 5 分鐘" in told
    told = emask("notices", COLUMNS="120", EMASK_LANG="en").stdout
    assert "waiting" in told
    assert "forfeited" in told
    assert "The oldest has waited 5 minutes" in told
    assert "0912" not in told
