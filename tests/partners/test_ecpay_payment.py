"""Payment through ECPay from end to end: our orders, its pages, its pushes, our ledger."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import httpx2
import pytest

from draw.town import SECRET, Town
from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Vault
from emask.partners.ecpay import (
    BAD_MAC,
    TAKEN,
    EcpayGateway,
    PushKind,
    message_of,
    query_trade,
)
from emask.partners.ecpay.wire import read_form
from emask.payment import service
from emask.payment.ports import ForgedMessage
from emask.rounds.catalogue import built_in_round
from emask.rules.words import Method
from emask.sandbox.gateway import SandboxGateway
from payment.market import Market
from sandbox.ecpay_shop import MERCHANT, Shop

GATEWAY = EcpayGateway(MERCHANT, page="/pay/ecpay/")


@dataclass
class Till(Shop):
    """A shop whose address of pushes is payment itself."""

    async def hear(self, request: httpx2.Request) -> httpx2.Response:
        self.bodies.append((request.url.path, request.content))
        try:
            await service.receive(self.db, self.clock, GATEWAY, fields=read_form(request.content))
        except ForgedMessage:
            return httpx2.Response(200, text=BAD_MAC)
        return httpx2.Response(200, text=TAKEN)


@dataclass
class Buyer:
    """One person with an order, and where it is paid."""

    market: Market
    till: Till
    person_id: UUID

    async def start(self, method: Method) -> str:
        """Go to ECPay; the number of the trade."""
        town = self.market.town
        instruction = await service.start_payment(
            town.db,
            town.clock,
            GATEWAY,
            person_id=self.person_id,
            round=town.round,
            method=method,
        )
        trade_no = (instruction.redirect_url or "").rpartition("/")[2]
        await self.till.check_out(trade_no, method, until=instruction.expires_at)
        return trade_no

    async def outcome(self) -> tuple[str, Sequence[str]]:
        """The order's state, and what came of each message."""
        state = await self.market.state(self.person_id)
        return state, await self.market.outcomes(self.person_id)


@pytest.fixture
async def buyer(db: Database, clock: SetClock, vault: Vault) -> Buyer:
    town = Town(db=db, clock=clock, vault=vault, round=replace(built_in_round("2020-1"), quota=20))
    await town.build()
    await clock.set(town.round.pay_from)
    await Till.stand(db, clock)
    market = Market(town=town, gateway=SandboxGateway(db, secret=SECRET))
    return Buyer(market, Till(db, clock), await market.order())


@pytest.mark.parametrize("method", [Method.CREDIT_CARD, Method.WEB_ATM])
async def test_a_payment_on_a_page(buyer: Buyer, method: Method) -> None:
    await buyer.till.pay(await buyer.start(method))
    assert await buyer.outcome() == ("paid", ["settles"])


async def test_a_transfer_is_paid_when_the_money_comes(buyer: Buyer) -> None:
    trade_no = await buyer.start(Method.ATM)
    assert await buyer.outcome() == ("awaiting_payment", ["account_issued"])
    told = await buyer.market.start(buyer.person_id, Method.ATM)
    assert (told.bank_code, len(told.account or "")) == ("004", 16)
    await buyer.till.transfer(told.account or "")
    assert await buyer.outcome() == ("paid", ["account_issued", "settles"])
    assert buyer.till.told[-1].trade_no == trade_no


@pytest.mark.parametrize(
    ("fault", "state", "outcomes"),
    [
        ("duplicate", "paid", ["settles"]),
        ("wrong_mac", "awaiting_payment", []),
        ("simulated", "awaiting_payment", ["simulated"]),
    ],
)
async def test_misbehaviour(buyer: Buyer, fault: str, state: str, outcomes: Sequence[str]) -> None:
    await buyer.till.mischief.begin("ecpay", fault)
    await buyer.till.pay(await buyer.start(Method.CREDIT_CARD))
    assert await buyer.outcome() == (state, outcomes)


async def test_what_a_push_lost_a_query_finds_and_both_count_once(buyer: Buyer) -> None:
    await buyer.till.mischief.begin("ecpay", "reorder")  # the push is held back
    trade_no = await buyer.start(Method.CREDIT_CARD)
    await buyer.till.pay(trade_no)
    assert await buyer.outcome() == ("awaiting_payment", [])

    now = await buyer.till.clock.now()
    info = await query_trade(buyer.till.client, MERCHANT, trade_no, at=now)
    assert info.payment is not None
    await buyer.till.pushes.tell_due(now)
    [push] = buyer.till.told
    assert push.kind is PushKind.PAID
    assert message_of(info.payment) == message_of(push)
    assert await buyer.outcome() == ("paid", ["settles"])


async def test_money_after_the_end_goes_back(buyer: Buyer) -> None:
    await buyer.start(Method.ATM)
    await buyer.till.mischief.begin("ecpay", "paid_after_expiry")
    late: datetime = buyer.market.town.round.pay_until + timedelta(days=3)
    await buyer.till.clock.set(late)
    await buyer.till.transfer(buyer.till.told[0].account or "")
    assert (await buyer.outcome())[1] == ["account_issued", "late"]
    async with buyer.till.db.transaction() as tx:
        assert [refund.amount for refund in await service.refunds_due(tx)] == [22]
