"""Paying as one sees it: methods, account, the bank's answer in all its kinds."""

import re
from datetime import date

import pytest

from emask.payment.service import complete_refund, refunds_due
from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rules.calendar import at
from emask.sandbox.gateway import SandboxGateway
from web.steps import ID_NUMBERS, be, register
from web.visitor import Visitor

PUBLISHED = at(date(2020, 3, 19), 8)
PAY = "/orders/2020-1/pay"


async def _due(visitor: Visitor, system: System, *, on: str = "computer") -> None:
    await register(visitor, on=on)
    await advance_to(system, PUBLISHED)
    await be(visitor, on=on)


async def test_orders_by_phone_are_paid_by_atm_only(visitor: Visitor, system: System) -> None:
    await _due(visitor, system, on="phone")
    page = await visitor.go(PAY)
    assert "網路銀行" not in page.text.replace("ATM 或網路銀行轉帳", "")
    assert "只能用 ATM 轉帳" in page.text
    refused = await visitor.submit(method="credit_card")
    assert "method_not_allowed" in refused.text


async def test_an_account_is_shown_in_fours_and_again(visitor: Visitor, system: System) -> None:
    await _due(visitor, system)
    await visitor.go(PAY)
    assert (await visitor.submit("method")).status == 422
    await visitor.go(PAY)
    shown = await visitor.submit(method="atm")
    assert shown.html.count("<span>") >= 4
    account = visitor.form("account").values["account"]
    assert (await visitor.go(PAY)).html.count(account) == shown.html.count(account) > 0

    await visitor.go("/sandbox/atm")
    for amount in ("x", "0", "30001", "9" * 40, ""):
        assert (await visitor.submit(account=account, amount=amount)).status == 422
    assert (await visitor.submit(account="1\x00", amount="22")).status == 422
    wrong = await visitor.submit(account=account, amount="21")
    assert "待繳費" in wrong.text  # the wrong amount is refunded and settles nothing
    await visitor.go(PAY)
    paid = await visitor.submit("account")
    assert "已繳費" in paid.text


@pytest.mark.parametrize(
    ("language", "due", "done"),
    [
        ("zh", "退款中 21 元：金額不符。", "已退款 21 元：金額不符，3月20日（星期五）匯出。"),
        (
            "en",
            "Refund of NT$21 on its way: Wrong amount.",
            "Refunded NT$21: Wrong amount, sent on Friday 20 March 2020.",
        ),
    ],
)
async def test_money_that_goes_back_is_told_to_its_payer(
    visitor: Visitor, system: System, language: str, due: str, done: str
) -> None:
    await _due(visitor, system)
    await visitor.go(PAY)
    await visitor.submit(method="atm")
    account = visitor.form("account").values["account"]
    await visitor.go("/sandbox/atm")
    await visitor.submit(account=account, amount="21")
    visitor.language = language
    assert due in (await visitor.go("/progress")).text
    await advance_to(system, at(date(2020, 3, 20), 10))
    async with system.db.transaction() as tx:
        (refund,) = await refunds_due(tx)
    await complete_refund(
        system.db,
        system.clock,
        person_id=refund.person_id,
        event_id=refund.event_id,
        operator="operator",
    )
    await be(visitor)
    assert done in (await visitor.go("/progress")).text
    await be(visitor, "tong")
    assert "21" not in (await visitor.go("/progress")).text


async def test_the_progress_page_asks_nobody_to_pay_while_a_bank_is_to_answer(
    visitor: Visitor, system: System
) -> None:
    await _due(visitor, system)
    await visitor.go(PAY)
    await visitor.submit(method="credit_card")
    await visitor.submit(outcome="later")
    waiting = await visitor.go("/progress")
    assert "不必再付一次" in waiting.text
    assert "/zh/orders/2020-1/pay" not in waiting.links


async def test_while_the_bank_is_to_answer_nobody_pays_twice(
    visitor: Visitor, system: System
) -> None:
    await _due(visitor, system)
    await visitor.go(PAY)
    bank = await visitor.submit(method="web_atm")
    assert "/sandbox/pay/" in bank.path
    assert (await visitor.submit("outcome")).status == 422
    await visitor.go(PAY)
    assert visitor.page.heading == "處理中"
    assert "不必再付一次" in visitor.page.text
    again = await visitor.go(f"{PAY}?again=1")
    assert "付款方式" in again.text


async def test_declined_is_not_pending(visitor: Visitor, system: System) -> None:
    await _due(visitor, system)
    await visitor.go(PAY)
    await visitor.submit(method="credit_card")
    declined = await visitor.submit(outcome="decline")
    assert declined.heading == "這次沒有付成"


async def test_the_banks_late_word_arrives_at_the_gateways_address(
    visitor: Visitor, system: System
) -> None:
    await _due(visitor, system)
    await visitor.go(PAY)
    bank = await visitor.submit(method="credit_card")
    await visitor.submit(outcome="later")
    assert visitor.page.heading == "處理中"
    gateway = system.partners.gateway
    assert isinstance(gateway, SandboxGateway)
    trade_no = bank.path.split("/")[-1].partition("?")[0]
    forged = await gateway.forge(trade_no, at=PUBLISHED)
    fields = await gateway.pay(trade_no, at=PUBLISHED)
    client = visitor.client
    assert (await client.post("/api/payments/sandbox", data=forged)).status_code == 400
    assert (await client.post("/api/payments/another", data=fields)).status_code == 404
    for _ in range(2):
        told = await client.post("/api/payments/sandbox", data=fields)
        assert (told.status_code, told.text) == (200, "OK")
    assert "已繳費" in (await visitor.go("/progress")).text


async def test_too_late_is_told_as_such(visitor: Visitor, system: System) -> None:
    await _due(visitor, system)
    await advance_to(system, at(date(2020, 3, 22), 9))
    await be(visitor)
    late = await visitor.go(PAY)
    assert "payment_closed" in late.text
    assert "逾期未繳" in (await visitor.go("/progress")).text


async def test_nobody_pays_without_an_order(visitor: Visitor) -> None:
    await be(visitor)
    for path in (PAY, "/orders/2020-1/paid", "/orders/2020-1/pick-up", "/orders/2020-1/store"):
        assert "no_preorder" in (await visitor.go(path)).text


async def test_an_unknown_trade_is_nowhere(visitor: Visitor) -> None:
    assert (await visitor.go("/sandbox/pay/EM0")).status == 404


async def test_a_family_is_paid_for_with_one_card(visitor: Visitor, system: System) -> None:
    await register(visitor, "tong")
    ticket = await _ticket(visitor)
    await _due(visitor, system)
    assert "/zh/orders/2020-1/family" in (await visitor.go(PAY)).links
    page = await visitor.go("/orders/2020-1/family")
    assert "刷卡付 1 筆，共 22 元" in page.text
    wrong = await visitor.submit("id_number", id_number=ID_NUMBERS["tong"], ticket="00000000")
    assert wrong.status == 422
    assert "#ticket" in wrong.links
    nobody = await visitor.submit("id_number", id_number=ID_NUMBERS["ling"], ticket=ticket)
    assert nobody.status == 422
    both = await visitor.submit("id_number", id_number=ID_NUMBERS["tong"], ticket=ticket)
    assert "林○同" in both.text
    assert "刷卡付 2 筆，共 44 元" in both.text
    assert "林大同" not in both.html

    bank = await visitor.submit("act")
    assert "/sandbox/pay/" in bank.path
    assert "44" in bank.text
    paid = await visitor.submit(outcome="pay")
    assert "已繳費" in paid.text
    await be(visitor, "tong")
    assert "已繳費" in (await visitor.go("/progress")).text
    assert "already_paid" in (await visitor.go("/orders/2020-1/family")).text


async def test_an_order_by_phone_is_nobody_s_to_pay_by_card(
    visitor: Visitor, system: System
) -> None:
    await register(visitor, "tong", on="phone")
    ticket = await _ticket(visitor)
    await _due(visitor, system)
    await visitor.go("/orders/2020-1/family")
    refused = await visitor.submit("id_number", id_number=ID_NUMBERS["tong"], ticket=ticket)
    assert refused.status == 422
    assert "#id_number" in refused.links


async def _ticket(visitor: Visitor) -> str:
    """What the progress page shows of the entry's number, as one would read it out."""
    page = await visitor.go("/progress")
    found = re.search(r"<code>([0-9a-f]{8})-", page.html)
    assert found
    return found[1].upper()
