"""Some cases that the partner API's description suggests; `make contract` has many more."""

from pathlib import Path

from emask.programme.system import System
from web.contract import try_contract


async def test_no_answer_is_undescribed(system: System, tmp_path: Path) -> None:
    trial = await try_contract(
        system,
        tmp_path,
        examples=40,
        people=20,
        arguments=("--phases", "fuzzing", "--generation-deterministic"),
    )
    assert trial.sound, trial.said
    assert trial.cases > 100
    assert {200, 201, 401, 409} <= trial.statuses().keys()
