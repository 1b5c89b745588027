"""Clients of pharmacies by command: public keys come in, nothing secret goes out."""

import json
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from joserfc.jwk import ECKey, KeySet
from typer.testing import CliRunner, Result

from emask.cli.main import app

Run = Callable[..., Result]
SITE = "5901010001"


@pytest.fixture
def emask(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("EMASK_DATABASE_URL", database_url)
    monkeypatch.setenv("EMASK_KEYS", str(tmp_path / "keys.json"))
    monkeypatch.setenv("EMASK_LANG", "en")
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO counter_site (site_code, kind, name, address, phone, changed_at)"
            " VALUES (%s, 'pharmacy', '幸福藥局', '臺北市', '1', now())",
            (SITE,),
        )

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["counter-clients", *arguments])

    return run


def keys(folder: Path, *kids: str, private: bool = False) -> str:
    file = folder / f"{'-'.join(kids)}.json"
    made = KeySet([ECKey.generate_key("P-256", {"kid": kid}) for kid in kids])
    file.write_text(json.dumps(made.as_dict(private=private)))
    return str(file)


def test_a_client_from_its_first_key_to_its_end(emask: Run, tmp_path: Path) -> None:
    here = ["happy-pharmacy", "--site", SITE, "--name", "Counter"]
    added = emask("add", *here, "--keys", keys(tmp_path, "one"))
    assert (added.exit_code, "may call" in added.output) == (0, True)
    assert emask("add", *here, "--keys", keys(tmp_path, "one")).exit_code == 2
    both = keys(tmp_path, "one", "two")
    assert emask("rotate", "happy-pharmacy", "--keys", both).exit_code == 0
    (told,) = json.loads(emask("list", "--json").output)
    assert (told["kids"], told["ended_at"]) == (["one", "two"], None)
    assert emask("end", "happy-pharmacy").exit_code == 0
    assert "ended" in emask("list").output
    for last in (["end", "happy-pharmacy"], ["rotate", "happy-pharmacy", "--keys", both]):
        assert emask(*last).exit_code == 2


def test_what_cannot_be_is_refused_in_words(emask: Run, tmp_path: Path) -> None:
    def add(client: str, site: str, file: str) -> str:
        result = emask("add", client, "--site", site, "--name", "Counter", "--keys", file)
        assert result.exit_code == 2
        return result.output

    good = keys(tmp_path, "one")
    assert "letters" in add("Happy", SITE, good)
    assert "no site" in add("happy", "9999999999", good)
    private = keys(tmp_path, "one", "secret", private=True)
    assert "private key" in add("happy", SITE, private)
    assert json.loads(Path(private).read_text())["keys"][0]["d"] not in add("happy", SITE, private)
