"""Paying as one sees it: methods, the way to the gateway, the account, what came of it."""

from collections.abc import Mapping
from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest

from emask.payment.refunds import refunds_due
from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rules.calendar import at
from emask.sandbox.system import Sandbox
from web.steps import be, get_account, go_and_pay, pay, register
from web.visitor import Sheet, Visitor

PUBLISHED = at(date(2020, 3, 19), 8)
DEADLINE = at(date(2020, 3, 21), 20)
PAY, PAID = "/orders/2020-1/pay", "/orders/2020-1/paid"


async def _due(visitor: Visitor, system: System, *, on: str = "computer") -> None:
    await register(visitor, on=on)
    await advance_to(system, PUBLISHED)
    await be(visitor, on=on)


async def _choose(visitor: Visitor, method: str, path: str = PAY) -> Sheet:
    await visitor.go(path)
    return await visitor.submit(method=method)


# ------------------------------------------------------------------ before the gateway


async def test_orders_by_phone_are_paid_by_atm_only(visitor: Visitor, system: System) -> None:
    await _due(visitor, system, on="phone")
    page = await visitor.go(PAY)
    assert "讀卡機" not in page.text
    assert "只能用 ATM 轉帳" in page.text
    assert "/zh/orders/2020-1/allow" not in page.links
    refused = await visitor.submit(method="credit_card")
    assert "method_not_allowed" in refused.text
    assert "method_not_allowed" in (await visitor.go("/orders/2020-1/allow")).text


async def test_each_method_says_its_fee_and_how_long_it_takes(
    visitor: Visitor, system: System
) -> None:
    await _due(visitor, system)
    page = await visitor.go(PAY)
    assert page.text.count("跨行手續費由付款人負擔，通常 15 元以內") == 2
    assert "不收手續費。付款後立即入帳。" in page.text
    assert "轉帳後幾分鐘內入帳" in page.text
    assert "3月21日（星期六）晚上 8:00前完成" in page.text
    assert (await visitor.submit("method")).status == 422


@pytest.mark.parametrize("method", ["credit_card", "web_atm", "atm"])
async def test_the_way_to_the_gateway_says_where_it_leads(
    visitor: Visitor, system: System, sandbox: Sandbox, method: str
) -> None:
    await _due(visitor, system)
    page = await _choose(visitor, method)
    form = visitor.form("CheckMacValue")
    cashier = system.partners.gateways.named("ecpay").cashier
    assert form.action.startswith(f"{cashier}/")
    assert "_csrf_token" not in form.values  # it is nobody else's to know
    assert f"確認網址是 {urlsplit(cashier).hostname}，金額是 22 元" in page.text
    assert page.heading == ("到綠界科技取得轉入帳號" if method == "atm" else "到綠界科技付款")
    assert cashier in _form_action(page.headers["content-security-policy"])
    assert sandbox.base in _form_action(page.headers["content-security-policy"])


async def test_a_trade_is_found_by_who_started_it_alone(visitor: Visitor, system: System) -> None:
    await register(visitor, "tong")
    await _due(visitor, system)
    mine = await _choose(visitor, "credit_card")
    path = mine.path.removeprefix("/zh")
    assert (await visitor.go(path.replace("2020-1", "2020-2"))).status == 404
    assert (await visitor.go(path[:-1])).status == 404
    await be(visitor, "tong")
    assert (await visitor.go(path)).status == 404
    await visitor.post("/sign-out")
    assert (await visitor.go(path)).path == "/zh/identify"


async def test_nobody_pays_without_an_order(visitor: Visitor) -> None:
    await be(visitor)
    for path in (PAY, PAID, "/orders/2020-1/allow", "/orders/2020-1/family"):
        assert "no_preorder" in (await visitor.go(path)).text


# ------------------------------------------------------------------ after the gateway


@pytest.mark.parametrize("method", ["credit_card", "web_atm"])
async def test_who_has_paid_comes_back_to_the_progress(
    visitor: Visitor, system: System, method: str
) -> None:
    await _due(visitor, system)
    await pay(visitor, method)
    assert visitor.page.path == "/zh/progress"
    assert "已繳費" in visitor.page.text
    assert "already_paid" in (await visitor.go(PAY)).text


async def test_declined_is_a_page_of_its_own_and_one_may_try_again(
    visitor: Visitor, system: System
) -> None:
    await _due(visitor, system)
    await go_and_pay(visitor)
    await visitor.submit(decision="decline")
    declined = await visitor.submit("CheckMacValue")
    assert declined.heading == "這次沒有付成"
    assert "銀行沒有扣款" in declined.text
    assert f"/zh{PAY}" in declined.links
    await pay(visitor)
    assert "已繳費" in visitor.page.text


async def test_an_account_is_awaited_then_shown_in_fours_and_again(
    visitor: Visitor, system: System
) -> None:
    await _due(visitor, system)
    leaving = await _choose(visitor, "atm")
    fetching = await visitor.go(PAY)
    assert fetching.heading == "正在取得轉入帳號"
    assert "data-look-again" in fetching.html
    assert "正在取得轉入帳號" in (await visitor.go("/progress")).text
    await visitor.open(leaving.url)
    await visitor.submit("CheckMacValue")
    shown = await visitor.go(PAID)
    account = visitor.form("account").values["account"]
    groups = "".join(f"<span>{account[at : at + 4]}</span>" for at in range(0, 16, 4))
    assert groups in shown.html
    assert f'data-copy="{account}"' in shown.html
    assert "金額要剛好 22 元" in shown.text
    assert (await visitor.submit(method="atm")).html.count(account) == shown.html.count(account)

    await visitor.go("/sandbox/atm")
    wrong = await visitor.submit(account=account, amount="21")
    assert "待繳費" in wrong.text  # the wrong amount goes back and settles nothing


async def test_a_transfer_of_the_right_amount_pays(visitor: Visitor, system: System) -> None:
    await _due(visitor, system, on="phone")
    await get_account(visitor)
    paid = await visitor.submit("account")
    assert "已繳費" in paid.text


async def test_while_the_bank_is_to_answer_nobody_pays_twice(
    visitor: Visitor, system: System
) -> None:
    await _due(visitor, system)
    first = await _choose(visitor, "web_atm")
    assert (await visitor.go(PAY)).heading == "處理中"
    assert "不必再付一次" in visitor.page.text
    assert "data-look-again" in visitor.page.html
    progress = await visitor.go("/progress")
    assert "不必再付一次" in progress.text
    assert f"/zh{PAY}" not in progress.links
    assert (await visitor.post(PAY, method="credit_card")).heading == "處理中"
    assert (await visitor.post(PAY, method="web_atm")).path == first.path
    anew = await _choose(visitor, "web_atm", f"{PAY}?again=1")
    assert anew.path != first.path
    assert (await _choose(visitor, "credit_card", f"{PAY}?again=1")).path != anew.path


async def test_a_bank_that_does_not_answer_is_told_of(visitor: Visitor, system: System) -> None:
    await _due(visitor, system)
    await _choose(visitor, "credit_card")
    await advance_to(system, PUBLISHED + timedelta(minutes=15))
    unanswered = await visitor.go(PAID)
    assert unanswered.heading == "銀行沒有回覆"
    assert "多付的會退回" in unanswered.text
    assert "付款方式" in (await visitor.go(PAY)).text


async def test_too_late_is_told_as_such(visitor: Visitor, system: System) -> None:
    await _due(visitor, system)
    await _choose(visitor, "credit_card")
    path = visitor.page.path.removeprefix("/zh")
    await advance_to(system, DEADLINE)
    await be(visitor)
    over = await visitor.go(PAID)
    assert over.heading == "繳費期限已過"
    assert "期限前付的款，銀行通知一到就會更新進度" in over.text
    assert "payment_closed" in (await visitor.go(PAY)).text
    assert "payment_closed" in (await visitor.go(path)).text
    await advance_to(system, at(date(2020, 3, 22), 9))
    await be(visitor)
    lapsed = await visitor.go(PAID)
    assert lapsed.heading == "繳費期限已過"
    assert "不再保留" in lapsed.text
    assert "逾期未繳" in (await visitor.go("/progress")).text


@pytest.mark.parametrize(
    ("language", "due"),
    [("zh", "退款中 21 元：金額不符。"), ("en", "Refund of NT$21 on its way: Wrong amount.")],
)
async def test_money_that_goes_back_is_told_to_its_payer(
    visitor: Visitor, system: System, language: str, due: str
) -> None:
    await register(visitor, "tong")
    await _due(visitor, system)
    account = await get_account(visitor)
    await visitor.go("/sandbox/atm")
    await visitor.submit(account=account, amount="21")
    visitor.language = language
    assert due in (await visitor.go("/progress")).text
    assert (await visitor.go(PAID)).path == f"/{language}/progress"
    async with system.db.transaction() as tx:
        assert len(await refunds_due(tx)) == 1
    await be(visitor, "tong")
    told = (await visitor.go("/progress")).text
    assert "21 元" not in told
    assert "NT$21" not in told


def _form_action(policy: str) -> str:
    directives: Mapping[str, str] = dict(
        each.strip().split(" ", 1) for each in policy.split(";") if " " in each.strip()
    )
    return directives["form-action"]
