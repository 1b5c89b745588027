"""Paying as one sees it: methods, account, the bank's answer in all its kinds."""

from datetime import date

from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rules.calendar import at
from emask.sandbox.gateway import SandboxGateway
from web.steps import be, register
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
    assert (await visitor.submit(account="1", amount="x")).status == 422
    wrong = await visitor.submit(account=account, amount="21")
    assert "待繳費" in wrong.text  # the wrong amount is refunded and settles nothing
    await visitor.go(PAY)
    paid = await visitor.submit("account")
    assert "已繳費" in paid.text


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
