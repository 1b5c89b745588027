"""Orders are paid through the sandboxed NewebPay as through any gateway of payment's port."""

from dataclasses import replace
from urllib.parse import urlencode
from uuid import UUID

import pytest

from draw.town import Town
from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Vault
from emask.partners.newebpay import NewebPayGateway
from emask.payment import receiving, service
from emask.payment.ports import ForgedMessage, Gateways
from emask.rounds.catalogue import built_in_round
from emask.rules.words import Method
from emask.sandbox.wire import caller
from partners.newebpay import MERCHANT, NOW
from payment.market import Market
from sandbox.newebpay_shop import Shop


@pytest.fixture
async def market(db: Database, clock: SetClock, vault: Vault) -> Market:
    town = Town(db=db, clock=clock, vault=vault, round=replace(built_in_round("2020-1"), quota=20))
    await town.build()
    return Market(town=town)


@pytest.fixture
async def shop(market: Market) -> Shop:
    return await Shop.stand(market.town.db, market.town.clock)


@pytest.fixture
def gateway(shop: Shop) -> NewebPayGateway:
    return NewebPayGateway(MERCHANT, caller(shop.wire))


async def started(market: Market, gateway: NewebPayGateway, person_id: UUID, method: Method) -> str:
    """The number of a trade that was just started."""
    town = market.town
    begun = await service.start_payment(
        town.db,
        town.clock,
        Gateways([gateway], dict.fromkeys(Method, gateway.name)),
        person_id=person_id,
        round=town.round,
        method=method,
    )
    assert begun.trade_no is not None
    return begun.trade_no


async def received(market: Market, gateway: NewebPayGateway, fields: dict[str, str]) -> str:
    body = urlencode(fields).encode()
    return await receiving.receive(market.town.db, market.town.clock, gateway, body=body)


@pytest.mark.parametrize("method", [Method.CREDIT_CARD, Method.WEB_ATM])
async def test_what_was_paid_on_the_page_settles_once(
    market: Market, shop: Shop, gateway: NewebPayGateway, method: Method
) -> None:
    person_id = await market.order()
    trade_no = await started(market, gateway, person_id, method)
    page = await shop.pay(method, trade_no=trade_no)
    assert await received(market, gateway, shop.raw[0]) == "settles"
    assert await received(market, gateway, shop.raw[0]) == receiving.DUPLICATE
    assert await received(market, gateway, page.fields) == receiving.DUPLICATE
    assert await market.state(person_id) == "paid"
    assert (await market.money()).balanced


async def test_an_account_comes_by_the_browser_and_its_money_by_the_server(
    market: Market, shop: Shop, gateway: NewebPayGateway
) -> None:
    person_id = await market.order(channel="mobile")
    trade_no = await started(market, gateway, person_id, Method.ATM)
    brought = urlencode(await shop.bring_account(trade_no=trade_no)).encode()
    message = gateway.read_returned(brought, at=NOW)
    assert message is not None
    town = market.town
    took = await receiving.take_in(town.db, town.clock, gateway=gateway.name, message=message)
    assert took == "account_issued"
    assert await market.state(person_id) == "awaiting_payment"
    issued = await market.account(person_id)
    assert issued is not None
    await shop.transfer(issued.account)
    assert await received(market, gateway, shop.raw[0]) == "settles"
    assert await market.state(person_id) == "paid"


async def test_what_is_not_signed_changes_nothing(
    market: Market, shop: Shop, gateway: NewebPayGateway
) -> None:
    person_id = await market.order()
    trade_no = await started(market, gateway, person_id, Method.CREDIT_CARD)
    page = await shop.pay(Method.CREDIT_CARD, trade_no=trade_no)
    with pytest.raises(ForgedMessage):
        await received(market, gateway, page.fields | {"TradeSha": "0" * 64})
    assert await market.state(person_id) == "awaiting_payment"
