"""`make setup` twice at once, as two terminals or two builds do."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLOCK = "flock 9\n"

PYTHON = """#!/usr/bin/env bash
# Makes environments of nothing, slowly, and writes down when it begins and ends.
case "$*" in
*" --clear "*)
    echo begin >> said
    sleep 0.3
    mkdir -p .venv/bin
    cp "$0" .venv/bin/python
    ;;
*"-e .") echo end >> said ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As much of a checkout as the script looks at."""
    for name in ("scripts", "frontend"):
        (tmp_path / name).mkdir()
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).touch()
    shutil.copy(ROOT / "scripts" / "setup.sh", tmp_path / "scripts")
    for name, program in (("python3", PYTHON), ("frontend/build.sh", "#!/usr/bin/env bash\n")):
        (tmp_path / name).write_text(program)
        (tmp_path / name).chmod(0o755)
    return tmp_path


def two_at_once(checkout: Path) -> list[str]:
    environment = {**os.environ, "PYTHON": str(checkout / "python3")}
    running = [
        subprocess.Popen([checkout / "scripts" / "setup.sh"], env=environment) for _ in range(2)
    ]
    assert [one.wait(20) for one in running] == [0, 0]
    return (checkout / "said").read_text().split()


def test_the_second_one_waits_and_finds_all_done(checkout: Path) -> None:
    assert two_at_once(checkout) == ["begin", "end"]


def test_without_the_lock_one_would_clear_what_the_other_makes(checkout: Path) -> None:
    script = checkout / "scripts" / "setup.sh"
    text = script.read_text()
    assert text.count(FLOCK) == 1
    script.write_text(text.replace(FLOCK, ""))
    assert two_at_once(checkout)[:2] == ["begin", "begin"]
