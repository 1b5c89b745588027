"""The page on which partners are told to misbehave, and what a payer then sees."""

from datetime import date, timedelta

import pytest

from emask.payment.service import money_of
from emask.programme.money import look_after_money
from emask.programme.service import advance_to, send_notices
from emask.programme.system import System
from emask.rules.calendar import at
from emask.sandbox.system import Sandbox
from emask.web.sandbox_pages.faults import FAULTS, NAMES
from web.steps import be, get_account, pay, register
from web.visitor import Visitor

PUBLISHED = at(date(2020, 3, 19), 8)
AFTER_THE_LAPSE = at(date(2020, 3, 28), 10)
PARTNERS = "/sandbox/partners"


@pytest.fixture
async def payer(visitor: Visitor, system: System) -> Visitor:
    """Somebody selected, who has to pay."""
    await register(visitor)
    await advance_to(system, PUBLISHED)
    await be(visitor)
    return visitor


async def _misbehave(visitor: Visitor, partner: str, *kinds: str) -> None:
    await visitor.go(PARTNERS)
    await visitor.post(PARTNERS, partner=partner, **dict.fromkeys(kinds, "1"))


async def _later(system: System, minutes: int) -> None:
    """The clock goes on, and the chores of money are done."""
    await advance_to(system, await system.clock.now() + timedelta(minutes=minutes))
    await look_after_money(system)


async def _received(system: System) -> int:
    async with system.db.transaction() as tx:
        return (await money_of(tx, "2020-1")).received


@pytest.mark.parametrize("partner", NAMES)
async def test_what_is_ticked_is_wrong_until_it_is_not(
    visitor: Visitor, sandbox: Sandbox, partner: str
) -> None:
    kinds = list(FAULTS[partner])
    await _misbehave(visitor, partner, *kinds)
    assert set(await sandbox.mischief.kinds(partner)) == set(kinds)
    assert (await visitor.go(PARTNERS)).html.count(" checked") == len(kinds)
    await _misbehave(visitor, partner)
    assert await sandbox.mischief.kinds(partner) == {}


async def test_each_fault_of_money_and_messages_says_what_one_will_see(visitor: Visitor) -> None:
    page = await visitor.go(PARTNERS)
    for partner in ("ecpay", "mitake"):
        for fault in FAULTS[partner].values():
            assert fault.seen
            assert fault.seen in page.text


async def test_there_are_no_other_partners(visitor: Visitor) -> None:
    await visitor.go(PARTNERS)
    assert (await visitor.post(PARTNERS, partner="post-office")).status == 404


async def test_what_is_told_twice_counts_once(payer: Visitor, system: System) -> None:
    await _misbehave(payer, "ecpay", "duplicate")
    await pay(payer)
    assert "已繳費" in (await payer.go("/progress")).text
    assert await _received(system) == 22


async def test_what_is_told_in_the_wrong_order_follows(
    payer: Visitor, system: System, sandbox: Sandbox
) -> None:
    await _misbehave(payer, "ecpay", "reorder")
    await pay(payer)
    assert payer.page.heading == "處理中"
    await sandbox.tell_due(await system.clock.now())
    assert "已繳費" in (await payer.go("/progress")).text


async def test_what_is_not_believed_is_asked_for(payer: Visitor, system: System) -> None:
    await _misbehave(payer, "ecpay", "wrong_mac")
    await pay(payer)
    assert payer.page.heading == "處理中"
    assert await _received(system) == 0
    await _later(system, 11)
    assert await _received(system) == 22


async def test_after_half_an_hour_it_answers_again(payer: Visitor, system: System) -> None:
    await _misbehave(payer, "ecpay", "wrong_mac", "forbidden")
    await pay(payer)
    await _later(system, 11)
    await _later(system, 20)
    assert await _received(system) == 0
    await _later(system, 11)
    assert await _received(system) == 22


async def test_a_simulated_card_payment_is_no_money(payer: Visitor, system: System) -> None:
    await _misbehave(payer, "ecpay", "simulated")
    await pay(payer)
    assert await _received(system) == 0
    assert "已繳費" not in (await payer.go("/progress")).text


async def test_a_simulated_transfer_is_no_money(payer: Visitor, system: System) -> None:
    account = await get_account(payer)
    await _misbehave(payer, "ecpay", "simulated")
    await payer.go("/sandbox/atm")
    assert "待繳費" in (await payer.submit(account=account, amount="22")).text
    assert await _received(system) == 0


async def test_money_to_a_dead_account_goes_back(payer: Visitor, system: System) -> None:
    account = await get_account(payer)
    await advance_to(system, AFTER_THE_LAPSE)
    await be(payer)
    await payer.go("/sandbox/atm")
    dead = await payer.submit(account=account, amount="22")
    assert dead.status == 422
    assert "已過期" in dead.text
    await _misbehave(payer, "ecpay", "paid_after_expiry")
    await payer.go("/sandbox/atm")
    assert "逾期未繳" in (await payer.submit(account=account, amount="22")).text
    assert await _received(system) == 22


async def test_a_receipt_may_come_before_the_answer(payer: Visitor, system: System) -> None:
    await _misbehave(payer, "mitake", "receipt_before_response", "duplicate")
    await pay(payer)
    assert await send_notices(system) == 1
    async with system.db.connection() as tx:
        cursor = await tx.execute("SELECT delivery FROM outbox WHERE kind = 'paid'")
        assert await cursor.fetchall() == [("delivered",)]
    texts = (await payer.go("/sandbox/phone")).text
    assert texts.count("已收到22元") == 1
