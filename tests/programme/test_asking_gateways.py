"""The step before the release asks what nobody has told; the lapse says what stayed unanswered."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from emask.payment.checkout import checkout
from emask.payment.ports import Gateways
from emask.payment.service import money_of, order_of, start_payment
from emask.programme.money import look_after_money
from emask.programme.service import advance_to
from emask.programme.steps import STEPS
from emask.programme.system import System
from emask.rules.price import Method
from payment.till import Till
from programme.play import Play


@pytest.fixture
def till() -> Till:
    return Till()


@pytest.fixture
def system(play: Play, till: Till) -> System:
    gateways = Gateways([till], dict.fromkeys(Method, till.name))
    return replace(play.system, partners=replace(play.system.partners, gateways=gateways))


async def transferred(play: Play, system: System, till: Till, number: int) -> str:
    """Somebody transfers in time, and nobody tells of it; the number of the trade."""
    person_id, gateways = play.person_id(number), system.partners.gateways
    started = await start_payment(
        system.db,
        system.clock,
        gateways,
        person_id=person_id,
        round=play.round,
        method=Method.ATM,
    )
    form = await checkout(
        system.db,
        system.clock,
        gateways,
        trade_no=started.trade_no or "",
        payer=person_id,
        origin="https://emask.test",
        language="zh",
    )
    trade_no = till.open(form)
    till.pay(trade_no, at=await system.clock.now())
    return trade_no


async def state(play: Play, number: int) -> str:
    async with play.system.db.transaction() as tx:
        order = await order_of(tx, person_id=play.person_id(number), round_id=play.round.id)
    assert order is not None
    return order.state


async def figures(play: Play, step: str) -> Any:
    async with play.system.db.connection() as connection:
        cursor = await connection.execute("SELECT figures FROM round_step WHERE step = %s", (step,))
        row = await cursor.fetchone()
    return row and row[0]


async def test_money_that_was_never_told_pays_before_anything_lapses(
    play: Play, system: System, till: Till
) -> None:
    await play.register(9)
    await play.until(play.round.pay_from)
    first, second, *others = await play.selected()
    for number in (first, second):
        await transferred(play, system, till, number)
    await advance_to(system, play.round.release_at)
    assert [await state(play, number) for number in (first, second)] == ["paid", "paid"]
    assert await state(play, others[0]) == "lapsed"
    assert await figures(play, "ask_gateways") == {"asked": 2, "told": 2}
    assert await figures(play, "lapse") == {"lapsed": 6, "unanswered": 0}


async def test_without_asking_it_would_lapse(play: Play, system: System, till: Till) -> None:
    """The negative control: a gateway that never answers."""
    await play.register(9)
    await play.until(play.round.pay_from)
    (number, *_) = await play.selected()
    till.silent_about.add(await transferred(play, system, till, number))
    await advance_to(system, play.round.release_at)
    assert await state(play, number) == "lapsed"
    assert await figures(play, "lapse") == {"lapsed": 8, "unanswered": 1}


async def test_money_of_who_lapsed_unanswered_is_found_and_goes_back(
    play: Play, system: System, till: Till
) -> None:
    await play.register(9)
    await play.until(play.round.pay_from)
    (number, *_) = await play.selected()
    till.silent_about.add(await transferred(play, system, till, number))
    await advance_to(system, play.round.release_at)
    till.silent_about.clear()
    await play.clock.set(play.round.release_at + timedelta(minutes=5))
    assert (await look_after_money(system)).told == 1
    assert await state(play, number) == "lapsed"
    async with system.db.transaction() as tx:
        money = await money_of(tx, play.round.id)
    assert (money.received, money.refunds_due, money.balanced) == (22, 22, True)


async def test_a_late_worker_asks_nobody_before_the_lapse(
    play: Play, system: System, till: Till
) -> None:
    """What it would hear is late already; it is asked for afterwards."""
    await play.register(9)
    await play.until(play.round.pay_until)
    ask = next(step for step in STEPS if step.name == "ask_gateways")
    await play.clock.set(play.round.release_at)
    await ask.run(system, play.round, play.round.release_at)
    assert till.asked == []
    assert await figures(play, "ask_gateways") == {}
