"""Orders are paid through the sandboxed NewebPay as through any gateway of payment's port."""

from dataclasses import replace
from uuid import UUID

import pytest

from draw.town import SECRET, Town
from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Vault
from emask.partners.newebpay import NewebPayGateway
from emask.payment import service
from emask.payment.ports import ForgedMessage
from emask.rounds.catalogue import built_in_round
from emask.rules.words import Method
from emask.sandbox.gateway import SandboxGateway
from partners.newebpay import MERCHANT, NOW
from payment.market import Market
from sandbox.newebpay_shop import Shop

GATEWAY = NewebPayGateway(MERCHANT, page="/pay/newebpay/", now=lambda: NOW)


@pytest.fixture
async def market(db: Database, clock: SetClock, vault: Vault) -> Market:
    town = Town(db=db, clock=clock, vault=vault, round=replace(built_in_round("2020-1"), quota=20))
    await town.build()
    return Market(town=town, gateway=SandboxGateway(db, secret=SECRET))


@pytest.fixture
async def shop(market: Market) -> Shop:
    return await Shop.stand(market.town.db, market.town.clock)


async def started(market: Market, person_id: UUID, method: Method) -> str:
    """The number of a trade that was just started."""
    town = market.town
    instruction = await service.start_payment(
        town.db, town.clock, GATEWAY, person_id=person_id, round=town.round, method=method
    )
    assert instruction.redirect_url is not None
    return instruction.redirect_url.rpartition("/")[2]


async def received(market: Market, fields: dict[str, str]) -> str:
    return await service.receive(market.town.db, market.town.clock, GATEWAY, fields=fields)


@pytest.mark.parametrize("method", [Method.CREDIT_CARD, Method.WEB_ATM])
async def test_what_was_paid_on_the_page_settles_once(
    market: Market, shop: Shop, method: Method
) -> None:
    person_id = await market.order()
    page = await shop.pay(method, trade_no=await started(market, person_id, method))
    assert await received(market, shop.raw[0]) == "settles"
    assert await received(market, shop.raw[0]) == service.DUPLICATE
    assert await received(market, page.fields) == service.DUPLICATE
    assert await market.state(person_id) == "paid"
    assert (await market.money()).balanced


async def test_an_account_comes_by_the_browser_and_its_money_by_the_server(
    market: Market, shop: Shop
) -> None:
    person_id = await market.order(channel="mobile")
    trade_no = await started(market, person_id, Method.ATM)
    brought = await shop.bring_account(trade_no=trade_no)
    assert await received(market, brought) == "account_issued"
    assert await market.state(person_id) == "awaiting_payment"
    async with market.town.db.transaction() as tx:
        told = await service.latest_instruction(
            tx, person_id=person_id, round_id=market.town.round.id
        )
    assert told is not None
    await shop.transfer(told.account)
    assert await received(market, shop.raw[0]) == "settles"
    assert await market.state(person_id) == "paid"


async def test_what_is_not_signed_changes_nothing(market: Market, shop: Shop) -> None:
    person_id = await market.order()
    method = Method.CREDIT_CARD
    page = await shop.pay(method, trade_no=await started(market, person_id, method))
    with pytest.raises(ForgedMessage):
        await received(market, page.fields | {"TradeSha": "0" * 64})
    assert await market.state(person_id) == "awaiting_payment"
