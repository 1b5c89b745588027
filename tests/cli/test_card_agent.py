"""``emask card-agent``: starts the agent where it is installed, says how to get it where not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from emask.cli import card_agent
from emask.cli.main import app


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
