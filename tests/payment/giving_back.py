"""Money paid by card that has to go back, and the worker that sees to it."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from emask.payment import refund_queries, refunds, service
from emask.payment.allowances import allow, use_allowance
from emask.payment.refund_model import CardJob, CardWork
from payment.card_till import CardTill
from payment.market import Market

HOUR = timedelta(hours=1)


def till_of(market: Market) -> CardTill:
    assert isinstance(market.till, CardTill)
    return market.till


async def give_back(market: Market) -> int:
    return await refunds.give_back_cards(market.town.db, market.town.clock, market.gateways)


async def later(market: Market, delay: timedelta) -> None:
    await market.town.clock.set(await market.town.clock.now() + delay)


async def steps(market: Market) -> list[tuple[str, str]]:
    rows = await market.town.rows(
        "SELECT action, outcome FROM refund_step ORDER BY at, person_id, step"
    )
    return [(action, outcome) for action, outcome in rows]


async def states(market: Market) -> list[str]:
    return [row[0] for row in await market.town.rows("SELECT state FROM refund ORDER BY due_at")]


async def work(market: Market) -> list[CardWork]:
    async with market.town.db.transaction() as tx:
        return await refunds.card_work(tx)


async def wrong_amount(market: Market, amount: int = 21) -> tuple[UUID, str]:
    """Somebody who has paid by card what pays nothing."""
    person_id = await market.order()
    trade_no = await market.trade(person_id)
    now = await market.town.clock.now()
    assert await market.receive(market.till.pay(trade_no, at=now, amount=amount)) == "wrong_amount"
    return person_id, trade_no


async def family(market: Market, size: int = 3) -> tuple[list[UUID], str]:
    """People whose orders were paid jointly once they had lapsed, and the number of the trade."""
    town = market.town
    people = sorted([await market.order() for _ in range(size)])
    payer = people[0]
    await let_pay(market, payer, people[1:])
    started = await service.start_joint_payment(
        town.db, town.clock, market.gateways, payer=payer, others=people[1:], round=town.round
    )
    assert started.trade_no is not None
    trade_no = market.till.open(await market.form(started.trade_no, payer))
    await market.lapse()
    await market.receive(market.till.pay(trade_no, at=await town.clock.now()))
    return people, trade_no


async def lease(market: Market) -> CardJob:
    now = await market.town.clock.now()
    async with market.town.db.transaction() as tx:
        job = await refund_queries.lease_card(tx, ["till"], at=now, lease=now + HOUR)
    assert job is not None
    return job


async def let_pay(market: Market, payer: UUID, owners: Sequence[UUID]) -> None:
    """Their owners let a relative pay these orders."""
    town, round_id = market.town, market.town.round.id
    for owner in owners:
        code = await allow(town.db, town.clock, town.vault, person_id=owner, round_id=round_id)
        await use_allowance(
            *(town.db, town.clock, town.vault),
            payer=payer,
            owner=owner,
            round_id=round_id,
            code=code,
        )
