"""Payment through ECPay from end to end: our orders, its pages, its pushes, our ledger."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import httpx2
import pytest

from draw.town import Town
from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Vault
from emask.partners.ecpay import EcpayGateway
from emask.payment import receiving, service
from emask.payment.checkout import checkout
from emask.payment.ports import ForgedMessage, Gateways, Question
from emask.rounds.catalogue import built_in_round
from emask.rules.words import Method
from payment.market import Market
from sandbox.ecpay_shop import MERCHANT, Shop


@dataclass
class Ours(Shop):
    """A shop whose address of pushes is payment itself."""

    @property
    def gateway(self) -> EcpayGateway:
        return EcpayGateway(MERCHANT, self.client)

    @property
    def gateways(self) -> Gateways:
        return Gateways([self.gateway], dict.fromkeys(Method, "ecpay"))

    async def hear(self, request: httpx2.Request) -> httpx2.Response:
        self.bodies.append((request.url.path, request.content))
        gateway = self.gateway
        try:
            await receiving.receive(self.db, self.clock, gateway, body=request.content)
        except ForgedMessage:
            reply = gateway.not_genuine
        else:
            reply = gateway.taken
        return httpx2.Response(reply.status, text=reply.content)


@dataclass
class Buyer:
    """One person with an order, and where it is paid."""

    market: Market
    ours: Ours
    person_id: UUID

    async def start(self, method: Method) -> str:
        """Go to ECPay; the number of the trade."""
        town, gateways = self.market.town, self.ours.gateways
        started = await service.start_payment(
            town.db,
            town.clock,
            gateways,
            person_id=self.person_id,
            round=town.round,
            method=method,
        )
        assert started.trade_no is not None
        form = await checkout(
            town.db,
            town.clock,
            gateways,
            trade_no=started.trade_no,
            payer=self.person_id,
            origin="http://shop.test",
            language="en",
        )
        page = await self.ours.client.post(form.action, data=dict(form.fields))
        assert "NT$ 22" in page.text
        return started.trade_no

    async def outcome(self) -> tuple[str, Sequence[str]]:
        """The order's state, and what came of each message."""
        state = await self.market.state(self.person_id)
        return state, await self.market.outcomes(self.person_id)


@pytest.fixture
async def buyer(db: Database, clock: SetClock, vault: Vault) -> Buyer:
    town = Town(db=db, clock=clock, vault=vault, round=replace(built_in_round("2020-1"), quota=20))
    await town.build()
    await clock.set(town.round.pay_from)
    await Ours.stand(db, clock)
    market = Market(town=town)
    return Buyer(market, Ours(db, clock), await market.order())


@pytest.mark.parametrize("method", [Method.CREDIT_CARD, Method.WEB_ATM])
async def test_a_payment_on_a_page(buyer: Buyer, method: Method) -> None:
    await buyer.ours.pay(await buyer.start(method))
    assert await buyer.outcome() == ("paid", ["settles"])
    assert [path for path, _ in buyer.ours.bodies] == ["/api/payments/ecpay"]


async def test_a_transfer_is_paid_when_the_money_comes(buyer: Buyer) -> None:
    trade_no = await buyer.start(Method.ATM)
    assert await buyer.outcome() == ("awaiting_payment", ["account_issued"])
    issued = await buyer.market.account(buyer.person_id)
    assert issued is not None
    assert (issued.bank_code, len(issued.account)) == ("004", 16)
    await buyer.ours.transfer(issued.account)
    assert await buyer.outcome() == ("paid", ["account_issued", "settles"])
    assert buyer.ours.told[-1].trade_no == trade_no


@pytest.mark.parametrize(
    ("fault", "state", "outcomes"),
    [
        ("duplicate", "paid", ["settles"]),
        ("wrong_mac", "awaiting_payment", []),
        ("simulated", "awaiting_payment", ["simulated"]),
    ],
)
async def test_misbehaviour(buyer: Buyer, fault: str, state: str, outcomes: Sequence[str]) -> None:
    await buyer.ours.mischief.begin("ecpay", fault)
    await buyer.ours.pay(await buyer.start(Method.CREDIT_CARD))
    assert await buyer.outcome() == (state, outcomes)


async def asked(buyer: Buyer, trade_no: str, method: Method) -> Sequence[str]:
    """What came of what ECPay answers about a trade."""
    ours, now = buyer.ours, await buyer.ours.clock.now()
    question = Question(trade_no=trade_no, amount=22, method=method, opened_at=now)
    standing = await ours.gateway.ask(question, at=now)
    return [
        await receiving.take_in(ours.db, ours.clock, gateway="ecpay", message=message)
        for message in standing.messages
    ]


async def test_what_a_push_lost_a_query_finds_and_both_count_once(buyer: Buyer) -> None:
    await buyer.ours.mischief.begin("ecpay", "reorder")  # the push is held back
    trade_no = await buyer.start(Method.CREDIT_CARD)
    await buyer.ours.pay(trade_no)
    assert await buyer.outcome() == ("awaiting_payment", [])
    assert await asked(buyer, trade_no, Method.CREDIT_CARD) == ["settles"]
    await buyer.ours.pushes.tell_due(await buyer.ours.clock.now())
    assert len(buyer.ours.told) == 1
    assert await buyer.outcome() == ("paid", ["settles"])


async def test_a_query_finds_an_account_whose_push_was_lost(buyer: Buyer) -> None:
    await buyer.ours.mischief.begin("ecpay", "wrong_mac")
    trade_no = await buyer.start(Method.ATM)
    assert await buyer.outcome() == ("awaiting_payment", [])
    await buyer.ours.mischief.end("ecpay")
    assert await asked(buyer, trade_no, Method.ATM) == ["account_issued"]
    assert await asked(buyer, trade_no, Method.ATM) == [receiving.DUPLICATE]
    issued = await buyer.market.account(buyer.person_id)
    assert issued is not None
    await buyer.ours.transfer(issued.account)
    assert await buyer.outcome() == ("paid", ["account_issued", "settles"])


async def test_money_after_the_end_goes_back(buyer: Buyer) -> None:
    await buyer.start(Method.ATM)
    await buyer.ours.mischief.begin("ecpay", "paid_after_expiry")
    late: datetime = buyer.market.town.round.pay_until + timedelta(days=3)
    await buyer.ours.clock.set(late)
    await buyer.ours.transfer(buyer.ours.told[0].account or "")
    assert (await buyer.outcome())[1] == ["account_issued", "late"]
    assert await buyer.market.refunds() == [(buyer.person_id, 22, "late")]
