"""A bank's transfers at the sandboxed ECPay, and what the site hears of them."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.identity.site import Site
from emask.payment.checkout import return_addresses
from emask.payment.ports import ForgedMessage, Gateway, GatewayMessage, Purchase
from emask.rules.price import Method
from emask.sandbox.ecpay import PARTNER, Trade, UnknownTrade
from emask.sandbox.paying import living_account, transfer
from emask.sandbox.schema import install
from emask.sandbox.system import Sandbox

SITE = Site(origin="http://mask.test")


class Ear:
    """The site, as far as it hears what it is told."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.deaf = False

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if self.deaf:
            raise httpx2.ConnectError("nobody listens", request=request)
        self.heard.append((str(request.url), request.content))
        return httpx2.Response(200, text="1|OK")


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
async def sandbox(db: Database, clock: SetClock, keys: Keys, ear: Ear) -> AsyncIterator[Sandbox]:
    await install(db)
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(ear)) as pushing:
        yield Sandbox.over(db, clock, keys, site=SITE, pushing=pushing)


@pytest.fixture
def gateway(sandbox: Sandbox) -> Gateway:
    return sandbox.gateways.named(PARTNER)


@pytest.fixture
async def trade(sandbox: Sandbox, gateway: Gateway, clock: SetClock) -> Trade:
    now = await clock.now()
    purchase = Purchase(
        trade_no="EM1",
        amount=22,
        method=Method.ATM,
        item="口罩 3 片",
        language="zh",
        expires_at=now + timedelta(days=2),
    )
    addresses = return_addresses(
        SITE.origin, gateway=gateway.name, round_id="2020-1", language="zh"
    )
    return await sandbox.payers.check_out(gateway.checkout(purchase, addresses, at=now), at=now)


async def _transferred(
    sandbox: Sandbox, trade: Trade, clock: SetClock, ear: Ear, *, amount: int = 22
) -> list[GatewayMessage]:
    """What the site has been told after a transfer. Raises ForgedMessage."""
    now = await clock.now()
    await transfer(sandbox, trade, amount=amount, at=now)
    gateway = sandbox.gateways.named(PARTNER)
    assert {url for url, _ in ear.heard} == {f"{SITE.origin}/api/payments/ecpay"}
    return [gateway.read(body, at=now) for _, body in ear.heard]


@pytest.mark.parametrize("amount", [22, 21])
async def test_the_site_is_told_of_any_amount(
    sandbox: Sandbox, trade: Trade, clock: SetClock, ear: Ear, amount: int
) -> None:
    (told,) = await _transferred(sandbox, trade, clock, ear, amount=amount)
    assert (told.trade_no, told.amount, told.simulated) == ("EM1", amount, False)


async def test_faults_are_those_of_its_own_pages(
    sandbox: Sandbox, trade: Trade, clock: SetClock, ear: Ear
) -> None:
    await sandbox.mischief.begin(PARTNER, "simulated")
    await sandbox.mischief.begin(PARTNER, "duplicate")
    told = await _transferred(sandbox, trade, clock, ear)
    assert [each.simulated for each in told] == [True, True]
    await sandbox.mischief.end(PARTNER)
    await sandbox.mischief.begin(PARTNER, "wrong_mac")
    with pytest.raises(ForgedMessage):
        await _transferred(sandbox, trade, clock, ear)


async def test_an_account_lives_until_its_last_day_is_over(
    sandbox: Sandbox, trade: Trade, clock: SetClock
) -> None:
    now = await clock.now()
    assert await living_account(sandbox, trade.account, at=now + timedelta(days=2)) == trade
    later = now + timedelta(days=4)
    with pytest.raises(UnknownTrade):
        await living_account(sandbox, trade.account, at=later)
    await sandbox.mischief.begin(PARTNER, "paid_after_expiry")
    assert await living_account(sandbox, trade.account, at=later) == trade
    with pytest.raises(UnknownTrade):
        await living_account(sandbox, "1234", at=now)


async def test_what_nobody_heard_is_told_later(
    sandbox: Sandbox, trade: Trade, clock: SetClock, ear: Ear
) -> None:
    now = await clock.now()
    ear.deaf = True
    await transfer(sandbox, trade, amount=22, at=now)
    ear.deaf = False
    assert await sandbox.tell_due(now + timedelta(minutes=6)) == 1
    assert len(ear.heard) == 1
    assert await sandbox.tell_due(now + timedelta(hours=1)) == 0
