"""What gateways post to the site, and what they hear; what their payers' browsers bring back."""

import logging
from dataclasses import replace
from datetime import date, datetime

import httpx
import httpx2
import pytest

from emask.partners.ecpay import EcpayGateway
from emask.payment.ports import GatewayMessage, Gateways
from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rules.calendar import at
from emask.rules.price import Method
from emask.sandbox.system import Sandbox
from emask.web.app import create_app
from web.steps import be, go_and_pay, register
from web.visitor import Visitor

PUBLISHED = at(date(2020, 3, 19), 8)
TOLD = "/api/payments/ecpay"
RETURNED = f"{TOLD}/returned/en/2020-1"


@pytest.fixture(autouse=True)
async def due(visitor: Visitor, system: System) -> None:
    """The visitor is to pay."""
    await register(visitor)
    await advance_to(system, PUBLISHED)
    await be(visitor)


@pytest.fixture
async def trade_no(visitor: Visitor) -> str:
    """Opened at the gateway, to be paid by card; nothing is heard of it yet."""
    await go_and_pay(visitor)
    return visitor.form("MerchantTradeNo").values["MerchantTradeNo"]


async def _post(client: httpx.AsyncClient, body: bytes, path: str = TOLD) -> httpx.Response:
    """As a gateway's server does, or a browser on its page."""
    origin = "https://payment.example"
    kind = "application/x-www-form-urlencoded"
    return await client.post(path, content=body, headers={"content-type": kind, "origin": origin})


async def _state(system: System) -> str:
    async with system.db.transaction() as tx:
        cursor = await tx.execute("SELECT state FROM orders")
        ((state,),) = await cursor.fetchall()
    return str(state)


async def test_what_was_taken_is_answered_so_and_with_nothing_else(
    client: httpx.AsyncClient, system: System, sandbox: Sandbox, trade_no: str
) -> None:
    client.cookies.clear()
    body = await sandbox.payers.pay(trade_no, at=PUBLISHED)
    for _ in range(2):
        taken = await _post(client, body)
        assert (taken.status_code, taken.content) == (200, b"1|OK")
        assert taken.headers["content-type"].startswith("text/plain")
        assert "set-cookie" not in taken.headers
    assert await _state(system) == "paid"


async def test_what_is_not_genuine_changes_nothing_and_is_told_again(
    client: httpx.AsyncClient,
    system: System,
    sandbox: Sandbox,
    trade_no: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    before = await _refused(client)
    forged = await sandbox.payers.forge(trade_no, at=PUBLISHED)
    for body in (forged, b"", b"\xff=\x00", b"RtnCode=1"):
        refused = await _post(client, body)
        assert (refused.status_code, refused.content) == (200, b"0|CheckMacValue Error")
    assert await _state(system) == "awaiting_payment"
    assert await _refused(client) == before + 4
    assert "refused a message to the address of gateway ecpay: ForgedMessage" in caplog.text
    assert trade_no not in caplog.text


async def test_a_trade_of_nobody_is_not_taken_either(
    client: httpx.AsyncClient, system: System, sandbox: Sandbox, trade_no: str
) -> None:
    body = await sandbox.payers.pay(trade_no, at=PUBLISHED)
    async with system.db.transaction() as tx:
        await tx.execute("DELETE FROM payment_reference")
    assert (await _post(client, body)).content == b"0|CheckMacValue Error"


async def test_gateways_have_one_address_each_and_take_no_books(client: httpx.AsyncClient) -> None:
    for path in ("/api/payments/another", "/api/payments/another/returned/zh/2020-1"):
        assert (await _post(client, b"", path)).status_code == 404
    assert (await _post(client, b"a=" + b"1" * 70_000)).status_code == 413


async def test_who_comes_back_is_led_on_and_believed_nothing(
    client: httpx.AsyncClient, system: System, sandbox: Sandbox, trade_no: str
) -> None:
    client.cookies.clear()
    paid = await sandbox.payers.pay(trade_no, at=PUBLISHED)
    for body in (paid, b"", b"\xff"):
        back = await _post(client, body, RETURNED)
        assert back.status_code == 303
        assert back.headers["location"] == "/en/orders/2020-1/paid"
        assert "set-cookie" not in back.headers
    assert await _state(system) == "awaiting_payment"
    for elsewhere in ("fr", "..", "zh%2F%2Fevil"):
        wrong = await _post(client, paid, f"{TOLD}/returned/{elsewhere}/2020-1")
        assert wrong.status_code == 404


class Browsers(EcpayGateway):
    """A gateway whose payers' browsers alone bring what it tells."""

    def read_returned(self, body: bytes, *, at: datetime) -> GatewayMessage | None:
        return self.read(body, at=at)


async def test_an_account_may_be_brought_back_and_money_may_not(
    visitor: Visitor, client: httpx.AsyncClient, system: System, sandbox: Sandbox
) -> None:
    await sandbox.mischief.begin("ecpay", "reorder")  # its server holds the account back
    await go_and_pay(visitor, "atm")
    account = visitor.form("account").values["account"]
    assert (await visitor.go("/orders/2020-1/paid")).heading == "正在取得轉入帳號"
    trade_no = await sandbox.payers.trade_to(account)
    issued = await sandbox.payers.issue(trade_no)
    paid = await sandbox.payers.pay(trade_no, at=PUBLISHED)
    assert (await _post(client, issued, RETURNED)).status_code == 303
    assert (await visitor.go("/orders/2020-1/paid")).heading == "正在取得轉入帳號"

    gateway = Browsers(sandbox.ecpay, httpx2.AsyncClient())
    gateways = Gateways([gateway], dict.fromkeys(Method, gateway.name))
    site = create_app(replace(system, partners=replace(system.partners, gateways=gateways)))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(site), base_url=system.site.origin
    ) as browser:
        for body in (issued, paid):
            assert (await _post(browser, body, RETURNED)).status_code == 303
    await visitor.go("/orders/2020-1/paid")
    assert visitor.form("account").values["account"] == account
    assert await _state(system) == "awaiting_payment"


async def _refused(client: httpx.AsyncClient) -> float:
    """How many messages were refused, as monitoring sees it."""
    metrics = (await client.get("/api/metrics")).text
    lines = [line for line in metrics.splitlines() if line.startswith(_COUNTER)]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


_COUNTER = "emask_payment_messages_refused_total{"
