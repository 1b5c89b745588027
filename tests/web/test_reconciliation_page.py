"""The operator's page of reconciliation: days, differences, and explaining them."""

from datetime import date, timedelta

import pytest

from emask.database.audit_log import first_broken_link
from emask.payment.reconciliation import take_file
from emask.programme.system import System
from emask.rules.calendar import day_in_taipei
from payment.books import Books, FakeGateway
from web.steps import be, be_staff
from web.visitor import Visitor

PATH = "/operator/reconciliation"


async def reconciled(system: System, *trades: str, days_ago: int = 1) -> date:
    """A day on which the gateway lists trades of which the ledger knows nothing."""
    day = day_in_taipei(await system.clock.now()) - timedelta(days=days_ago)
    rows = [Books.row(trade_no) for trade_no in trades]
    await take_file(system.db, system.clock, gateway=FakeGateway().name, day=day, rows=rows)
    return day


async def test_before_the_first_day_there_is_nothing(visitor: Visitor, system: System) -> None:
    await be_staff(visitor, "operator")
    assert f"/zh{PATH}" in visitor.page.links
    page = await visitor.go(PATH)
    assert page.heading == "對帳"
    assert "還沒有對過帳的日子" in page.text
    assert "還沒對帳的日子" not in page.text


async def test_a_difference_is_explained_once(visitor: Visitor, system: System) -> None:
    day = await reconciled(system, "STRANGE1", "STRANGE2")
    await reconciled(system, days_ago=2)
    await be_staff(visitor, "operator")
    page = await visitor.go(PATH)
    assert "✗ 2 筆待說明" in page.text
    assert "✓ 相符" in page.text
    assert "業者有款項，系統沒有開過這筆交易" in page.text  # of the day that has some

    missing = await visitor.submit("explanation")
    assert missing.status == 422
    assert "選擇一筆差異" in missing.text
    assert "輸入說明" in missing.text
    long = await visitor.submit(
        "explanation", difference="STRANGE1 unknown_trade", explanation="長" * 201
    )
    assert long.status == 422
    assert "說明不超過 200 字" in long.text
    assert "長" * 201 in visitor.form("explanation").values["explanation"]  # nothing is lost

    told = {"difference": "STRANGE1 unknown_trade", "explanation": "業者測試用的交易"}
    done = await visitor.submit("explanation", **told)
    assert "已記下說明" in done.text
    assert "業者測試用的交易 (operator)" in done.text
    assert "✗ 1 筆待說明" in done.text
    assert done.path.startswith(f"/zh{PATH}")
    again = await visitor.submit("explanation", **told)
    assert again.status == 422
    assert "這筆差異已經有說明了" in again.text
    assert (
        await visitor.submit("explanation", **told | {"difference": "STRANGE2 x"})
    ).status == 422

    await visitor.submit("explanation", **told | {"difference": "STRANGE2 unknown_trade"})
    settled = await visitor.go(f"{PATH}?gateway=ecpay&day={day}")
    assert "✓ 都有說明" in settled.text
    assert "說明一筆差異" not in settled.text
    async with system.db.transaction() as tx:
        assert await first_broken_link(tx) is None
        cursor = await tx.execute("SELECT count(*) FROM audit_log WHERE act = 'explain_difference'")
        assert await cursor.fetchone() == (2,)


async def test_an_odd_address_shows_the_days_all_the_same(visitor: Visitor, system: System) -> None:
    await reconciled(system, "STRANGE1")
    await be_staff(visitor, "operator")
    for query in ("?day=tomorrow", "?gateway=bank&day=2020-03-11", "?gateway='&day="):
        assert (await visitor.go(PATH + query)).heading == "對帳"


async def test_an_explanation_is_shown_as_it_was_written(visitor: Visitor, system: System) -> None:
    await reconciled(system, "STRANGE1")
    await be_staff(visitor, "operator")
    await visitor.go(PATH)
    markup = "<script>alert(1)</script>"
    done = await visitor.submit(
        "explanation", difference="STRANGE1 unknown_trade", explanation=markup
    )
    assert markup in done.text
    assert markup not in done.html


@pytest.mark.parametrize("who", ["pharmacist", "clerk", "officer", None])
async def test_nobody_else_sees_or_explains(
    visitor: Visitor, system: System, who: str | None
) -> None:
    await reconciled(system, "STRANGE1")
    await (be(visitor) if who is None else be_staff(visitor, who))
    page = await visitor.go(PATH)
    assert "STRANGE1" not in page.text
    assert page.status == 403 or page.path.endswith("/sign-in")


async def test_in_english(visitor: Visitor, system: System) -> None:
    await reconciled(system, "STRANGE1")
    await be_staff(visitor, "operator")
    visitor.language = "en"
    page = await visitor.go(PATH)
    assert page.heading == "Reconciliation"
    assert "The gateway has money of a trade that we never opened" in page.text
    assert "1 to explain" in page.text
