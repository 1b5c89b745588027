"""Workers that give cards back at the same time, and one that is too slow."""

import asyncio

import pytest

from payment.card_till import CardTill
from payment.giving_back import HOUR, give_back, later, lease, states, till_of, wrong_amount
from payment.market import Market


@pytest.fixture
def telling(market: Market) -> Market:
    """A gateway that tells how a card payment stands."""
    return Market(town=market.town, till=CardTill())


async def test_two_workers_never_have_the_same_refund(telling: Market) -> None:
    for _ in range(4):
        await wrong_amount(telling)
    till = till_of(telling)
    counts = await asyncio.gather(*(give_back(telling) for _ in range(4)))
    assert sum(counts) == 4
    assert all(money.calls == ["abandon"] for money in till.money.values())


async def test_without_its_lease_a_refund_would_be_given_back_by_two(
    telling: Market,
) -> None:
    """The negative control: two workers both hold it, and only the noted steps keep them apart."""
    await wrong_amount(telling)
    first = await lease(telling)
    await telling.town.rows("UPDATE refund SET next_at = due_at")  # the guard taken away
    second = await lease(telling)
    assert first.event_id == second.event_id


async def test_a_worker_that_was_overtaken_writes_nothing(telling: Market) -> None:
    _, trade_no = await wrong_amount(telling)
    till = till_of(telling)
    till.close(trade_no)
    till.hold = asyncio.Event()
    slow = asyncio.create_task(give_back(telling))
    await till.reached.wait()
    hold, till.hold = till.hold, None
    await later(telling, HOUR)  # its lease is over while its call still waits
    assert await give_back(telling) == 1
    hold.set()
    assert await slow == 0
    assert await states(telling) == ["done"]
    assert till.money[trade_no].back == 21


async def test_nothing_is_held_while_a_gateway_is_asked(telling: Market) -> None:
    await wrong_amount(telling)
    till = till_of(telling)
    till.hold = asyncio.Event()
    worker = asyncio.create_task(give_back(telling))
    await till.reached.wait()
    open_ones = await telling.town.value(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND state LIKE 'idle in transaction%%' AND pid <> pg_backend_pid()"
    )
    assert open_ones == 0
    till.hold.set()
    assert await worker == 1
