"""The page of the rules: every parameter with its dates, and the calendar of a round."""

import re
from dataclasses import replace
from datetime import date

import pytest

from emask.programme.system import System
from emask.rounds.catalogue import built_in_policies
from emask.rounds.service import all_rounds, save_policies
from emask.rules.calendar import long_birth_date, long_date, long_instant
from web.visitor import Visitor


def cells_of(html: str, row: str) -> list[str]:
    """The cells of a table's row, as text; of the first table that has it."""
    found = re.search(rf'<th scope="row"[^>]*>{re.escape(row)}</th>(.*?)</tr>', html, re.DOTALL)
    assert found, row
    cells = re.findall(r"<td[^>]*>(.*?)</td>", found[1], re.DOTALL)
    return [re.sub(r"\s+|<[^>]+>", " ", cell).strip() for cell in cells]


async def test_every_counter_policy_stands_with_its_dates(visitor: Visitor, system: System) -> None:
    async with system.db.transaction() as tx:
        await save_policies(tx, built_in_policies())
    page = await visitor.go("/rules")
    assert page.status == 200
    for policy in built_in_policies():
        assert f"{long_date(policy.valid_from, 'zh')}起" in page.text
    assert "到4月8日（星期三）" in page.text  # the day before the next one
    assert cells_of(page.html, "成人口罩") == [
        f"{each.adult_pieces} 片" for each in built_in_policies()
    ]
    assert cells_of(page.html, "兒童口罩") == [
        "2 片",
        "4 片",
        "4 片",
        "4 片",
        *["5 片"] * 2,
        *["10 片"] * 2,
    ]
    assert cells_of(page.html, "兩次購買間隔") == [*["7 天"] * 6, *["14 天"] * 2]
    assert cells_of(page.html, "分單雙號") == [*["是"] * 6, *["否"] * 2]
    lines = cells_of(page.html, "算兒童的人，出生在這天或之後")
    assert lines[0] == long_birth_date(date(2008, 1, 1), "zh")
    assert lines[-1] == long_birth_date(date(2004, 1, 1), "zh")


async def test_every_round_stands_with_its_dates(visitor: Visitor, system: System) -> None:
    page = await visitor.go("/rules")
    async with system.db.transaction() as tx:
        rounds = await all_rounds(tx)
    assert rounds
    for each in rounds:
        assert each.id in page.text
        assert long_instant(each.opens_at, "zh") in page.text
        assert long_instant(each.release_at, "zh") in page.text
        assert f"{each.quota:,}" in page.text
        assert f"{each.amount_due} 元" in page.text


async def test_a_rule_that_changes_changes_the_page(visitor: Visitor, system: System) -> None:
    policy = replace(
        built_in_policies()[-1], valid_from=date(2020, 5, 1), adult_pieces=11, interval_days=21
    )
    async with system.db.transaction() as tx:
        await save_policies(tx, [policy])
    page = await visitor.go("/rules")
    assert cells_of(page.html, "成人口罩")[-1] == "11 片"
    assert cells_of(page.html, "兩次購買間隔")[-1] == "21 天"


async def test_b8_b10_the_calendar_says_what_the_counter_does(visitor: Visitor) -> None:
    page = await visitor.go("/rules")

    def of(day: date) -> str:
        found = re.search(
            rf"<strong>{long_date(day, 'zh')}</strong>(.*?)</td>", page.html, re.DOTALL
        )
        assert found
        return found[1]

    assert "登記開始" in of(date(2020, 3, 12))
    assert "✓ 藥局可購買，領取改為3月29日（星期日）起" in of(date(2020, 3, 22))
    assert "✗ 藥局不可購買" in of(date(2020, 3, 26))
    assert "間隔起算日" in of(date(2020, 3, 26))
    assert "下次可購買日" in of(date(2020, 4, 2))


@pytest.mark.parametrize(("table", "told"), [("counter_policy", False), ("round", True)])
async def test_an_empty_system_shows_what_there_is(
    visitor: Visitor, system: System, table: str, *, told: bool
) -> None:
    async with system.db.transaction() as tx:
        await tx.execute(f"DELETE FROM {table}".encode())
    page = await visitor.go("/rules")
    assert page.status == 200
    assert ("還沒有輪次" in page.text) is told
    assert "間隔起算日" not in page.text


async def test_it_is_all_there_in_english(visitor: Visitor) -> None:
    visitor.language = "en"
    page = await visitor.go("/rules")
    assert page.heading == "Rules in force"
    assert not re.findall("[\u4e00-\u9fff]", page.text)
