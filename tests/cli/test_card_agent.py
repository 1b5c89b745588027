"""``emask card-agent``: starts the agent where it is installed, says how to get it where not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from typer.testing import CliRunner

from emask.cli import card_agent
from emask.cli.main import app

ROOT = Path(__file__).parents[2]


def test_it_has_one_name_in_each_language() -> None:
    catalogue = ROOT / "src" / "emask" / "language" / "locale" / "en.po"
    with catalogue.open("rb") as file:
        told = {str(message.id): str(message.string) for message in read_po(file)}
    named = {zh: en for zh, en in told.items() if "讀卡程式" in zh}
    assert named
    assert not [en for en in named.values() if "card agent" not in en]
    texts = [*(ROOT / "agent").rglob("*.py"), ROOT / "agent" / "README.md", ROOT / "README.md"]
    said = "\n".join([*told, *told.values(), *(path.read_text() for path in texts)]).lower()
    assert "card program" not in said
    assert "卡片代理" not in said


def test_where_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_agent, "PACKAGE", "not_installed_anywhere")
    ended = CliRunner().invoke(app, ["card-agent"], env={"EMASK_LANG": "en"})
    assert ended.exit_code == 2
    assert "make cards" in ended.output
    assert "pip install ./agent" in ended.output


@pytest.mark.cards
@pytest.mark.parametrize(
    ("arguments", "sites"),
    [([], "http://localhost:8000"), (["--site", "https://mask.example"], "https://mask.example")],
)
def test_where_it_is_installed(arguments: list[str], sites: str) -> None:
    emask = Path(sys.executable).with_name("emask")
    with subprocess.Popen(
        [emask, "card-agent", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "EMASK_LANG": "en"},
    ) as agent:
        assert agent.stdout is not None
        assert agent.stdout.readline() == f"The card agent serves: {sites}\n"
        agent.terminate()
    assert agent.returncode == 0


@pytest.mark.cards
def test_its_options_are_the_agent_s_own() -> None:
    ended = CliRunner().invoke(app, ["card-agent", "--help"])
    assert ended.exit_code == 0
    assert "--pkcs11-module" in ended.output
