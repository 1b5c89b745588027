"""The command over a database of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from emask.cli.main import app


@pytest.fixture
def emask(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Run it with some arguments and what else the environment says; in Chinese if nothing."""
    monkeypatch.setenv("EMASK_DATABASE_URL", database_url)
    monkeypatch.setenv("EMASK_KEYS", str(tmp_path / "keys.json"))
    monkeypatch.delenv("EMASK_LANG", raising=False)

    def run(*arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(app, list(arguments), env=environment)

    return run
