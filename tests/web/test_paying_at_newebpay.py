"""The same pages lead to another gateway, whose payers bring their account numbers themselves."""

from dataclasses import replace
from datetime import date

import pytest

from emask.payment.ports import Gateways
from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rules.calendar import at
from emask.rules.price import Method
from emask.sandbox.system import sandbox_of
from web.steps import be, register
from web.visitor import Visitor


@pytest.fixture
def system(system: System) -> System:
    """A demo whose new trades all go to NewebPay, while ECPay still answers for old ones."""
    sandbox = sandbox_of(system)
    assert sandbox is not None
    gateways = Gateways(list(sandbox.gateways), dict.fromkeys(Method, "newebpay"))
    return replace(system, partners=replace(system.partners, gateways=gateways))


@pytest.fixture(autouse=True)
async def due(visitor: Visitor, system: System) -> None:
    """The visitor is to pay."""
    await register(visitor)
    await advance_to(system, at(date(2020, 3, 19), 8))
    await be(visitor)


async def _go(visitor: Visitor, method: str) -> None:
    await visitor.go("/orders/2020-1/pay")
    leaving = await visitor.submit(method=method)
    assert "藍新金流" in leaving.heading
    await visitor.submit("TradeInfo")


@pytest.mark.parametrize("method", ["credit_card", "web_atm"])
async def test_declined_then_paid(visitor: Visitor, method: str) -> None:
    await _go(visitor, method)
    await visitor.submit("number", decision="decline")
    assert (await visitor.submit("TradeInfo")).heading == "這次沒有付成"
    await _go(visitor, method)
    await visitor.submit("number", decision="pay")
    assert "已繳費" in (await visitor.submit("TradeInfo")).text


async def test_an_account_comes_with_its_payer(visitor: Visitor) -> None:
    await _go(visitor, "atm")
    issued = await visitor.submit("number")
    shown = await visitor.submit("TradeInfo")
    assert shown.path == "/zh/orders/2020-1/pay"
    assert visitor.form("account").values["account"] in issued.html
