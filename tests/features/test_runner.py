"""How scenarios end that do not pass, on the prepared database."""

from pathlib import Path

import pytest

from emask.database.throwaway import ThrowawayDatabases
from emask.database.vault import Keys
from emask.features.runner import Result, Verdict, play, play_all, read
from emask.features.source import Scenario

_BEGINNING = "假設 2020 年第一輪預購\n王小明 是 1983-07-15 出生的本國人\n"


class _Player:
    """Writes a scenario of a few steps to a file and plays it."""

    def __init__(self, file: Path, url: str, keys: Keys) -> None:
        self.file = file
        self._url = url
        self._keys = keys

    async def ends(self, steps: str) -> Result:
        scenario = _scenario(self.file, steps)
        return await play(scenario, url=self._url, keys=self._keys)


@pytest.fixture
def player(tmp_path: Path, stage_url: str, keys: Keys) -> _Player:
    return _Player(tmp_path / "a.feature", stage_url, keys)


def _scenario(file: Path, steps: str) -> Scenario:
    lines = [f"    * {step.removeprefix('假設 ')}" for step in (_BEGINNING + steps).splitlines()]
    text = "# language: zh-TW\n功能: 試\n  場景: 甲\n" + "\n".join(lines) + "\n"
    file.write_text(text.replace("* |", "|"), "utf-8")
    found = read([file])
    assert not found.errors
    return found.scenarios[0]


@pytest.mark.parametrize(
    ("steps", "line", "words"),
    [
        ("王小明 中籤", 6, "還沒有公布"),
        ("王小明 取消預購", 6, "還沒有完成認證"),
        ("王小明 預購成人口罩並選擇全家門市\n預購成功", 7, "not_registered"),
        ("王小明 以健保卡完成認證\n認證成功", 7, "應為 success，實際為 not_registered"),
        ("王小明 的健保卡已掛失\n王小明 已完成健保卡網路服務註冊", 7, "card_inactive"),
        ("王小明 的訂單狀態為已登記", 6, "沒有預購"),
        ("王小明 收到簡訊，內容含「22元」", 6, "沒有簡訊"),
        ("現在是 2020-03-20 10:00\n有另外 2 人完成預購", 7, "closed"),
    ],
)
async def test_what_the_system_does_not_do_fails(
    player: _Player, steps: str, line: int, words: str
) -> None:
    result = await player.ends(steps)
    assert (result.verdict, result.line) == (Verdict.FAILED, line)
    assert words in result.zh
    assert str(result).startswith(f"{player.file}:{line}: ")


@pytest.mark.parametrize(
    ("steps", "line", "words"),
    [
        ("李美玲 中籤", 6, "李美玲"),
        ("付款成功", 6, "前面沒有付款的步驟"),
        ("王小明 是 1990-01-01 出生的本國人", 6, "已經說明過"),
        ("王小明 的身分證末碼為 3\n王小明 的身分證末碼為 4", 7, "末碼"),
        ("本輪名額為 0 份", 6, "名額"),
        ("輪次 x，內容為\n| 欄位 | 值 |\n| colour | red |", 8, "沒有這個欄位"),
        ("輪次 x，內容為\n| 欄位 | 值 |\n| opens_at | 明天 |", 8, "opens_at"),
        ("輪次 x，內容為\n| 欄位 | 值 |\n| quota | 3 |\n| quota | 4 |", 9, "不重複"),
        ("輪次 x，內容為\n| 欄位 | 值 |\n| quota | 3 |", 6, "沒有填"),
        ("2020-04-09 起的藥局規則為\n| 欄位 | 值 |\n| colour | red |", 8, "沒有「colour」"),
        ("2020-04-09 起的藥局規則為\n| odd_even | 也許 |", 7, "也許"),
        ("2020-04-09 起的藥局規則為\n| interval_days | 0 |", 6, "大於零"),
    ],
)
async def test_what_cannot_stand_there_is_wrong(
    player: _Player, steps: str, line: int, words: str
) -> None:
    result = await player.ends(steps)
    assert (result.verdict, result.line) == (Verdict.WRONG, line)
    assert words in result.zh


async def test_messages_are_looked_at_once(player: _Player) -> None:
    steps = (
        "王小明 以手機門號完成認證\n王小明 預購成人口罩並選擇全家門市\n王小明 未收到簡訊\n"
        "時間來到 2020-03-19 08:00\n王小明 收到簡訊，內容含「22元」\n"
        "王小明 收到簡訊，內容含「3/21」\n王小明 未收到簡訊\n"
        "現在是 2020-03-19 08:01\n王小明 收到簡訊，內容含「22元」"
    )
    result = await player.ends(steps)
    assert (result.verdict, result.line) == (Verdict.FAILED, 14)


async def test_an_id_number_ends_as_is_said_later(player: _Player) -> None:
    steps = "現在是 2020-03-16 09:00\n王小明 於藥局購買成人口罩\n購買成功\n王小明 的身分證末碼為 3"
    assert (await player.ends(steps)).verdict is Verdict.PASSED


async def test_who_says_no_last_digit_may_buy_on_the_day(player: _Player) -> None:
    steps = (
        "李美玲 是 1985-09-09 出生的外籍人士\n陳怡君 是 1990-05-20 出生的本國人\n"
        "陳怡君 的身分證末碼為 4\n現在是 2020-03-13 09:00\n"
        "王小明 於藥局購買成人口罩\n購買成功\n李美玲 於衛生所購買成人口罩\n購買成功\n"
        "陳怡君 於藥局購買成人口罩\n購買遭拒，代碼為 wrong_day_odd_even"
    )
    assert (await player.ends(steps)).verdict is Verdict.PASSED


@pytest.mark.parametrize("day", ["2019-03-01", "2021-03-05"])
async def test_counters_keep_their_rules_at_all_times(player: _Player, day: str) -> None:
    steps = f"王小明 的身分證末碼為 2\n現在是 {day} 09:00\n王小明 於藥局購買成人口罩"
    refused = f"{steps}\n購買遭拒，代碼為 wrong_day_odd_even"
    assert (await player.ends(refused)).verdict is Verdict.PASSED


async def test_a_refused_cancellation_is_one_of_pre_ordering_too(player: _Player) -> None:
    steps = (
        "王小明 以手機門號完成認證\n王小明 預購成人口罩並選擇全家門市\n"
        "現在是 2020-03-18 20:00\n王小明 取消預購\n預購遭拒，代碼為 closed"
    )
    assert (await player.ends(steps)).verdict is Verdict.PASSED


@pytest.mark.parametrize("product", ["adult_mask", "child_mask"])
async def test_the_crowd_is_of_those_whom_the_round_is_for(player: _Player, product: str) -> None:
    steps = (
        "輪次 一，內容為\n| opens_at | 2020/6/1 9:00 |\n| closes_at | 2020-06-03 23:59 |\n"
        "| pay_from | 2020-06-04 00:00 |\n| pay_until | 2020-06-05 20:00 |\n"
        "| pickup_from | 2020-06-08 |\n| pickup_until | 2020-06-14 |\n| quota | 3 |\n"
        f"| child_born_from | 1990-01-01 |\n| channels | mobile |\n| product | {product} |\n"
        "現在是 2020-06-01 09:00\n有另外 20 人完成預購\n時間來到 2020-06-04 00:00\n中籤人數為 3"
    )
    assert (await player.ends(steps)).verdict is Verdict.PASSED


async def test_a_round_may_have_any_name(player: _Player) -> None:
    steps = (
        "輪次 第二輪，內容為\n| opens_at | 2020-03-19 09:00 |\n| closes_at | 2020-03-25 20:00 |\n"
        "| pay_from | 2020-03-26 08:00 |\n| pay_until | 2020-03-28 20:00 |\n"
        "| pickup_from | 2020-04-02 |\n| pickup_until | 2020-04-08 |\n| quota | 2 |\n"
        "輪次 Third，內容為\n| opens_at | 2020-04-09 09:00 |\n| closes_at | 2020-04-10 20:00 |\n"
        "| pay_from | 2020-04-11 08:00 |\n| pay_until | 2020-04-12 20:00 |\n"
        "| pickup_from | 2020-04-14 |\n| pickup_until | 2020-04-15 |\n"
        "| closed_to_buyers_of | 第二輪 |\n"
        "現在是 2020-03-19 09:00\n有另外 3 人完成預購\n時間來到 2020-03-26 08:00\n中籤人數為 2"
    )
    assert (await player.ends(steps)).verdict is Verdict.PASSED


async def test_a_session_is_renewed_in_silence(player: _Player) -> None:
    steps = (
        "王小明 以手機門號完成認證\n現在是 2020-03-13 09:00\n"
        "王小明 預購成人口罩並選擇全家門市\n預購成功"
    )
    result = await player.ends(steps)
    assert result.verdict is Verdict.PASSED


def test_scenarios_do_not_see_one_another(tmp_path: Path, prepared: ThrowawayDatabases) -> None:
    head = "# language: zh-TW\n功能: 試\n"
    alike = "    * 2020 年第一輪預購\n    * 有另外 3 人完成預購\n    * 時間來到 2020-03-19 08:00\n"
    text = head + "".join(f"  場景: {n}\n{alike}    * 登記人數為 3\n" for n in (1, 2))
    file = tmp_path / "a.feature"
    file.write_text(text, "utf-8")
    results = list(play_all(read([file]).scenarios, prepared))
    assert [result.verdict for result in results] == [Verdict.PASSED, Verdict.PASSED]
