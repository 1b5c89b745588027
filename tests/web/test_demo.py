"""The tour: the clock, the crowd, the people to be."""

import pytest

from emask.programme.system import System
from emask.web.demo.stage import CURTAIN, set_stage
from web.steps import be, be_staff, pay, print_slip, register
from web.visitor import Visitor


async def test_the_tour_is_marked_and_in_both_languages(visitor: Visitor) -> None:
    zh = await visitor.go("/demo")
    assert "示範" in zh.title
    visitor.language = "en"
    en = await visitor.go("/demo")
    assert "Demo" in en.text
    assert len(zh.forms) == len(en.forms)


async def test_moving_the_clock_does_what_is_due_and_keeps_who_is_signed_in(
    visitor: Visitor, system: System
) -> None:
    await register(visitor)
    await be_staff(visitor, "operator")
    await visitor.go("/demo")
    assert "截止並凍結名單" in visitor.page.text
    await visitor.post("/demo/clock", to="next")
    assert "3月18日（星期三）晚上 8:00" in visitor.page.html
    await visitor.post("/demo/clock", to="instant", instant="2020/03/19 08:00")
    assert (await visitor.go("/progress")).path == "/zh/progress"
    assert "待繳費" in visitor.page.text
    assert (await visitor.go("/operator")).status == 200
    await visitor.go("/demo")
    await visitor.post("/demo/clock", to="day")
    assert "3月20日" in visitor.page.html


@pytest.mark.parametrize("on_the_wire", [True, False])
async def test_the_pack_is_there_when_the_tour_goes_to_the_store(
    visitor: Visitor, system: System, *, on_the_wire: bool
) -> None:
    await register(visitor)
    await to(visitor, "2020-03-19 08:00")
    await pay(visitor)
    await to(visitor, "2020-03-29 10:00")
    await be_staff(visitor, "kiosk")
    assert await print_slip(visitor, system)
    await be_staff(visitor, "operator")
    page = await visitor.go("/operator/parcels")
    assert ("到店 1 0 0 0" in page.text) is on_the_wire


async def to(visitor: Visitor, instant: str) -> None:
    """As the tour's buttons do."""
    await visitor.go("/demo")
    await visitor.post("/demo/clock", to="instant", instant=instant)


async def test_the_clock_does_not_go_back(visitor: Visitor, system: System) -> None:
    await visitor.go("/demo")
    for instant in ("2020-03-01 08:00", "soon", "", "9999-12-31 23:59", "0001-01-01"):
        refused = await visitor.post("/demo/clock", to="instant", instant=instant)
        assert refused.status == 422
    assert await system.clock.now() == CURTAIN


async def test_a_crowd_makes_a_draw(visitor: Visitor, system: System) -> None:
    await visitor.go("/demo")
    for _ in range(2):
        gathered = await visitor.post("/demo/crowd")
        assert gathered.path == "/zh/demo"
    await visitor.post("/demo/clock", to="instant", instant="2020-03-19 08:00")
    await be_staff(visitor, "operator")
    page = await visitor.go("/operator?round=2020-1")
    assert "中籤 200" in page.text
    assert "未中籤 100" in page.text
    await visitor.go("/demo")
    for _ in range(3):  # past the last round's closing
        await visitor.post("/demo/clock", to="instant", instant="2020-12-01 08:00")
    assert "closed" in (await visitor.post("/demo/crowd")).text


async def test_nobody_else_can_be_had(visitor: Visitor) -> None:
    await visitor.go("/demo")
    assert (await visitor.post("/demo/sign-in", person="somebody")).status == 404
    await visitor.go("/demo")
    assert (await visitor.post("/demo/staff", username="root")).status == 404
    await be(visitor)
    assert "還沒有收到簡訊" in (await visitor.go("/sandbox/phone")).text


async def test_the_stage_is_set_once(system: System) -> None:
    async with system.db.connection() as tx:
        before = await (await tx.execute("SELECT count(*) FROM registration")).fetchone()
        await tx.execute("UPDATE counter_stock SET pieces = 1")
    await set_stage(system)
    async with system.db.connection() as tx:
        after = await (await tx.execute("SELECT count(*) FROM registration")).fetchone()
        pieces = await (await tx.execute("SELECT max(pieces) FROM counter_stock")).fetchone()
    assert before == after
    assert pieces == (1,)
