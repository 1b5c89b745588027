"""The Q&A, item by item: each scenario of the packaged features is one test."""

from pathlib import Path

import pytest

from emask.database.vault import Keys
from emask.features.runner import Verdict, own_features, play, read
from emask.features.source import Scenario

_FEATURES = read([own_features()])
_ITEMS = [*(f"a{n:02}" for n in range(1, 16)), *(f"b{n:02}" for n in range(1, 19))]
_TOLD_ELSEWHERE = {"a10": "a02.feature"}


def _name(scenario: Scenario) -> str:
    return f"{Path(scenario.file).stem}:{scenario.line}"


def test_the_files_are_understood() -> None:
    assert _FEATURES.errors == ()


@pytest.mark.parametrize("item", _ITEMS)
def test_every_item_has_its_feature(item: str) -> None:
    name = _TOLD_ELSEWHERE.get(item, f"{item}.feature")
    text = (own_features() / name).read_text("utf-8")
    assert f"{item[0].upper()}{int(item[1:])}" in text
    assert "場景" in text


@pytest.mark.parametrize("scenario", _FEATURES.scenarios, ids=map(_name, _FEATURES.scenarios))
async def test_scenario(scenario: Scenario, stage_url: str, keys: Keys) -> None:
    result = await play(scenario, url=stage_url, keys=keys)
    if result.error is not None:
        raise result.error
    assert result.verdict is Verdict.PASSED, str(result)
