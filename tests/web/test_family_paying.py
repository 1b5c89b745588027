"""One card for a family: each owner's code, what it opens, and what it does not (B11)."""

import re
from datetime import date, timedelta

import pytest

from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rules.calendar import at
from web.steps import ID_NUMBERS, be, register
from web.visitor import Sheet, Visitor

PUBLISHED = at(date(2020, 3, 19), 8)
FAMILY, ALLOW = "/orders/2020-1/family", "/orders/2020-1/allow"


@pytest.fixture
async def code(visitor: Visitor, system: System) -> str:
    """Allows the bearer to pay Tong's order; the visitor is Ming, whose order is due too."""
    await register(visitor, "tong")
    await register(visitor)
    await advance_to(system, PUBLISHED)
    await be(visitor, "tong")
    code = await _code(visitor)
    await be(visitor)
    return code


async def _code(visitor: Visitor) -> str:
    """As the owner is shown it, once."""
    asked = await visitor.go(ALLOW)
    assert "big-number" not in asked.html
    shown = await visitor.submit()
    digits = re.search(r'<p class="big-number">(.*?)</p>', shown.html)
    assert digits
    return re.sub(r"\D", "", re.sub(r"<.*?>", "", digits[1]))


async def _add(visitor: Visitor, code: str, who: str = "tong") -> Sheet:
    await visitor.go(FAMILY)
    return await visitor.submit("id_number", id_number=ID_NUMBERS[who], code=code)


async def test_a_family_is_paid_for_with_one_card(visitor: Visitor, code: str) -> None:
    assert f"/zh{FAMILY}" in (await visitor.go("/orders/2020-1/pay")).links
    assert "刷卡付 1 筆，共 22 元" in (await visitor.go(FAMILY)).text
    both = await _add(visitor, f"{code[:4]} {code[4:]}")
    assert "林○同" in both.text
    assert "林大同" not in both.html
    assert "刷卡付 2 筆，共 44 元" in both.text
    leaving = await visitor.submit("act")
    assert "（2 筆訂單）" in leaving.text
    assert "44 元" in leaving.text
    await visitor.submit("CheckMacValue")
    await visitor.submit(decision="pay")
    paid = await visitor.submit("CheckMacValue")
    assert "已繳費" in paid.text
    await be(visitor, "tong")
    assert "已繳費" in (await visitor.go("/progress")).text
    assert "already_paid" in (await visitor.go(FAMILY)).text
    assert "already_paid" in (await visitor.go(ALLOW)).text


async def test_a_code_belongs_to_its_owner_and_is_used_once(
    visitor: Visitor, system: System, code: str
) -> None:
    wrong = await _add(visitor, "00000000" if code != "00000000" else "00000001")
    assert wrong.status == 422
    assert "#code" in wrong.links
    assert "林" not in wrong.text
    assert await _wrong_guesses(system) == 1  # of those that the address may make
    assert (await _add(visitor, code, "ling")).status == 422
    assert (await _add(visitor, code, "ming")).status == 422
    assert (await _add(visitor, "")).status == 422
    assert "林○同" in (await _add(visitor, code)).text
    assert (await _add(visitor, code)).status == 422


async def test_a_code_runs_out_and_so_does_what_it_allows(
    visitor: Visitor, system: System, code: str
) -> None:
    assert "林○同" in (await _add(visitor, code)).text
    await advance_to(system, PUBLISHED + timedelta(hours=1))
    await be(visitor)
    assert "林○同" not in (await visitor.go(FAMILY)).text
    await be(visitor, "tong")
    code = await _code(visitor)
    await advance_to(system, PUBLISHED + timedelta(hours=1, minutes=30))
    await be(visitor)
    assert (await _add(visitor, code)).status == 422


async def test_a_new_code_takes_back_the_one_before(visitor: Visitor, code: str) -> None:
    assert "林○同" in (await _add(visitor, code)).text
    await be(visitor, "tong")
    await _code(visitor)
    await be(visitor)
    assert "林○同" not in (await visitor.go(FAMILY)).text
    assert (await _add(visitor, code)).status == 422


async def test_while_the_bank_is_to_answer_a_family_waits_or_starts_anew(
    visitor: Visitor, code: str
) -> None:
    await _add(visitor, code)
    first = (await visitor.submit("act")).path
    assert (await visitor.go(FAMILY)).heading == "處理中"
    await visitor.go(f"{FAMILY}?again=1")
    assert (await visitor.submit("act")).path != first


async def _wrong_guesses(system: System) -> int:
    async with system.db.transaction() as tx:
        cursor = await tx.execute(
            "SELECT coalesce(sum(tries), 0) FROM wrong_try WHERE what = 'address'"
        )
        ((tries,),) = await cursor.fetchall()
    return int(tries)
