"""``emask features PATH``: what is told, and the three ways to end."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from emask.cli.main import app

_HEAD = "# language: zh-TW\n功能: 試\n"
_PASSES = "  場景: 通過\n    假設 2020 年第一輪預購\n    當 有另外 3 人完成預購\n"
_FAILS = "  場景: 不符\n    假設 2020 年第一輪預購\n    那麼 中籤人數為 3\n"
_WRONG = "  場景: 錯字\n    假設 2020 年第一輪預購\n    那麼 王小明 的訂單狀態為處理中\n"
_LOST = "  場景: 沒有這個人\n    假設 2020 年第一輪預購\n    那麼 王小明 中籤\n"


@pytest.mark.parametrize(
    ("text", "status", "line"),
    [(_PASSES, 0, None), (_PASSES + _FAILS, 1, 8), (_FAILS + _WRONG, 2, 8), (_LOST, 2, 5)],
)
def test_exit_status(tmp_path: Path, text: str, status: int, line: int | None) -> None:
    file = tmp_path / "a.feature"
    file.write_text(_HEAD + text)
    ended = CliRunner().invoke(app, ["features", str(file)], env={"EMASK_LANG": "en"})
    assert ended.exit_code == status
    if line is not None:
        assert f"{file}:{line}: " in ended.output
    assert "scenarios passed" in ended.stdout


def test_other_files_are_played_beside_one_at_fault(tmp_path: Path) -> None:
    (tmp_path / "good.feature").write_text(_HEAD + _PASSES)
    (tmp_path / "bad.feature").write_text("功能: 試\n  不是步驟\n")
    ended = CliRunner().invoke(app, ["features", str(tmp_path)])
    assert ended.exit_code == 2
    assert "1 個場景通過" in ended.stdout
    assert "bad.feature:1: " in ended.stderr


def test_the_steps_are_listed() -> None:
    listed = CliRunner().invoke(app, ["features", "--steps"]).stdout.splitlines()
    assert "本輪名額為 {n} 份" in listed
    assert len(listed) == len(set(listed)) > 60
