from pathlib import Path

import pytest

from emask.features.source import Features, FileError, feature_files, read_features
from emask.features.vocabulary import VOCABULARY

_HEAD = "# language: zh-TW\n功能: 試\n"


def _read(folder: Path, text: str) -> Features:
    file = folder / "a.feature"
    file.write_text(text, "utf-8")
    return read_features([file], VOCABULARY)


def _only_error(found: Features) -> FileError:
    (error,) = found.errors
    return error


def test_steps_keep_their_lines_and_the_background_comes_first(tmp_path: Path) -> None:
    found = _read(
        tmp_path,
        _HEAD
        + "  背景:\n    假設 2020 年第一輪預購\n\n  場景: 甲\n    當 現在是 2020-03-12 09:00\n",
    )
    (scenario,) = found.scenarios
    assert [(step.text, step.line) for step in scenario.steps] == [
        ("2020 年第一輪預購", 4),
        ("現在是 2020-03-12 09:00", 7),
    ]
    assert (scenario.feature, scenario.name, scenario.line) == ("試", "甲", 6)


def test_every_row_of_examples_is_a_scenario(tmp_path: Path) -> None:
    outline = (
        "  場景大綱: <n> 份\n    假設 2020 年第一輪預購\n    但是 本輪名額為 <n> 份\n\n"
        "    例子:\n      | n |\n      | 5 |\n      | 9 |\n"
    )
    found = _read(tmp_path, _HEAD + outline)
    assert [(each.name, each.line) for each in found.scenarios] == [("5 份", 9), ("9 份", 10)]
    assert [each.steps[1].values["n"] for each in found.scenarios] == [5, 9]


def test_table_reaches_its_step(tmp_path: Path) -> None:
    found = _read(
        tmp_path,
        _HEAD + "  場景: 甲\n    假設 輪次 x，內容為\n      | 欄位 | 值 |\n      | quota | 3 |\n",
    )
    assert found.scenarios[0].steps[0].values["table"] == (("欄位", "值"), ("quota", "3"))


@pytest.mark.parametrize("head", ["功能: 試\n", "\ufeff# language: zh-TW\n功能: 試\n"])
def test_language_line_may_be_missing_and_a_byte_order_mark_there(
    tmp_path: Path, head: str
) -> None:
    found = _read(tmp_path, head + "  場景: 甲\n    * 2020 年第一輪預購\n")
    assert not found.errors
    assert len(found.scenarios) == 1


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("  場景: 甲\n    當 太陽升起\n", 4, "沒有這個步驟"),
        ("  場景: 甲\n    當 王小明 的訂單狀態為處理中\n", 4, "已登記"),
        ("  場景: 甲\n    如果 2020 年第一輪預購\n    當 2020 年第一輪預購\n", 4, "關鍵字"),
        ("  場景: 甲\n    當 2020 年第一輪預購\n    無關的一行\n", 5, "Gherkin"),
        ("  場景: 甲\n", 3, "沒有步驟"),
        ("  說明而已\n", 1, "沒有任何場景"),
        (
            "  場景大綱: 甲\n    當 本輪名額為 <n> 份\n    例子:\n      | n |\n",
            5,
            "沒有任何一列",
        ),
        (
            "  場景大綱: 甲\n    當 本輪名額為 <n> 份\n    例子:\n      | n |\n      | 三 |\n",
            4,
            "不是整數",
        ),
        (
            "  場景: 甲\n    假設 輪次 x，內容為\n      | 欄位 | 值 |\n      | quota |\n",
            6,
            "Gherkin",
        ),
    ],
)
def test_errors_name_file_and_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    error = _only_error(_read(tmp_path, _HEAD + text))
    assert error.line == line
    assert words in error.zh
    assert str(error).startswith(f"{tmp_path}/a.feature:{line}: ")
    assert error.en in str(error)


def test_unknown_language_is_told(tmp_path: Path) -> None:
    error = _only_error(_read(tmp_path, "# language: qq\n功能: 試\n"))
    assert error.line == 1


def test_other_scenarios_of_a_file_still_play(tmp_path: Path) -> None:
    found = _read(
        tmp_path, _HEAD + "  場景: 甲\n    當 太陽升起\n  場景: 乙\n    當 2020 年第一輪預購\n"
    )
    assert [each.name for each in found.scenarios] == ["乙"]
    assert len(found.errors) == 1


def test_what_is_no_text_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a.feature"
    file.write_bytes(b"\xb5\xa7\xff")
    assert "UTF-8" in _only_error(read_features([file], VOCABULARY)).zh


def test_missing_file_is_told(tmp_path: Path) -> None:
    assert "讀不到" in _only_error(read_features([tmp_path / "b.feature"], VOCABULARY)).zh


def test_brackets_in_the_heading_of_examples_are_told(tmp_path: Path) -> None:
    text = "  場景大綱: 甲\n    當 本輪名額為 <n> 份\n    例子:\n      | n( |\n      | 3 |\n"
    assert "欄名" in _only_error(_read(tmp_path, _HEAD + text)).zh


def test_folders_are_searched_in_order(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("b.feature", "sub/a.feature", "notes.txt"):
        (tmp_path / name).write_text("")
    assert feature_files(tmp_path) == [tmp_path / "b.feature", tmp_path / "sub/a.feature"]
