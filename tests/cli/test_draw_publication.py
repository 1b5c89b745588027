"""A rehearsal whose draw is published: what it leaves is enough for anyone to check it."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

Run = Callable[..., Result]


def test_a_rehearsal_leaves_a_draw_that_anyone_can_check(emask: Run, tmp_path: Path) -> None:
    out = tmp_path / "published"
    ended = emask(
        "rehearse", "--people", "60", "--quota", "20", "--days-fast", "--publish", str(out)
    )
    assert ended.exit_code == 0, ended.output
    alone = tmp_path / "alone"
    alone.mkdir()
    copy = shutil.copy(out / "verify_draw.py", alone)
    command = [sys.executable, "-I", "-S", str(copy), str(out)]
    checked = subprocess.run(command, cwd=alone, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "quota: 20\n" in checked.stdout


def test_a_rehearsal_publishes_into_an_empty_folder_only(emask: Run, tmp_path: Path) -> None:
    (tmp_path / "something").touch()
    ended = emask("rehearse", "--people", "10", "--publish", str(tmp_path))
    assert (ended.exit_code, "不是空資料夾" in ended.stderr) == (2, True)
