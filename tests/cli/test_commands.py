"""Operators' commands over a database of their own: what they say and how they end."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Run = Callable[..., Result]

_PERSON = "A123456789,王小明,1983-07-15,0912345678,000012345678,F1234567"
_HEADING = "id_number,name,birth_date,mobile,nhi_card,household_number"
_SITES = "醫事機構代碼,醫事機構名稱,醫事機構地址,醫事機構電話,成人口罩剩餘數,兒童口罩剩餘數"


def test_rounds_are_loaded_listed_and_shown(emask: Run) -> None:
    assert "還沒有輪次" in emask("rounds", "list").output
    assert emask("rounds", "load", "2020-1").exit_code == 0
    listed = emask("rounds", "list").output
    assert listed.startswith("2020-1\t2020-03-12 … 2020-04-01\t2,333,333\t已結束")
    shown = emask("rounds", "show", "2020-1").output
    assert "handling_fee = 7" in shown
    assert "pickup_from = 2020-03-26" in shown


def test_a_round_comes_from_a_file(emask: Run, tmp_path: Path) -> None:
    shown = "\n".join(
        f'{name} = "{value}"' if not value.isdecimal() else f"{name} = {value}"
        for name, value in {
            "id": "week-9",
            "opens_at": "2020-05-01 09:00",
            "closes_at": "2020-05-02 09:00",
            "pay_from": "2020-05-03 09:00",
            "pay_until": "2020-05-04 09:00",
            "pickup_from": "2020-05-06",
            "pickup_until": "2020-05-08",
            "quota": "100",
            "pieces": "9",
            "price": "5",
            "handling_fee": "7",
            "interval_days": "14",
            "child_born_from": "2007-01-01",
        }.items()
    )
    file = tmp_path / "week.toml"
    file.write_text(shown)
    assert emask("rounds", "load", str(file)).exit_code == 0
    assert "week-9" in emask("rounds", "list").output


def test_policies_are_imported_and_listed(emask: Run, tmp_path: Path) -> None:
    assert "還沒有藥局規則" in emask("policies", "list").output
    file = tmp_path / "june.toml"
    file.write_text(
        "[[policy]]\nvalid_from = 2020-06-01\ninterval_days = 14\nadult_pieces = 9\n"
        "child_pieces = 10\nprice = 4\nchild_born_from = 2004-01-01\nodd_even = false\n"
    )
    begun = emask("policies", "import", str(file), EMASK_LANG="en")
    assert (begun.exit_code, "2020-06-01 has begun" in begun.stderr) == (2, True)
    meant = emask("policies", "import", str(file), "--confirm-from", "2020-06-01")
    assert (meant.exit_code, "新增或變更 1 項" in meant.output) == (0, True)
    listed = emask("policies", "list").output
    assert listed == "2020-06-01\t14 天，成人 9 片，兒童 10 片，不分單雙號\n"
    again = emask("policies", "import", str(file))
    assert (again.exit_code, "不變 1 項" in again.output) == (0, True)
    assert emask("policies", "import", str(file), "--confirm-from", "June").exit_code == 2
    file.write_text(file.read_text().replace("price = 4", "price = 0"))
    wrong = emask("policies", "import", str(file))
    assert (wrong.exit_code, "june.toml: policy 1: price" in wrong.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "zh", "en"),
    [
        (("rounds", "show", "2021-9"), "沒有輪次 2021-9", "There is no round 2021-9"),
        (("rounds", "load", "missing.toml"), "沒有檔案", "There is no file"),
        (("draw", "run", "2021-9"), "沒有輪次", "There is no round"),
        (("draw", "verify", "2021-9"), "還沒有抽籤", "not drawn yet"),
        (("rehearse", "--round", "2021-9"), "沒有檔案", "There is no file"),
        (
            ("rehearse", "--round", "2020-1", "--round", "2020-1"),
            "只能給一次",
            "can be given once",
        ),
    ],
)
def test_wrong_input_is_told_in_both_languages(
    emask: Run, arguments: tuple[str, ...], zh: str, en: str
) -> None:
    for environment, words in (({}, zh), ({"EMASK_LANG": "en"}, en)):
        ended = emask(*arguments, **environment)
        assert ended.exit_code == 2
        assert words in ended.stderr
        assert not ended.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("rehearse", "--people", "0"),
        ("rehearse", "--people", "many"),
        ("rehearse", "--stores", "missing.csv"),
        ("audit", "--data", "missing"),
        ("clock", "set", "tomorrow"),
        ("stores", "import", "missing.csv"),
        ("dance",),
    ],
)
def test_what_cannot_be_understood_ends_with_2(emask: Run, arguments: tuple[str, ...]) -> None:
    assert emask(*arguments).exit_code == 2


def test_stores_come_in_whole_or_not_at_all(emask: Run, tmp_path: Path) -> None:
    heading = "MARKET_CD,STORE_CD,STORE_NM,ADDR,HSN_NM,TOWN_NM,ZIP_CD,ISOPEN"
    good = "SE,100001,中正店,臺北市中正區中正路1號,臺北市,中正區,100,Y"
    file = tmp_path / "stores.csv"
    file.write_text(f"{heading}\n{good}\nXX,1,,,,,,\n")
    ended = emask("stores", "import", str(file), EMASK_LANG="en")
    assert ended.exit_code == 2
    assert f"{file}:3: MARKET_CD" in ended.stderr
    assert "nothing was imported" in ended.stderr
    file.write_text(f"{heading}\n{good}\n")
    assert emask("stores", "import", str(file)).output.startswith("新增 1，")
    assert emask("stores", "import", str(file)).output.startswith("新增 0，變更 0，搬遷 0，")


def test_counter_sites_come_from_the_published_list(emask: Run, tmp_path: Path) -> None:
    file = tmp_path / "sites.csv"
    file.write_text(f"{_SITES}\n5901010000,安康藥局,臺北市中正區中正路1號,02-5550000,100,50\n")
    places = tmp_path / "places.csv"
    places.write_text("醫事機構代碼,x,y\n5901010000,25.04,121.52\n")
    tried = emask("counter-sites", "import", str(file), "--dry-run", "--locations", str(places))
    assert f"{places}:2: x, y 經度與緯度寫反了" in tried.output
    assert "新增 5901010000 安康藥局" in tried.output
    assert "沒有變更任何機構" in tried.output
    told = emask("counter-sites", "import", str(file)).output
    assert told.startswith("新增 1，")
    assert f"{file}:2: 醫事機構代碼 機構代碼的檢查碼不符" in told
    entry = file.read_text().splitlines()[1]
    many = [entry.replace("5901010000", f"T{number:09}") for number in range(11)]
    file.write_text("\n".join([_SITES, *many]))
    assert emask("counter-sites", "import", str(file)).output.startswith("新增 11，變更 0，")
    file.write_text(f"{_SITES}\n{entry}\n")
    torn = emask("counter-sites", "import", str(file), EMASK_LANG="en")
    assert torn.exit_code == 2
    assert "--confirm-closing 11" in torn.stderr
    whole = emask("counter-sites", "import", str(file), "--confirm-closing", "11")
    assert "不再參與 11，恢復參與 1" in whole.output


def test_a_clock_is_set_only_where_nobody_lives(emask: Run, tmp_path: Path) -> None:
    assert "機器的時鐘" in emask("clock", "show").output
    file = tmp_path / "people.csv"
    file.write_text(f"{_HEADING}\n{_PERSON}\n")
    emask("people", "import", str(file))
    assert emask("clock", "set", "2020-03-12 09:00").exit_code == 2
    assert emask("clock", "advance", "2020-03-12 09:00").exit_code == 2


def test_a_demo_s_clock_carries_out_what_is_due(emask: Run) -> None:
    emask("rounds", "load", "2020-1")
    assert emask("clock", "set", "2020-03-12 09:00").exit_code == 0
    assert "2020-03-12 09:00:00" in emask("clock", "show").output
    assert emask("draw", "run", "2020-1", EMASK_LANG="en").exit_code == 2
    told = emask("clock", "advance", "2020-03-19 08:00").output.splitlines()
    assert [line.split()[-1] for line in told[:-1]] == ["close", "draw", "publish"]
    assert told[-1] == "2020-03-19 08:00"
    assert "先前已完成" in emask("draw", "publish", "2020-1").output
    assert "一致" in emask("draw", "verify", "2020-1").output
    assert "is frozen" not in emask("rounds", "load", "2020-1", EMASK_LANG="en").stderr


def test_a_draw_by_hand(emask: Run) -> None:
    emask("rounds", "load", "2020-1")
    emask("clock", "set", "2020-03-18 21:00")
    waiting = emask("draw", "run", "2020-1", EMASK_LANG="en")
    assert (waiting.exit_code, "beacon" in waiting.stderr) == (2, True)
    emask("clock", "set", "2020-03-18 22:00")
    assert emask("draw", "run", "2020-1").output.strip() == "draw"
    early = emask("draw", "publish", "2020-1")
    assert (early.exit_code, "2020-03-19 08:00" in early.stderr) == (2, True)


def test_audit_tells_every_invariant(emask: Run) -> None:
    ended = emask("audit", "--json")
    assert ended.exit_code == 0
    assert all(finding["ok"] for finding in json.loads(ended.stdout))
    assert "nobody_twice" in emask("audit").output


def test_a_folder_without_a_database_is_told(emask: Run, tmp_path: Path) -> None:
    ended = emask("audit", "--data", str(tmp_path))
    assert (ended.exit_code, "沒有資料庫" in ended.stderr) == (2, True)


def test_a_database_that_does_not_answer_is_told(
    emask: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EMASK_DATABASE_URL", f"postgresql://emask@/emask?host={tmp_path}")
    ended = emask("rounds", "list", EMASK_LANG="en")
    assert (ended.exit_code, "cannot be reached" in ended.stderr) == (2, True)


def test_a_folder_in_use_is_not_rehearsed_in(emask: Run, tmp_path: Path) -> None:
    (tmp_path / "something").touch()
    ended = emask("rehearse", "--keep", str(tmp_path), "--people", "10")
    assert (ended.exit_code, "不是空資料夾" in ended.stderr) == (2, True)
