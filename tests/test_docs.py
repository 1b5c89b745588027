"""The generated pages of docs/ say what the code says."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_generated_pages_are_those_of_the_code() -> None:
    written = runpy.run_path(str(ROOT / "scripts" / "docs.py"))["pages"]()
    assert {name: (ROOT / "docs" / name).read_text() for name in written} == written
