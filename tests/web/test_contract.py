"""Some cases that the partner API's description suggests; `make contract` has many more."""

from pathlib import Path

import pytest

from emask.programme.system import System
from emask.web.api import counter
from web.contract import Trial, try_contract


async def some_cases(system: System, folder: Path, *, examples: int) -> Trial:
    arguments = ("--phases", "fuzzing", "--generation-deterministic")
    return await try_contract(system, folder, examples=examples, people=20, arguments=arguments)


async def test_no_answer_is_undescribed(system: System, tmp_path: Path) -> None:
    trial = await some_cases(system, tmp_path, examples=25)
    assert trial.sound, trial.said
    assert trial.cases > 150
    assert {200, 201, 400} <= trial.statuses().keys()


async def test_a_fault_would_be_found(
    system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(counter, "stock_of", broken)
    trial = await some_cases(system, tmp_path, examples=1)
    assert not trial.sound
    assert 500 in trial.statuses()
    assert "GET /api/v1/counter/stock" in trial.said
