"""The command with which a chain tries its own side of the wire."""

import pytest
from typer.testing import CliRunner

from emask.cli.main import app
from emask.partners.logistics.conformance import CHECKS
from partners.logistics import LOGISTICS

OPTIONS = ["conform", "chains", "--b2c", "1", "--c2c", "2", "--base", "http://127.0.0.1:9"]
SECRETS = {
    f"EMASK_CHAIN_{account}_{secret}": LOGISTICS.b2c.keys.hash_key
    for account in ("B2C", "C2C")
    for secret in ("KEY", "IV")
}


def test_a_host_that_does_not_answer_fails_and_each_check_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(app, [*OPTIONS, "--store", "SE:131386"])
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == len(CHECKS)
    assert "failed" in result.stdout
    assert LOGISTICS.b2c.keys.hash_key not in result.output


@pytest.mark.parametrize(
    ("store", "secrets", "said"),
    [
        ("SE:131386", {}, "EMASK_CHAIN_B2C_KEY"),
        ("SE131386", SECRETS, "SE131386"),
        ("XX:1", SECRETS, "XX:1"),
    ],
)
def test_what_it_lacks_is_said(
    monkeypatch: pytest.MonkeyPatch, store: str, secrets: dict[str, str], said: str
) -> None:
    for name in SECRETS:
        monkeypatch.delenv(name, raising=False)
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(app, [*OPTIONS, "--store", store])
    assert result.exit_code != 0
    assert said in result.output
