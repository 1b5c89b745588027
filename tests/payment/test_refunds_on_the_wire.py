"""Cards are given back through ECPay and NewebPay: whole and in parts, early, late and stalled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from draw.town import Town
from emask.payment import receiving, refunds, service
from emask.payment.checkout import checkout
from emask.payment.ports import Gateways
from emask.rules.calendar import at
from emask.rules.price import Method
from payment.giving_back import let_pay
from payment.market import Market
from payment.wires import AtEcpay, AtNewebPay, Desk

SAME_EVENING = at(date(2020, 3, 19), 19)
WHILE_ECPAY_CLOSES = at(date(2020, 3, 19), 20, 20)
AFTER_ECPAY_CLOSED = at(date(2020, 3, 19), 20, 30)
WHILE_NEWEBPAY_CLOSES = at(date(2020, 3, 20), 3)
DAY_AFTER = at(date(2020, 3, 20), 9)


@dataclass(frozen=True, slots=True)
class Affair:
    """Money paid by card for orders that had lapsed."""

    market: Market
    desk: Desk
    trade_no: str

    @property
    def town(self) -> Town:
        return self.market.town

    async def give_back(self, *, at: datetime) -> int:
        await self.town.clock.set(at)
        gateways = Gateways([self.desk.gateway], dict.fromkeys(Method, self.desk.gateway.name))
        return await refunds.give_back_cards(self.town.db, self.town.clock, gateways)

    async def steps(self) -> list[tuple[str, str]]:
        rows = await self.town.rows(
            "SELECT action, outcome FROM refund_step ORDER BY at, person_id, step"
        )
        return [(action, outcome) for action, outcome in rows]

    async def states(self) -> set[str]:
        return {row[0] for row in await self.town.rows("SELECT state FROM refund")}

    async def back(self) -> int:
        return await self.desk.back(self.trade_no)


@pytest.fixture
async def ecpay(town: Town) -> AtEcpay:
    return await AtEcpay.stand(town)


@pytest.fixture
async def newebpay(town: Town) -> AtNewebPay:
    return await AtNewebPay.stand(town)


async def affair(market: Market, desk: Desk, people: int) -> Affair:
    town = market.town
    payer, *others = [await market.order() for _ in range(people)]
    gateways = Gateways([desk.gateway], dict.fromkeys(Method, desk.gateway.name))
    trade_no = await started(market, gateways, payer, others)
    form = await checkout(
        *(town.db, town.clock, gateways),
        trade_no=trade_no,
        payer=payer,
        origin="https://emask.test",
        language="zh",
    )
    body = await desk.pay(form)
    await market.lapse()
    assert await receiving.receive(town.db, town.clock, desk.gateway, body=body) == "late"
    return Affair(market, desk, trade_no)


async def started(market: Market, gateways: Gateways, payer: UUID, others: Sequence[UUID]) -> str:
    town = market.town
    await let_pay(market, payer, others)
    if others:
        begun = await service.start_joint_payment(
            *(town.db, town.clock, gateways), payer=payer, others=others, round=town.round
        )
    else:
        begun = await service.start_payment(
            *(town.db, town.clock, gateways),
            person_id=payer,
            round=town.round,
            method=Method.CREDIT_CARD,
        )
    assert begun.trade_no is not None
    return begun.trade_no


def carried_out(*actions: str) -> list[tuple[str, str]]:
    return [(action, outcome) for action in actions for outcome in ("begun", "done")]


async def test_the_whole_at_ecpay_before_it_closes(market: Market, ecpay: AtEcpay) -> None:
    case = await affair(market, ecpay, 1)
    assert await case.give_back(at=SAME_EVENING) == 1
    assert await case.steps() == carried_out("abandon")
    assert (await case.back(), await case.states()) == (22, {"done"})


async def test_the_whole_at_ecpay_after_it_closed(market: Market, ecpay: AtEcpay) -> None:
    case = await affair(market, ecpay, 1)
    assert await case.give_back(at=WHILE_ECPAY_CLOSES) == 0
    assert await case.steps() == []
    assert await case.give_back(at=WHILE_ECPAY_CLOSES + timedelta(hours=1)) == 1
    assert await case.steps() == carried_out("refund")
    assert await case.back() == 22


async def test_parts_at_ecpay_before_it_closes(market: Market, ecpay: AtEcpay) -> None:
    case = await affair(market, ecpay, 3)
    assert await case.give_back(at=SAME_EVENING) == 3
    assert await case.steps() == carried_out("close", "refund", "refund", "refund")
    assert (await case.back(), await case.states()) == (66, {"done"})
    assert (await market.money()).balanced


async def test_parts_at_ecpay_after_it_closed(market: Market, ecpay: AtEcpay) -> None:
    case = await affair(market, ecpay, 2)
    assert await case.give_back(at=AFTER_ECPAY_CLOSED) == 2
    assert await case.steps() == carried_out("refund", "refund")
    assert await case.back() == 44


@pytest.mark.parametrize("people", [1, 2])
async def test_ecpay_is_asked_again_by_nobody_but_an_operator(
    market: Market, ecpay: AtEcpay, people: int
) -> None:
    case = await affair(market, ecpay, people)
    ecpay.line.paths = ecpay.steps
    assert await case.give_back(at=DAY_AFTER) == 0
    assert "unclear" in await case.states()
    assert await case.back() == 22  # it was carried out, and nobody heard of it
    ecpay.line.paths = ()
    asked = ecpay.line.calls.count("/ecpay/CreditDetail/DoAction")
    assert await case.give_back(at=DAY_AFTER + timedelta(days=2)) == 0
    assert ecpay.line.calls.count("/ecpay/CreditDetail/DoAction") == asked == 1
    (unclear,) = await case.town.rows(
        "SELECT person_id, event_id FROM refund WHERE state = 'unclear'"
    )
    await refunds.note_given_back(
        *(case.town.db, case.town.clock),
        person_id=unclear[0],
        event_id=unclear[1],
        operator="wang",
        reason="it stands in the back office",
    )
    assert await case.give_back(at=DAY_AFTER + timedelta(days=2)) == people - 1
    assert (await case.back(), await case.states()) == (22 * people, {"done"})


async def test_the_whole_at_newebpay_before_it_closes(market: Market, newebpay: AtNewebPay) -> None:
    case = await affair(market, newebpay, 1)
    assert await case.give_back(at=SAME_EVENING) == 1
    assert await case.steps() == carried_out("abandon")
    assert await case.back() == 22


async def test_the_whole_at_newebpay_after_it_closed(market: Market, newebpay: AtNewebPay) -> None:
    case = await affair(market, newebpay, 1)
    assert await case.give_back(at=WHILE_NEWEBPAY_CLOSES) == 0
    assert await case.steps() == []
    assert await case.give_back(at=DAY_AFTER) == 1
    assert await case.steps() == carried_out("refund")
    assert await case.back() == 22


async def test_parts_at_newebpay_wait_for_its_bank(market: Market, newebpay: AtNewebPay) -> None:
    case = await affair(market, newebpay, 3)
    assert await case.give_back(at=SAME_EVENING) == 0
    assert await case.steps() == carried_out("close")
    assert await case.give_back(at=WHILE_NEWEBPAY_CLOSES) == 0
    assert await case.give_back(at=DAY_AFTER) == 3
    assert await case.steps() == carried_out("close", "refund", "refund", "refund")
    assert (await case.back(), await case.states()) == (66, {"done"})
    assert (await market.money()).balanced


@pytest.mark.parametrize("people", [1, 2])
@pytest.mark.parametrize("when", [SAME_EVENING, DAY_AFTER])
async def test_newebpay_tells_what_became_of_a_stalled_step(
    market: Market, newebpay: AtNewebPay, people: int, when: datetime
) -> None:
    case = await affair(market, newebpay, people)
    newebpay.line.paths = newebpay.steps
    assert await case.give_back(at=when) == 0
    assert (await case.steps())[-1][1] == "unclear"
    newebpay.line.paths = ()
    ended = await case.give_back(at=when + timedelta(minutes=15))
    ended += await case.give_back(at=DAY_AFTER + timedelta(days=1))
    assert (ended, await case.back(), await case.states()) == (people, 22 * people, {"done"})
    assert (await market.money()).balanced


@pytest.mark.parametrize("people", [1, 2])
async def test_a_gateway_that_answers_nothing_has_had_nothing_begun(
    market: Market, newebpay: AtNewebPay, people: int
) -> None:
    case = await affair(market, newebpay, people)
    newebpay.line.paths = ("/API/QueryTradeInfo",)
    assert await case.give_back(at=DAY_AFTER) == 0
    assert await case.steps() == []
    newebpay.line.paths = ()
    assert await case.give_back(at=DAY_AFTER + timedelta(hours=1)) == people
