"""Both gateways of a partners' file are on at once, each on its own wire: no money goes astray."""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urljoin
from uuid import UUID

import httpx2
import pytest

from emask.cli.partners_file import gateways_from, parse_partners_file
from emask.database.vault import Keys
from emask.identity.site import Site
from emask.payment.checkout import checkout
from emask.payment.ports import CheckoutForm, ForgedMessage, Gateways
from emask.payment.receiving import UnknownTrade, receive
from emask.payment.reconciliation import reconcile
from emask.payment.service import start_payment
from emask.rules.calendar import at, day_in_taipei
from emask.rules.price import Method
from emask.sandbox.accounts import ecpay_merchant, newebpay_merchant
from emask.sandbox.schema import install
from emask.sandbox.system import BASE, Sandbox
from emask.sandbox.wire import Message, Receive, Send, caller, send_answer
from payment.conftest import market, town
from payment.market import Market
from sandbox.newebpay_shop import Forms

__all__ = ["market", "town"]

SITE = Site(origin="https://mask.example")


class Mailbox:
    """Where the site would hear of money: keeps what is posted, by path."""

    def __init__(self) -> None:
        self.bodies: dict[str, list[bytes]] = {}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        self.bodies.setdefault(scope["path"], []).append((await receive())["body"])
        await send_answer(send, b"1|OK", status=200, headers=())


class Street:
    """The two gateways, the site's file of accounts with both, and payers."""

    def __init__(self, market: Market, keys: Keys) -> None:
        self.market = market
        self.mailbox = Mailbox()
        self.sandbox = Sandbox.over(
            market.town.db,
            market.town.clock,
            keys,
            site=SITE,
            pushing=httpx2.AsyncClient(transport=httpx2.ASGITransport(self.mailbox)),
        )
        ecpay, newebpay = ecpay_merchant(keys, BASE), newebpay_merchant(keys, BASE)
        file = f"""
            [payment]
            credit_card = "newebpay"
            web_atm = "ecpay"
            atm = "ecpay"
            [ecpay]
            merchant_id = "{ecpay.merchant_id}"
            hash_key = "{ecpay.keys.hash_key}"
            hash_iv = "{ecpay.keys.hash_iv}"
            cashier = "{ecpay.cashier}"
            vendor = "{ecpay.vendor}"
            [newebpay]
            merchant_id = "{newebpay.merchant_id}"
            hash_key = "{newebpay.keys.hash_key}"
            hash_iv = "{newebpay.keys.hash_iv}"
            root = "{newebpay.root}"
        """
        self.gateways: Gateways = gateways_from(
            parse_partners_file(file.encode()), caller(self.sandbox.wire)
        )

    async def form(self, person_id: UUID, method: Method) -> CheckoutForm:
        town = self.market.town
        started = await start_payment(
            town.db,
            town.clock,
            self.gateways,
            person_id=person_id,
            round=town.round,
            method=method,
        )
        return await checkout(
            town.db,
            town.clock,
            self.gateways,
            trade_no=started.trade_no or "",
            payer=person_id,
            origin=SITE.origin,
            language="zh",
        )

    async def by_card(self, person_id: UUID) -> bytes:
        """Pay by card, at NewebPay; what its server tells."""
        form = await self.form(person_id, Method.CREDIT_CARD)
        page = Forms(await self.post(form.action, form.fields))
        await self.post(urljoin(form.action, page.action), page.fields)
        return self.mailbox.bodies["/api/payments/newebpay"][-1]

    async def by_transfer(self, person_id: UUID) -> bytes:
        """Pay by transfer, at ECPay; what its server tells."""
        form = await self.form(person_id, Method.ATM)
        now = await self.market.town.clock.now()
        trade = await self.sandbox.payers.check_out(form, at=now)
        await self.receive("ecpay", await self.sandbox.payers.issue(trade.trade_no))
        return await self.sandbox.payers.pay(trade.trade_no, at=now)

    async def post(self, address: str, fields: Mapping[str, str]) -> str:
        async with caller(self.sandbox.wire) as browser:
            response = await browser.post(address, data=dict(fields))
        assert response.status_code == 200
        return response.text

    async def receive(self, gateway: str, body: bytes) -> str:
        town = self.market.town
        return await receive(town.db, town.clock, self.gateways.named(gateway), body=body)


@pytest.fixture
async def street(market: Market, keys: Keys) -> Street:
    await install(market.town.db)
    return Street(market, keys)


async def test_each_method_goes_to_its_gateway_and_both_pay_orders(street: Street) -> None:
    by_card, by_transfer = await street.market.order(), await street.market.order(channel="mobile")
    assert await street.receive("newebpay", await street.by_card(by_card)) == "settles"
    assert await street.receive("ecpay", await street.by_transfer(by_transfer)) == "settles"
    assert await street.market.state(by_card) == "paid"
    assert await street.market.state(by_transfer) == "paid"
    assert (await street.market.money()).balanced


async def test_a_gateway_s_word_counts_at_its_own_address_alone(street: Street) -> None:
    person_id = await street.market.order()
    told = await street.by_card(person_id)
    with pytest.raises((ForgedMessage, UnknownTrade)):
        await street.receive("ecpay", told)
    assert await street.market.state(person_id) == "awaiting_payment"


async def test_both_days_agree_also_where_the_word_of_money_was_lost(street: Street) -> None:
    market = street.market
    for lost in (False, True):
        by_card, by_transfer = await market.order(), await market.order(channel="mobile")
        told_by_card = await street.by_card(by_card)
        told_by_transfer = await street.by_transfer(by_transfer)
        if not lost:
            await street.receive("newebpay", told_by_card)
            await street.receive("ecpay", told_by_transfer)
    assert await market.state(by_card) == "awaiting_payment"
    assert await market.state(by_transfer) == "awaiting_payment"

    town = market.town
    day = day_in_taipei(await town.clock.now())
    await town.clock.set(at(day + timedelta(days=1), 10))
    for gateway in street.gateways:
        found = await reconcile(town.db, town.clock, gateway, day=day)
        assert found.sound
        assert (found.day.file_rows, found.day.file_total, found.day.ledger_total) == (2, 44, 44)
    assert await market.state(by_card) == "paid"
    assert await market.state(by_transfer) == "paid"
    assert (await market.money()).balanced
